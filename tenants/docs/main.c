/*
 * A CGI program that serves the files of a folder: plain C and POSIX, nothing of Kerb in it.
 *
 * PATH_INFO names the file below /public; a folder shows its index.html. What is not there is a 404, and If-Modified-Since is
 * answered with 304. A path cannot lead out of the folder: the edge has nothing else that it could open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *const ROOT = "/public";
enum { PATH_MAX_BYTES = 1024, CHUNK_BYTES = 16384, DATE_BYTES = 40 };

static const struct {
  const char *extension, *type;
} TYPES[] = {
    {".html", "text/html; charset=utf-8"}, {".css", "text/css"},        {".js", "text/javascript"},
    {".txt", "text/plain; charset=utf-8"}, {".svg", "image/svg+xml"},   {".png", "image/png"},
    {".json", "application/json"},         {".wasm", "application/wasm"},
};

/* Writes all of it: a write may take less. */
static void put_bytes(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t taken = write(STDOUT_FILENO, bytes, length);
    if (taken <= 0) exit(1);
    bytes += taken;
    length -= (size_t)taken;
  }
}

static void put(const char *text) { put_bytes(text, strlen(text)); }

static const char *type_of(const char *path) {
  size_t length = strlen(path);
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
    size_t extension = strlen(TYPES[i].extension);
    if (length > extension && strcmp(path + length - extension, TYPES[i].extension) == 0) return TYPES[i].type;
  }
  return "application/octet-stream";
}

static void put_number(unsigned long long number) {
  char digits[24];
  char *at = digits + sizeof digits;
  *--at = '\0';
  do *--at = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  put(at);
}

static void answer(const char *status, const char *text) {
  put("Status: ");
  put(status);
  put("\nContent-Type: text/plain\n\n");
  put(text);
  put("\n");
}

/* The date of a file as HTTP writes it. */
static void date_of(const struct stat *about, char *date) {
  struct tm parts;
  gmtime_r(&about->st_mtime, &parts);
  strftime(date, DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static int open_file(char *path, struct stat *about) {
  if (stat(path, about) != 0) return -1;
  if (S_ISDIR(about->st_mode)) {
    size_t length = strlen(path);
    const char *index = path[length - 1] == '/' ? "index.html" : "/index.html";
    if (length + strlen(index) >= PATH_MAX_BYTES) return -1;
    strcpy(path + length, index);
    if (stat(path, about) != 0) return -1;
  }
  return S_ISREG(about->st_mode) ? open(path, O_RDONLY) : -1;
}

static void send_file(int file, const char *path, const struct stat *about) {
  static char chunk[CHUNK_BYTES];
  char date[DATE_BYTES];
  const char *known = getenv("HTTP_IF_MODIFIED_SINCE");
  date_of(about, date);
  if (known != NULL && strcmp(known, date) == 0) {
    put("Status: 304\n\n");
    return;
  }
  put("Content-Type: ");
  put(type_of(path));
  put("\nContent-Length: ");
  put_number((unsigned long long)about->st_size);
  put("\nLast-Modified: ");
  put(date);
  put("\n\n");
  for (ssize_t length; (length = read(file, chunk, sizeof chunk)) > 0;) put_bytes(chunk, (size_t)length);
}

int main(void) {
  char path[PATH_MAX_BYTES];
  struct stat about;
  const char *info = getenv("PATH_INFO");
  const char *method = getenv("REQUEST_METHOD");
  if (method != NULL && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
    answer("405 Method Not Allowed", "Only GET and HEAD");
    return 0;
  }
  if (info == NULL || strlen(ROOT) + strlen(info) >= sizeof path) {
    answer("414 URI Too Long", "That path is too long");
    return 0;
  }
  strcpy(path, ROOT);
  strcat(path, info);
  int file = open_file(path, &about);
  if (file < 0) answer("404 Not Found", "There is no such page");
  else send_file(file, path, &about);
  return 0;
}
