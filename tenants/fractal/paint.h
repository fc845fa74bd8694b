/* Computes the colours of the Mandelbrot set and of Julia sets. */
#ifndef PAINT_H
#define PAINT_H
#include "../bindings/http_handler.h"

typedef struct {
  double x, y; /* centre */
  double zoom; /* 1: the picture is 3 units wide */
  u32 size;    /* width and height in pixels */
  u32 iterations;
  int julia; /* 0: the Mandelbrot set; 1: the Julia set of cx + i cy */
  double cx, cy;
} view;

/* Prepares to paint; forgets the picture before. */
void paint_begin(const view *v);
/* Paints the next row, from the top: size x 3 bytes, red first. */
void paint_row(u8 *row);

#endif
