/* A register machine whose loop is one switch: n rounds of a program that computes Collatz lengths. */
#include "kernel.h"

enum { SET, ADD, AND, SHIFT, TRIPLE, JUMP_IF, JUMP, LESS, MOVE, INCREMENT, HALT };

struct op {
  u8 code, a, b;
  u8 target;
};

/* r0: number, r1: longest, r2: length, r3: scratch, r4: bound, r5: value */
static const struct op program[] = {
    {SET, 0, 1, 0},       /*  0 number = 1 */
    {MOVE, 5, 0, 0},      /*  1 value = number */
    {SET, 2, 0, 0},       /*  2 length = 0 */
    {LESS, 5, 6, 3},      /*  3 scratch = value < 2 */
    {JUMP_IF, 3, 0, 12},  /*  4 */
    {AND, 5, 7, 3},       /*  5 scratch = value & 1 */
    {JUMP_IF, 3, 0, 9},   /*  6 */
    {SHIFT, 5, 0, 0},     /*  7 value >>= 1 */
    {JUMP, 0, 0, 10},     /*  8 */
    {TRIPLE, 5, 0, 0},    /*  9 value = 3 value + 1 */
    {INCREMENT, 2, 0, 0}, /* 10 length++ */
    {JUMP, 0, 0, 3},      /* 11 */
    {ADD, 1, 2, 0},       /* 12 total += length */
    {INCREMENT, 0, 0, 0}, /* 13 number++ */
    {LESS, 0, 4, 3},      /* 14 scratch = number < bound */
    {JUMP_IF, 3, 0, 1},   /* 15 */
    {HALT, 0, 0, 0},      /* 16 */
};

static u32 registers[8];

EXPORT u32 run(u32 n) {
  u32 *r = registers;
  for (u32 i = 0; i < 8; i++) r[i] = 0;
  r[4] = n, r[6] = 2, r[7] = 1;
  for (const struct op *at = program;; at++) {
    switch (at->code) {
      case SET: r[at->a] = at->b; break;
      case ADD: r[at->a] += r[at->b]; break;
      case AND: r[at->target] = r[at->a] & r[at->b]; break;
      case SHIFT: r[at->a] >>= 1; break;
      case TRIPLE: r[at->a] = 3 * r[at->a] + 1; break;
      case JUMP_IF: if (r[at->a]) at = program + at->target - 1; break;
      case JUMP: at = program + at->target - 1; break;
      case LESS: r[at->target] = r[at->a] < r[at->b]; break;
      case MOVE: r[at->a] = r[at->b]; break;
      case INCREMENT: r[at->a]++; break;
      default: return r[1];
    }
  }
}
