/* Answers every request itself: says what was asked for, and writes a line to the log. */
#include "http_handler.h"

static char method[32];
static char uri[2048];

static u64 answer(u32 status, text body) {
  set_status_code(status);
  respond_header(TEXT("content-type"), TEXT("text/plain; charset=utf-8"));
  respond_body(body);
  return DONE;
}

EXPORT(handle_request) u64 handle_request(void) {
  /* Both answer the full length, and write nothing when that is more than there is room for. */
  u32 method_length = get_method(method, sizeof method);
  u32 uri_length = get_uri(uri, sizeof uri);
  if (method_length > sizeof method) return answer(501, TEXT("501 Not Implemented\n"));
  if (uri_length > sizeof uri) return answer(414, TEXT("414 URI Too Long\n"));

  log_message(LOG_INFO, uri, uri_length);
  answer(200, TEXT("Hello from C: "));
  respond_body((text){method, method_length});
  respond_body(TEXT(" "));
  respond_body((text){uri, uri_length});
  respond_body(TEXT("\n"));
  return DONE;
}

/* Called with the origin's response, which there is only after NEXT. */
EXPORT(handle_response) void handle_response(u32 context, u32 is_error) { (void)context, (void)is_error; }
