/* Spectral norm of an infinite matrix cut at n x n: divisions and a small function that is inlined. */
#include "kernel.h"

#define MOST 512
static double u[MOST], v[MOST], w[MOST];

static double element(u32 i, u32 j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(const double *from, double *to, u32 n, int transposed) {
  for (u32 i = 0; i < n; i++) {
    double sum = 0;
    for (u32 j = 0; j < n; j++) sum += (transposed ? element(j, i) : element(i, j)) * from[j];
    to[i] = sum;
  }
}

EXPORT u32 run(u32 n) {
  if (n > MOST) n = MOST;
  for (u32 i = 0; i < n; i++) u[i] = 1;
  for (int round = 0; round < 10; round++) {
    times(u, w, n, 0);
    times(w, v, n, 1);
    times(v, w, n, 0);
    times(w, u, n, 1);
  }
  double uv = 0, vv = 0;
  for (u32 i = 0; i < n; i++) uv += u[i] * v[i], vv += v[i] * v[i];
  return (u32)(__builtin_sqrt(uv / vv) * 1e9);
}
