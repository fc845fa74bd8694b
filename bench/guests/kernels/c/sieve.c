/* Sieve of Eratosthenes up to 2^17, n times. */
#include "kernel.h"

#define LIMIT (1u << 17)
static u8 composite[LIMIT];

EXPORT u32 run(u32 n) {
  u32 primes = 0;
  for (u32 round = 0; round < n; round++) {
    for (u32 i = 0; i < LIMIT; i++) composite[i] = 0;
    for (u32 i = 2; i < LIMIT; i++) {
      if (composite[i]) continue;
      primes++;
      for (u32 j = i * 2; j < LIMIT; j += i) composite[j] = 1;
    }
  }
  return primes;
}
