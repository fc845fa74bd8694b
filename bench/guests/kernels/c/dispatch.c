/* Indirect calls: n values through chains of functions that a table holds. */
#include "kernel.h"

typedef u32 (*stage)(u32);

static u32 add(u32 x) { return x + 0x9e3779b9u; }
static u32 mix(u32 x) { return (x ^ x >> 15) * 0x2c1b3c6du; }
static u32 turn(u32 x) { return x << 7 | x >> 25; }
static u32 flip(u32 x) { return ~x; }
static u32 odd(u32 x) { return x & 1 ? x * 3 + 1 : x / 2; }
static u32 fold(u32 x) { return (x & 0xffff) ^ x >> 16 ^ x << 16; }

static stage stages[] = {add, mix, turn, flip, odd, fold, mix, add};

EXPORT u32 run(u32 n) {
  stage *volatile hidden = stages; /* The compiler may not see what is called. */
  stage *table = hidden;
  u32 value = 1, seed = 3;
  for (u32 i = 0; i < n; i++) {
    u32 order = next_random(&seed);
    for (int depth = 0; depth < 8; depth++, order >>= 3) value = table[order & 7](value);
  }
  return value;
}
