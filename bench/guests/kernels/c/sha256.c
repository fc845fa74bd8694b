/* SHA-256 (FIPS 180-4) of n blocks of 64 bytes, each derived from the digest so far. */
#include "kernel.h"

static u32 constants[64];
static u32 state[8];

static u32 rotate(u32 x, u32 by) { return x >> by | x << (32 - by); }

/* The constants are the first 32 bits of the fractions of square and cube roots of primes; a double has bits enough for both. */
static u32 fraction(double root) { return (u32)((root - (u32)root) * 4294967296.0); }

static double cube_root(double x) {
  double root = 2;
  for (int step = 0; step < 40; step++) root = (2 * root + x / (root * root)) / 3;
  return root;
}

static void prepare(void) {
  u32 found = 0;
  for (u32 candidate = 2; found < 64; candidate++) {
    u32 divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor) divisor++;
    if (divisor * divisor <= candidate) continue;
    if (found < 8) state[found] = fraction(__builtin_sqrt(candidate));
    constants[found++] = fraction(cube_root(candidate));
  }
}

static void compress(const u32 *block) {
  u32 w[64];
  for (int i = 0; i < 16; i++) w[i] = block[i];
  for (int i = 16; i < 64; i++) {
    u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  u32 a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (int i = 0; i < 64; i++) {
    u32 s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    u32 t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] + w[i];
    u32 s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    u32 t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

EXPORT u32 run(u32 n) {
  prepare();
  u32 block[16];
  for (u32 round = 0; round < n; round++) {
    for (u32 i = 0; i < 16; i++) block[i] = state[i & 7] + i + round;
    compress(block);
  }
  return state[0];
}
