/* Reads numbers from a query string. */
#ifndef QUERY_H
#define QUERY_H
#include "../bindings/http_handler.h"

/* A parameter: its name, the bounds of its value (inclusive), and the value: a default until a query sets it. */
typedef struct {
  text name;
  double least, most;
  const char *bounds; /* for people: "between … and …" */
  double value;
  int whole; /* whether only whole numbers will do */
  int given; /* set by query_read */
} parameter;

/* Sets the parameters that `query` (without its "?") names. Answers the first bad one, or 0. Unknown names are ignored. */
parameter *query_read(text query, parameter *parameters, u32 count);

#endif
