/* Trees of depth n built with malloc, walked and freed: recursion, and an allocator that was compiled with the guest. */
#include <stdlib.h>
#include "kernel.h"

struct node {
  struct node *left, *right;
};

static struct node *build(u32 depth) {
  struct node *node = malloc(sizeof *node);
  node->left = depth ? build(depth - 1) : 0;
  node->right = depth ? build(depth - 1) : 0;
  return node;
}

static u32 count(const struct node *node) { return node ? 1 + count(node->left) + count(node->right) : 0; }

static void release(struct node *node) {
  if (!node) return;
  release(node->left);
  release(node->right);
  free(node);
}

EXPORT u32 run(u32 n) {
  u32 total = 0;
  struct node *kept = build(n);
  for (u32 depth = 4; depth <= n; depth += 2) {
    struct node *tree = build(depth);
    total += count(tree);
    release(tree);
  }
  total += count(kept);
  release(kept);
  return total;
}
