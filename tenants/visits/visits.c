/*
 * Counts visits of each path in a key-value store, and sends clients away that come too often.
 *
 * Two requests at once may not both write the same number: each writes only over the generation that it has read, and reads again
 * when another was quicker. Clients are told from each other by their address; one that goes on asking is kept out for longer.
 */
#include "../bindings/http_handler.h"
#include "../bindings/kerb.h"

/* Requests of one address in one window; who asks twice as often is in the penalty box. */
enum { WINDOW_SECONDS = 10, MOST_REQUESTS = 30, PENALTY_SECONDS = 60 };
/* How often it is tried to be the one who counts. */
enum { ATTEMPTS = 16 };
/* The longest key that a store takes. */
enum { KEY_MAX = 512, DIGITS_MAX = 20 };

static char path[KEY_MAX];
static char address[64];
static char digits[DIGITS_MAX];

/* Where the address ends and the port begins. */
static u32 without_port(const char *at, u32 length) {
  for (u32 i = length; i > 0; i--)
    if (at[i - 1] == ':') return i - 1;
  return length;
}

/* Writes a number; answers how many digits it has. */
static u32 write_number(u64 number) {
  u32 length = 0;
  do digits[length++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  for (u32 i = 0; i < length / 2; i++) {
    char digit = digits[i];
    digits[i] = digits[length - 1 - i];
    digits[length - 1 - i] = digit;
  }
  return length;
}

static u64 read_number(u32 length) {
  u64 number = 0;
  for (u32 i = 0; i < length; i++) number = number * 10 + (u64)(digits[i] - '0');
  return number;
}

/* Whether this client may be served; a client without an address is not told from others. */
static int may_pass(void) {
  u32 length = get_source_addr(address, sizeof address);
  if (length > sizeof address) return 0;
  length = without_port(address, length);
  if (rate_is_penalized(address, length) == 1) return 0;
  i32 count = rate_count(address, length, WINDOW_SECONDS, 1);
  if (count > 2 * MOST_REQUESTS) rate_penalize(address, length, PENALTY_SECONDS);
  return count <= MOST_REQUESTS;
}

/* Counts a visit of the path; answers how many digits the count has, or an error. */
static i32 count_visit(i32 store, u32 length) {
  i32 error = KERB_CONFLICT;
  for (int attempt = 0; attempt < ATTEMPTS && error == KERB_CONFLICT; attempt++) {
    i32 found = kv_get(store, path, length, digits, sizeof digits);
    if ((found < 0 && found != KERB_ABSENT) || found > DIGITS_MAX) return found < 0 ? found : KERB_TOO_SMALL;
    i64 generation = kv_generation(store, path, length);
    u32 written = write_number(1 + (found < 0 ? 0 : read_number((u32)found)));
    i64 put = kv_put(store, path, length, digits, written, 0, 0, 0, KV_IF_GENERATION, generation);
    if (put > 0) return (i32)written;
    error = (i32)put;
  }
  return error;
}

static u64 refuse(u32 status, text why) {
  set_status_code(status);
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_body(why);
  return DONE;
}

/* The path is the key, without the query; the length of it, or 0 when it is too long. */
static u32 read_path(void) {
  u32 length = get_uri(path, sizeof path);
  if (length > sizeof path) return 0;
  for (u32 i = 0; i < length; i++)
    if (path[i] == '?') return i;
  return length;
}

EXPORT(handle_request) u64 handle_request(void) {
  if (!may_pass()) {
    log_write("refused", 7, "a client came too often", 23);
    respond_header(TEXT("retry-after"), TEXT("10"));
    return refuse(429, TEXT("Too many requests.\n"));
  }
  u32 length = read_path();
  if (length == 0) return refuse(414, TEXT("This path is too long.\n"));
  i32 store = kv_open("visits", 6);
  i32 count = store < 0 ? store : count_visit(store, length);
  if (count < 0) return refuse(503, TEXT("Visits cannot be counted now.\n"));
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_body((text){digits, (u32)count});
  respond_body(TEXT(" visits\n"));
  return DONE;
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) {
  (void)context;
  (void)is_error;
}
