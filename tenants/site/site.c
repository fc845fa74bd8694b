/*
 * A small website that the middleware samples stand in front of: two HTML pages, a second edition of both under /b/ for
 * A/B tests, /headers and /uri that show what arrived, /echo that answers the request body.
 */
#include "../bindings/http_handler.h"

static char names[16384];
static char values[16384];
static char uri[8192];
static char method[16];
static u8 chunk[4096];

#define PAGE(title, accent, body)                                                                                     \
  "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"                                                   \
  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" title "</title>\n"               \
  "<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1.5rem;"               \
  "color-scheme:light dark;border-left:.4rem solid " accent "}a{color:" accent "}</style>\n" body "</html>\n"

#define HOME_A                                                                                                        \
  PAGE("Harbour Books", "#0a6c74",                                                                                    \
       "<h1>Harbour Books</h1>\n<p>Second-hand books by the water since 1961. Open every day from nine to six.</p>\n"   \
       "<p><a href=\"/about\">About the shop</a></p>\n")
#define HOME_B                                                                                                        \
  PAGE("Harbour Books", "#c2410c",                                                                                    \
       "<h1>Find your next book by the water</h1>\n<p>Harbour Books: 40,000 second-hand books, open every day.</p>\n"   \
       "<p><a href=\"/about\">Plan your visit</a></p>\n")
#define ABOUT                                                                                                         \
  PAGE("About Harbour Books", "#0a6c74",                                                                              \
       "<h1>About the shop</h1>\n<p>Three floors, two cats, one kettle.</p>\n<p><a href=\"/\">Home</a></p>\n")

static u64 answer(u32 status, text type, text body) {
  set_status_code(status);
  respond_header(TEXT("content-type"), type);
  respond_header(TEXT("server"), TEXT("harbour/1.0"));
  respond_header(TEXT("x-powered-by"), TEXT("C"));
  respond_body(body);
  return DONE;
}

static u64 html(text body) { return answer(200, TEXT("text/html; charset=utf-8"), body); }
static u64 plain(u32 status, text body) { return answer(status, TEXT("text/plain; charset=utf-8"), body); }

/* Takes the next NUL-terminated string off `rest`. */
static text next_string(text *rest) {
  text item = {rest->at, 0};
  while (item.length < rest->length && item.at[item.length]) item.length++;
  u32 taken = item.length < rest->length ? item.length + 1 : item.length;
  rest->at += taken;
  rest->length -= taken;
  return item;
}

static void write_values(text name) {
  u32 length = (u32)get_header_values(REQUEST, name.at, name.length, values, sizeof values);
  if (length > sizeof values) return;
  for (text rest = {values, length}; rest.length;) {
    text value = next_string(&rest);
    respond_body(name);
    respond_body(TEXT(": "));
    respond_body(value);
    respond_body(TEXT("\n"));
  }
}

static u64 show_headers(void) {
  u32 length = (u32)get_header_names(REQUEST, names, sizeof names);
  if (length > sizeof names) return plain(431, TEXT("431 the header names take more than 16 KiB\n"));
  plain(200, TEXT(""));
  for (text rest = {names, length}; rest.length;) write_values(next_string(&rest));
  return DONE;
}

static u64 echo_body(void) {
  answer(200, TEXT("application/octet-stream"), TEXT(""));
  u64 eof_length;
  do {
    eof_length = read_body(REQUEST, chunk, sizeof chunk);
    write_body(RESPONSE, chunk, (u32)eof_length);
  } while (eof_length >> 32 == 0);
  return DONE;
}

static text path_of(text target) {
  for (u32 i = 0; i < target.length; i++)
    if (target.at[i] == '?') target.length = i;
  return target;
}

EXPORT(handle_request) u64 handle_request(void) {
  u32 uri_length = get_uri(uri, sizeof uri);
  if (uri_length > sizeof uri) return plain(414, TEXT("414 the address is longer than 8 KiB\n"));
  text target = {uri, uri_length}, path = path_of(target);
  u32 method_length = get_method(method, sizeof method);
  text verb = {method, method_length <= sizeof method ? method_length : 0};

  if (text_equal(path, TEXT("/echo")) && text_equal(verb, TEXT("POST"))) return echo_body();
  if (!text_equal(verb, TEXT("GET")) && !text_equal(verb, TEXT("HEAD"))) {
    respond_header(TEXT("allow"), text_equal(path, TEXT("/echo")) ? TEXT("POST") : TEXT("GET, HEAD"));
    return plain(405, TEXT("405 Method Not Allowed\n"));
  }
  if (text_equal(path, TEXT("/"))) return html(TEXT(HOME_A));
  if (text_equal(path, TEXT("/b/"))) return html(TEXT(HOME_B));
  if (text_equal(path, TEXT("/about")) || text_equal(path, TEXT("/b/about"))) return html(TEXT(ABOUT));
  if (text_equal(path, TEXT("/headers")) || text_equal(path, TEXT("/b/headers"))) return show_headers();
  if (text_equal(path, TEXT("/uri"))) return plain(200, target);
  return plain(404, TEXT("404 no such page in this shop\n"));
}

EXPORT(handle_response) void handle_response(u32 context, u32 is_error) {
  (void)context, (void)is_error;
}
