/* Matrix product of doubles, n times over 96 x 96. */
#include "kernel.h"

#define SIZE 96
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

EXPORT u32 run(u32 n) {
  for (u32 i = 0; i < SIZE; i++)
    for (u32 j = 0; j < SIZE; j++) a[i][j] = (double)(i * j % 7) + 0.5, b[i][j] = (double)(i + j) / SIZE;
  double sum = 0;
  for (u32 round = 0; round < n; round++) {
    for (u32 i = 0; i < SIZE; i++)
      for (u32 j = 0; j < SIZE; j++) {
        double dot = 0;
        for (u32 k = 0; k < SIZE; k++) dot += a[i][k] * b[k][j];
        c[i][j] = dot;
      }
    a[round % SIZE][round % SIZE] += 1;
    sum += c[round % SIZE][(round * 7) % SIZE];
  }
  return (u32)sum;
}
