/*
 * A page of JavaScript as a CGI program. The interpreter, its modules and the compiled script are made once, where the app is deployed: by
 * wizer.initialize, after _initialize of the C library; their memory is what every request begins with. _start runs the script for one
 * request.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>
#include <wasi/libc-environ.h>
#include "quickjs.h"
#include "quickjs-libc.h"

#define SCRIPT "/page/index.js"

static const char MODULES[] =
    "import * as bjson from 'qjs:bjson'; import * as std from 'qjs:std'; import * as os from 'qjs:os';"
    "Object.assign(globalThis, { bjson, std, os });";

static JSRuntime *runtime;
static JSContext *context;
static JSValue script;
static bool serving;
static uint64_t random_state;

/* In the place of libc's, by the names that build.sh gives to both. Until there is a request, time stands still at 0: an interpreter reads the clock when it is made, and a state that depends on the time
   of the deploy is not one that each request would have come to. */
int clock_gettime(clockid_t clock, struct timespec *now) {
  __wasi_timestamp_t ns = 0;
  __wasi_clockid_t id = clock == CLOCK_REALTIME ? __WASI_CLOCKID_REALTIME : __WASI_CLOCKID_MONOTONIC;
  if (serving && __wasi_clock_time_get(id, 1, &ns) != 0) return -1;
  now->tv_sec = (time_t)(ns / 1000000000);
  now->tv_nsec = (long)(ns % 1000000000);
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec exact;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

/* The C library draws a canary for checks of the stack when it is initialised, and nothing here is compiled with those: with these in its
   place it draws nothing. */
uintptr_t __stack_chk_guard = 0;
void __stack_chk_fail(void) { abort(); }

/* Math.random for the request at hand: that of the interpreter was seeded where all requests begin (xorshift64*). */
static JSValue random_number(JSContext *ctx, JSValueConst this_value, int count, JSValueConst *values) {
  (void)this_value, (void)count, (void)values;
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return JS_NewFloat64(ctx, (double)((random_state * 0x2545F4914F6CDD1DULL) >> 11) / 9007199254740992.0);
}

static void seed(void) {
  while (random_state == 0)
    if (getentropy(&random_state, sizeof random_state) != 0) abort();
  JSValue global = JS_GetGlobalObject(context), math = JS_GetPropertyStr(context, global, "Math");
  JSValue function = JS_NewCFunction(context, random_number, "random", 0);
  JS_DefinePropertyValueStr(context, math, "random", function, JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
  JS_FreeValue(context, math);
  JS_FreeValue(context, global);
}

/* Ends the program over an exception: at deploy nothing is deployed, in a request it fails. */
static void check(JSValue value) {
  if (!JS_IsException(value)) return;
  js_std_dump_error(context);
  fflush(stderr);
  exit(1);
}

static void run_jobs(void) {
  JSContext *of;
  int ran;
  while ((ran = JS_ExecutePendingJob(runtime, &of)) > 0) continue;
  if (ran < 0) check(JS_EXCEPTION);
}

static JSValue compile(void) {
  size_t length;
  uint8_t *text = js_load_file(context, &length, SCRIPT);
  if (text == NULL) {
    fprintf(stderr, "%s cannot be read; grant its folder in [files]\n", SCRIPT);
    exit(1);
  }
  JSValue compiled = JS_Eval(context, (const char *)text, length, SCRIPT, JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
  js_free(context, text);
  check(compiled);
  return compiled;
}

__attribute__((export_name("wizer.initialize"))) void initialise(void) {
  runtime = JS_NewRuntime();
  if (runtime == NULL) abort();
  js_std_init_handlers(runtime);
  context = JS_NewContext(runtime);
  if (context == NULL) abort();
  JS_SetModuleLoaderFunc2(runtime, NULL, js_module_loader, js_module_check_attributes, NULL);
  JS_SetHostPromiseRejectionTracker(runtime, js_std_promise_rejection_tracker, NULL);
  js_init_module_std(context, "qjs:std");
  js_init_module_os(context, "qjs:os");
  js_init_module_bjson(context, "qjs:bjson");
  js_std_add_helpers(context, 0, NULL);
  JSValue made = JS_Eval(context, MODULES, sizeof MODULES - 1, "<modules>", JS_EVAL_TYPE_MODULE);
  check(made);
  run_jobs();
  JS_FreeValue(context, made);
  script = compile();
}

void _initialize(void);

__attribute__((export_name("_start"))) void _start(void) {
  if (context == NULL) {
    _initialize();
    initialise();
  }
  serving = true;
  /* The variables of the deploy were read before; those of the request are others. */
  __wasilibc_maybe_reinitialize_environ_eagerly();
  JS_UpdateStackTop(runtime);
  seed();
  JSValue answer = JS_EvalFunction(context, script);
  check(answer);
  if (js_std_loop(context) != 0) check(JS_EXCEPTION);
  /* Nothing is freed: the memory goes as a whole. */
  exit(0);
}
