/* Fills and copies of many sizes, from 16 bytes to 64 KiB, some overlapping: n rounds. */
#include "kernel.h"

#define SIZE (1u << 18)
static u8 buffer[SIZE];

EXPORT u32 run(u32 n) {
  u32 seed = 11, sum = 0;
  for (u32 round = 0; round < n; round++) {
    u32 random = next_random(&seed);
    u32 size = 16u << (random % 13);
    size -= random >> 8 & 15;
    u32 to = next_random(&seed) % (SIZE - size), from = next_random(&seed) % (SIZE - size);
    if (random >> 16 & 1) __builtin_memset(buffer + to, (int)(round & 0xff), size);
    else __builtin_memmove(buffer + to, buffer + from, size);
    sum = sum * 31 + buffer[to + size / 2];
  }
  return sum;
}
