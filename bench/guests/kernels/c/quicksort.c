/* Recursive quicksort of n numbers, insertion sort below 12. */
#include "kernel.h"

#define MOST (1u << 18)
static u32 numbers[MOST];

static void insertion(u32 *low, u32 *high) {
  for (u32 *at = low + 1; at <= high; at++) {
    u32 value = *at, *hole = at;
    for (; hole > low && hole[-1] > value; hole--) *hole = hole[-1];
    *hole = value;
  }
}

static void sort(u32 *low, u32 *high) {
  if (high - low < 12) {
    if (high > low) insertion(low, high);
    return;
  }
  u32 pivot = low[(high - low) / 2], *left = low, *right = high;
  do {
    while (*left < pivot) left++;
    while (*right > pivot) right--;
    if (left <= right) {
      u32 held = *left;
      *left++ = *right;
      *right-- = held;
    }
  } while (left <= right);
  sort(low, right);
  sort(left, high);
}

EXPORT u32 run(u32 n) {
  u32 seed = 12345, sum = 0;
  if (n > MOST) n = MOST;
  for (u32 i = 0; i < n; i++) numbers[i] = next_random(&seed);
  sort(numbers, numbers + n - 1);
  for (u32 i = 0; i < n; i += 97) sum = sum * 31 + numbers[i];
  return sum;
}
