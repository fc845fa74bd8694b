#include "paint.h"

/* A point is outside once |z|^2 passes this. Large, so that the fractional part of the count is smooth. */
#define ESCAPED 1e4
#define COLOURS 2048
/* Iterations for smoothing edges, over the whole picture: less than half of the CPU budget. */
#define SMOOTHING_BUDGET 50000000u
/* Summed difference of the channels of two neighbours from which on a pixel is sampled four times. */
#define EDGE 48

typedef struct {
  int r, g, b;
} colour;

static view scene;
/* Squared distance below which two points of an orbit are the same: a thousandth of a pixel. */
static double same;
static double step, left_edge, top_edge;
static u32 row_number;
/* Iterations since it was last set to 0, and those that smoothing may still take. */
static u32 spent, smoothing_left;
static u8 above[1024 * 3];
static u8 palette[COLOURS][3];

/* The colours go round: midnight, ocean, foam, sand, amber, wine and back. */
#define STOPS 8
static const u8 stops[STOPS][3] = {{6, 10, 38},     {14, 60, 120},  {42, 148, 180}, {222, 243, 236},
                                   {250, 214, 140}, {226, 124, 48}, {112, 26, 62},  {26, 8, 46}};

/* Catmull-Rom through four values. */
static double spline(double a, double b, double c, double d, double t) {
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

static u8 channel_at(u32 stop, u32 channel, double t) {
  double value = spline(stops[(stop + STOPS - 1) % STOPS][channel], stops[stop % STOPS][channel],
                        stops[(stop + 1) % STOPS][channel], stops[(stop + 2) % STOPS][channel], t);
  return (u8)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void make_palette(void) {
  for (u32 i = 0; i < COLOURS; i++) {
    u32 stop = i * STOPS / COLOURS;
    double t = (double)(i * STOPS % COLOURS) / COLOURS;
    for (u32 channel = 0; channel < 3; channel++) palette[i][channel] = channel_at(stop, channel, t);
  }
}

/* Base-2 logarithm of a positive normal number, to about 1e-4: the exponent, and a curve for the mantissa. */
static double log2_of(double value) {
  union {
    double number;
    u64 bits;
  } u = {value};
  int exponent = (int)(u.bits >> 52 & 2047) - 1023;
  u.bits = (u.bits & 0xfffffffffffffull) | 0x3ff0000000000000ull;
  double m = u.number;
  return exponent + (-2.153620718 + m * (3.047884147 + m * (-1.051875031 + m * 0.1582487046)));
}

/* Whether c lies in the main cardioid or the disc left of it, where the loop would only run to its end. */
static int in_main_body(double x, double y) {
  double q = (x - 0.25) * (x - 0.25) + y * y;
  return q * (q + (x - 0.25)) <= 0.25 * y * y || (x + 1) * (x + 1) + y * y <= 0.0625;
}

/*
 * The colour of an escaped orbit. The hue follows the smooth count; the light falls from the upper left on a surface
 * whose slope is z / z' (the normal of the potential).
 */
static colour shade(u32 count, double zx, double zy, double dx, double dy) {
  double smooth = count + 1 - log2_of(log2_of(zx * zx + zy * zy) * 0.5);
  if (!(smooth > 0)) smooth = 0;
  u32 index = (u32)((log2_of(smooth + 1) * 0.36 - 0.28 + STOPS) * COLOURS) % COLOURS;
  double norm = dx * dx + dy * dy;
  double ux = (zx * dx + zy * dy) / norm, uy = (zy * dx - zx * dy) / norm;
  double length = __builtin_sqrt(ux * ux + uy * uy);
  double light = ((-ux + uy) / length * 0.7071 + 1.6) / 2.6;
  if (!(light >= 0 && light <= 1)) light = 0.7;
  double gain = 0.42 + 0.72 * light;
  int r = (int)(palette[index][0] * gain), g = (int)(palette[index][1] * gain), b = (int)(palette[index][2] * gain);
  return (colour){r > 255 ? 255 : r, g > 255 ? 255 : g, b > 255 ? 255 : b};
}

static double square(double value) { return value * value; }

/* The colour of one point of the plane. */
static colour sample(double x, double y) {
  const colour inside = {4, 5, 14};
  double zx = x, zy = y, dx = 1, dy = 0;
  double cx = scene.julia ? scene.cx : x, cy = scene.julia ? scene.cy : y;
  double derivative_of_c = scene.julia ? 0 : 1;
  if (!scene.julia && in_main_body(x, y)) return inside;
  double seen_x = 0, seen_y = 0;
  for (u32 count = 0, next_mark = 16; count < scene.iterations; count++) {
    double xx = zx * zx, yy = zy * zy;
    if (xx + yy > ESCAPED) {
      spent += count;
      return shade(count, zx, zy, dx, dy);
    }
    double next_dx = 2 * (zx * dx - zy * dy) + derivative_of_c;
    dy = 2 * (zx * dy + zy * dx);
    dx = next_dx;
    zy = 2 * zx * zy + cy;
    zx = xx - yy + cx;
    /* An orbit that comes back to where it was goes round for ever: it is inside. */
    if (square(zx - seen_x) + square(zy - seen_y) < same) {
      spent += count;
      return inside;
    }
    if (count == next_mark) seen_x = zx, seen_y = zy, next_mark *= 2;
  }
  spent += scene.iterations;
  return inside;
}

static int difference(const u8 *a, const u8 *b) {
  int sum = 0;
  for (u32 i = 0; i < 3; i++) sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
  return sum;
}

static void put(u8 *pixel, colour c) { pixel[0] = (u8)c.r, pixel[1] = (u8)c.g, pixel[2] = (u8)c.b; }

/* Takes four samples within the pixel in place of the one in its middle. */
static void smooth_pixel(u8 *pixel, double x, double y) {
  double d = step * 0.25;
  colour a = sample(x - d, y - d), b = sample(x + d, y - d), c = sample(x - d, y + d), e = sample(x + d, y + d);
  put(pixel, (colour){(a.r + b.r + c.r + e.r) / 4, (a.g + b.g + c.g + e.g) / 4, (a.b + b.b + c.b + e.b) / 4});
}

/* Smooths the pixels that differ much from a neighbour, while the budget lasts. */
static void smooth_row(u8 *row, double y) {
  spent = 0;
  for (u32 i = 1; i < scene.size && spent < smoothing_left; i++) {
    u8 *pixel = row + i * 3;
    int edge = difference(pixel, pixel - 3) > EDGE || (row_number && difference(pixel, above + i * 3) > EDGE);
    if (edge) smooth_pixel(pixel, left_edge + i * step, y);
  }
  smoothing_left -= spent < smoothing_left ? spent : smoothing_left;
}

void paint_begin(const view *v) {
  scene = *v;
  step = 3.0 / scene.zoom / scene.size;
  same = step * step * 1e-6;
  left_edge = scene.x - step * (scene.size - 1) / 2;
  top_edge = scene.y + step * (scene.size - 1) / 2;
  row_number = 0;
  smoothing_left = SMOOTHING_BUDGET;
  make_palette();
}

void paint_row(u8 *row) {
  double y = top_edge - row_number * step;
  for (u32 i = 0; i < scene.size; i++) put(row + i * 3, sample(left_edge + i * step, y));
  smooth_row(row, y);
  for (u32 i = 0; i < scene.size * 3; i++) above[i] = row[i];
  row_number++;
}
