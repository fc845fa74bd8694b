/* Iterations of the Mandelbrot set on an n x n grid. */
#include "kernel.h"

EXPORT u32 run(u32 n) {
  u32 total = 0;
  for (u32 py = 0; py < n; py++)
    for (u32 px = 0; px < n; px++) {
      double cx = 3.0 * px / n - 2.2, cy = 2.4 * py / n - 1.2, x = 0, y = 0;
      u32 i = 0;
      while (i < 200 && x * x + y * y < 4) {
        double next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
        i++;
      }
      total += i;
    }
  return total;
}
