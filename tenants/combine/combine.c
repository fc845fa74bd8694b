/*
 * Two backends asked at the same time and put into one page: whichever answers first is shown first.
 *
 * A request takes as long as the slower of the two, not as long as both. One that fails leaves a line in its place; the page
 * is a 502 only when nothing came.
 */
#include "../bindings/kerb_fetch.h"

#define BACKENDS 2
/* How long the page waits for a backend. */
#define PATIENCE_MS 2000

static const text names[BACKENDS] = {{"shop", 4}, {"campaign", 8}};
static u8 chunk[4096];
static i32 handles[BACKENDS], tickets[BACKENDS], places[BACKENDS];

static void heading(text name, text state) {
  respond_body(TEXT("== "));
  respond_body(name);
  respond_body(state);
}

/* Writes a status, three digits, or the number of an error. */
static void number(i32 value) {
  char digits[12];
  u32 at = sizeof digits;
  u32 rest = value < 0 ? (u32)-value : (u32)value;
  do digits[--at] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) digits[--at] = '-';
  respond_body((text){digits + at, sizeof digits - at});
}

/* Copies the whole answer to the response. */
static void copy(i32 handle) {
  i32 length;
  while ((length = fetch_read(handle, chunk, sizeof chunk)) > 0) write_body(RESPONSE, chunk, (u32)length);
  if (length < 0) respond_body(TEXT("(the rest is missing)\n"));
}

/* Shows one answer; answers whether there was one. */
static int show(i32 place, i32 status) {
  heading(names[place], status < 0 ? TEXT(" failed: ") : TEXT(": "));
  number(status);
  respond_body(TEXT("\n"));
  if (status >= 0) copy(handles[place]);
  fetch_close(handles[place]);
  return status >= 0;
}

EXPORT(handle_request) u64 handle_request(void) {
  u32 waiting = 0, shown = 0;
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  for (i32 i = 0; i < BACKENDS; i++) {
    i32 ticket;
    handles[i] = fetch_get(names[i], TEXT("/about"), &ticket);
    if (handles[i] < 0) continue;
    tickets[waiting] = ticket;
    places[waiting++] = i;
  }
  while (waiting) {
    i32 first = fetch_wait_any(tickets, waiting, PATIENCE_MS);
    if (first < 0) break;
    shown += show(places[first], fetch_wait(tickets[first], 0));
    tickets[first] = tickets[--waiting];
    places[first] = places[waiting];
  }
  for (u32 i = 0; i < waiting; i++) show(places[i], ERR_TIMEOUT);
  if (shown == 0) set_status_code(502);
  return DONE;
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) {
  (void)context, (void)is_error;
}
