/*
 * Pictures of the Mandelbrot set and of Julia sets, computed for each request and sent row by row while they are painted.
 *
 *   /            a page to explore them
 *   /image.png   x, y, zoom, size, iter; with cx and cy the Julia set of that point
 */
#include "paint.h"
#include "png.h"
#include "query.h"
#include <viewer.h> /* made from viewer.html by build.sh */

static char uri[2048];
static char method[8];
static u8 row[PNG_WIDTH_MAX * 3];

enum { X, Y, ZOOM, SIZE, ITER, CX, CY, PARAMETERS };

static void start(u32 status, text type, text cache) {
  set_status_code(status);
  respond_header(TEXT("content-type"), type);
  respond_header(TEXT("cache-control"), cache);
}

/* RFC 9457. */
static u64 refuse(u32 status, text title, text detail, text more) {
  start(status, TEXT("application/problem+json"), TEXT("no-store"));
  respond_body(TEXT("{\"title\":\""));
  respond_body(title);
  respond_body(TEXT("\",\"detail\":\""));
  respond_body(detail);
  respond_body(more);
  respond_body(TEXT("\"}\n"));
  return DONE;
}

static u64 refuse_parameter(const parameter *p) {
  text bounds = {p->bounds, 0};
  while (bounds.at[bounds.length]) bounds.length++;
  return refuse(400, TEXT("Bad query parameter"), p->name, bounds);
}

static u64 send_image(text query) {
  parameter p[PARAMETERS] = {
      [X] = {TEXT("x"), -4, 4, " must be a number between -4 and 4", -0.6, 0, 0},
      [Y] = {TEXT("y"), -4, 4, " must be a number between -4 and 4", 0, 0, 0},
      [ZOOM] = {TEXT("zoom"), 0.25, 1e13, " must be a number between 0.25 and 1e13", 1, 0, 0},
      [SIZE] = {TEXT("size"), 16, PNG_WIDTH_MAX, " must be a whole number between 16 and 1024", 512, 1, 0},
      [ITER] = {TEXT("iter"), 16, 5000, " must be a whole number between 16 and 5000", 300, 1, 0},
      [CX] = {TEXT("cx"), -2, 2, " must be a number between -2 and 2", 0, 0, 0},
      [CY] = {TEXT("cy"), -2, 2, " must be a number between -2 and 2", 0, 0, 0},
  };
  const parameter *bad = query_read(query, p, PARAMETERS);
  if (bad) return refuse_parameter(bad);
  int julia = p[CX].given || p[CY].given;
  double x = julia && !p[X].given ? 0 : p[X].value;
  view v = {x, p[Y].value, p[ZOOM].value, (u32)p[SIZE].value, (u32)p[ITER].value, julia, p[CX].value, p[CY].value};
  start(200, TEXT("image/png"), TEXT("public, max-age=3600"));
  paint_begin(&v);
  png_begin(v.size, v.size);
  for (u32 i = 0; i < v.size; i++) {
    paint_row(row);
    png_row(row);
  }
  png_end();
  return DONE;
}

static u64 send_viewer(void) {
  start(200, TEXT("text/html; charset=utf-8"), TEXT("no-cache"));
  respond_header(TEXT("content-security-policy"),
                 TEXT("default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"));
  respond_body(TEXT(VIEWER));
  return DONE;
}

EXPORT(handle_request) u64 handle_request(void) {
  u32 method_length = get_method(method, sizeof method);
  text verb = {method, method_length <= sizeof method ? method_length : 0};
  if (!text_equal(verb, TEXT("GET")) && !text_equal(verb, TEXT("HEAD"))) {
    respond_header(TEXT("allow"), TEXT("GET, HEAD"));
    return refuse(405, TEXT("Method not allowed"), TEXT("pictures can only be read"), TEXT(""));
  }
  u32 length = get_uri(uri, sizeof uri);
  if (length > sizeof uri) return refuse(414, TEXT("URI too long"), TEXT("at most 2048 bytes"), TEXT(""));
  u32 end = 0;
  while (end < length && uri[end] != '?') end++;
  text path = {uri, end}, query = {uri + end, 0};
  if (end < length) query = (text){uri + end + 1, length - end - 1};
  if (text_equal(path, TEXT("/image.png"))) return send_image(query);
  if (text_equal(path, TEXT("/"))) return send_viewer();
  return refuse(404, TEXT("Not found"), TEXT("there are / and /image.png"), TEXT(""));
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) {
  (void)context, (void)is_error;
}
