/* Open addressing: n insertions and twice as many look-ups among 2^16 slots. */
#include "kernel.h"

#define SLOTS (1u << 16)
static struct slot {
  u32 key, value;
} slots[SLOTS];

static u32 hash(u32 key) {
  key = (key ^ key >> 16) * 0x45d9f3bu;
  key = (key ^ key >> 16) * 0x45d9f3bu;
  return key ^ key >> 16;
}

static struct slot *find(u32 key) {
  u32 at = hash(key) & (SLOTS - 1);
  while (slots[at].key != 0 && slots[at].key != key) at = (at + 1) & (SLOTS - 1);
  return &slots[at];
}

EXPORT u32 run(u32 n) {
  u32 seed = 7, sum = 0, entries = 0;
  for (u32 i = 0; i < SLOTS; i++) slots[i].key = 0;
  for (u32 i = 0; i < n; i++) {
    u32 key = next_random(&seed) % (SLOTS / 2) + 1;
    struct slot *slot = find(key);
    if (slot->key == 0) slot->key = key, slot->value = 0, entries++;
    slot->value++;
    sum += find(i % SLOTS + 1)->value + find(key)->value;
  }
  return sum + entries;
}
