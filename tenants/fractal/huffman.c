#include "huffman.h"

/* Nodes 0 to SYMBOLS-1 are leaves; the others are made by joining two. */
#define NODES (2 * SYMBOLS)
static u32 weights[NODES];
static u16 parents[NODES];
static u16 roots[SYMBOLS];

/* Takes the lightest root out of the first `*count`. */
static u16 take_lightest(u32 *count) {
  u32 lightest = 0;
  for (u32 i = 1; i < *count; i++)
    if (weights[roots[i]] < weights[roots[lightest]]) lightest = i;
  u16 node = roots[lightest];
  roots[lightest] = roots[--*count];
  return node;
}

/* Joins the lightest pair until one root is left; answers that root. */
static u16 join(const u32 *counts) {
  u32 count = 0;
  u16 made = SYMBOLS;
  for (u16 s = 0; s < SYMBOLS; s++) {
    weights[s] = counts[s];
    if (counts[s]) roots[count++] = s;
  }
  while (count > 1) {
    u16 a = take_lightest(&count), b = take_lightest(&count);
    weights[made] = weights[a] + weights[b];
    parents[a] = parents[b] = made;
    roots[count++] = made++;
  }
  return made - 1;
}

/* Depth of each leaf; answers the greatest. */
static u32 measure(const u32 *counts, u8 *lengths, u16 root) {
  u32 greatest = 0;
  for (u16 s = 0; s < SYMBOLS; s++) {
    u32 depth = 0;
    if (counts[s])
      for (u16 node = s; node != root; node = parents[node]) depth++;
    lengths[s] = (u8)depth;
    if (depth > greatest) greatest = depth;
  }
  return greatest;
}

static u16 reversed(u32 code, u32 length) {
  u32 result = 0;
  for (u32 i = 0; i < length; i++) result |= (code >> i & 1) << (length - 1 - i);
  return (u16)result;
}

void huffman_build(u32 *counts, u8 *lengths, u16 *codes) {
  /* Too deep a tree is flattened by halving the differences between counts. */
  while (measure(counts, lengths, join(counts)) > CODE_LENGTH_MAX)
    for (u32 s = 0; s < SYMBOLS; s++)
      if (counts[s]) counts[s] = counts[s] / 2 + 1;
  u32 code = 0;
  for (u32 length = 1; length <= CODE_LENGTH_MAX; length++, code <<= 1)
    for (u32 s = 0; s < SYMBOLS; s++)
      if (lengths[s] == length) codes[s] = reversed(code++, length);
}
