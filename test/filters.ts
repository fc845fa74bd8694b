/** Proxy-Wasm filters for tests: written in a few lines of text format, over the whole of the ABI. */
import { dataAt } from './guests.ts';
import { assemble } from './wat.ts';

/** Functions of `env` as the specification has them, without `proxy_`: parameters as codes (I is i64), all answer an i32. */
const FUNCTIONS = `log iii, get_log_level i, get_current_time_nanoseconds i, set_tick_period_milliseconds i,
  set_buffer_bytes iiiii, get_buffer_bytes iiiii, get_buffer_status iii,
  get_header_map_size ii, get_header_map_pairs iii, set_header_map_pairs iii, get_header_map_value iiiii,
  add_header_map_value iiiii, replace_header_map_value iiiii, remove_header_map_value iii,
  continue_stream i, close_stream i, get_status iii, send_local_response iiiiiiii, http_call iiiiiiiiii,
  grpc_call iiiiiiiiiiii, set_shared_data iiiii, get_shared_data iiiii, register_shared_queue iii,
  resolve_shared_queue iiiii, enqueue_shared_queue iii, dequeue_shared_queue iii, define_metric iiii, record_metric iI,
  increment_metric iI, get_metric ii, get_property iiii, set_property iiii, call_foreign_function iiiiii, done ,
  set_effective_context i, get_configuration ii, continue_request , continue_response , clear_route_cache `;

const IMPORTS = FUNCTIONS.split(',').map((line) => {
  const [name = '', codes = ''] = line.trim().split(' ');
  const types = Array.from(codes, (code) => (code === 'I' ? 'i64' : 'i32')).join(' ');
  return `(import "env" "proxy_${name}" (func $${name} (param ${types}) (result i32)))`;
});

/** Callbacks by the name of an option: their export, parameters, and the result where they have one. */
const CALLBACKS = {
  create: ['proxy_on_context_create', '$id $parent', ''],
  vmStart: ['proxy_on_vm_start', '$id $size', '(i32.const 1)'],
  configure: ['proxy_on_configure', '$id $size', '(i32.const 1)'],
  requestHeaders: ['proxy_on_request_headers', '$id $count $last', '(i32.const 0)'],
  requestBody: ['proxy_on_request_body', '$id $size $last', '(i32.const 0)'],
  responseHeaders: ['proxy_on_response_headers', '$id $count $last', '(i32.const 0)'],
  responseBody: ['proxy_on_response_body', '$id $size $last', '(i32.const 0)'],
  responseTrailers: ['proxy_on_response_trailers', '$id $count', '(i32.const 0)'],
  callResponse: ['proxy_on_http_call_response', '$id $call $count $size $trailers', ''],
  tick: ['proxy_on_tick', '$id', ''],
  queueReady: ['proxy_on_queue_ready', '$id $queue', ''],
  done: ['proxy_on_done', '$id', '(i32.const 1)'],
  ended: ['proxy_on_log', '$id', ''],
  deleted: ['proxy_on_delete', '$id', ''],
} as const;

/** What a filter does, as instructions. A callback that is left out is not exported; one with a result leaves it, or returns it. */
export type FilterCode = Partial<Record<keyof typeof CALLBACKS, string>> & {
  /** Imports besides those of `env`. */
  readonly imports?: string;
  /** More fields of the module. */
  readonly fields?: string;
  /** The body of the allocator, with the parameter `$size`; by default one that never frees. */
  readonly allocate?: string;
  /** The name of the allocator: `proxy_on_memory_allocate`, or `malloc` as in 0.1.0. */
  readonly allocator?: string;
  /** The version that is exported: `0_2_1`. */
  readonly version?: string;
};

/** Puts a text into the filter's memory; answers its place and length as two constants. */
export type FilterText = (text: string | Uint8Array) => string;

/** Texts lie here; below is scratch space; what the host hands over lies above. */
const TEXTS_AT = 32_768;
const HEAP_AT = 131_072;
const PAGES = 64;

/** What filters of tests are written with. `$at` and `$len` are what the host handed over last. */
const LIBRARY = `
  (global $heap (mut i32) (i32.const ${HEAP_AT}))
  (func $at (result i32) (i32.load (i32.const 0)))
  (func $len (result i32) (i32.load (i32.const 4)))
  (func $get (param $map i32) (param $name i32) (param $size i32) (result i32)
    (call $get_header_map_value (local.get $map) (local.get $name) (local.get $size) (i32.const 0) (i32.const 4)))
  (func $body (param $buffer i32) (result i32)
    (call $get_buffer_bytes (local.get $buffer) (i32.const 0) (i32.const 0x7fffffff) (i32.const 0) (i32.const 4)))
  (func $property (param $path i32) (param $size i32) (result i32)
    (call $get_property (local.get $path) (local.get $size) (i32.const 0) (i32.const 4)))
  (func $answer (param $status i32) (param $body i32) (param $size i32)
    (drop (call $send_local_response (local.get $status) (i32.const 0) (i32.const 0) (local.get $body)
      (local.get $size) (i32.const 0) (i32.const 0) (i32.const -1))))
  ;; Answers with a number in decimal.
  (func $say (param $number i32) (local $place i32)
    (local.set $place (i32.const 96))
    (loop $digit
      (local.set $place (i32.sub (local.get $place) (i32.const 1)))
      (i32.store8 (local.get $place) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (br_if $digit (local.tee $number (i32.div_u (local.get $number) (i32.const 10)))))
    (call $answer (i32.const 200) (local.get $place) (i32.sub (i32.const 96) (local.get $place))))`;

const ALLOCATE = `(global.get $heap)
  (global.set $heap (i32.add (global.get $heap) (i32.and (i32.add (local.get $size) (i32.const 7)) (i32.const -8))))`;

/** A filter. `$n` and `$m` are i32 locals in every callback; the first 32 KiB of memory are free to use. */
export function filter(code: (text: FilterText) => FilterCode): Uint8Array<ArrayBuffer> {
  const data: string[] = [];
  let end = TEXTS_AT;
  const made = code((text) => {
    const bytes = Buffer.from(text);
    const place = `(i32.const ${end}) (i32.const ${bytes.length})`;
    data.push(dataAt(end, bytes));
    end += bytes.length;
    return place;
  });
  const {
    imports = '',
    fields = '',
    allocate = ALLOCATE,
    allocator = 'proxy_on_memory_allocate',
    version = '0_2_1',
  } = made;
  const callbacks = Object.entries(CALLBACKS).map(([option, [name, params, result]]) => {
    const body = made[option as keyof typeof CALLBACKS];
    if (body === undefined) return '';
    const declared = params.split(' ').map((param) => `(param ${param} i32)`);
    const results = result === '' ? '' : '(result i32)';
    return `(func (export "${name}") ${declared.join(' ')} ${results} (local $n i32) (local $m i32) ${body} ${result})`;
  });
  return assemble(`(module ${IMPORTS.join('\n')}
    ${imports}
    (memory (export "memory") ${PAGES})
    ${data.join('\n')}
    ${LIBRARY}
    ${fields}
    (func (export "proxy_abi_version_${version}"))
    (func (export "${allocator}") (param $size i32) (result i32) ${allocate})
    ${callbacks.join('\n')})`);
}

/** Maps and buffers in calls. */
export const REQUEST_HEADERS = '(i32.const 0)';
export const RESPONSE_HEADERS = '(i32.const 2)';
export const CALL_HEADERS = '(i32.const 6)';
export const REQUEST_BODY = '(i32.const 0)';
export const RESPONSE_BODY = '(i32.const 1)';
export const CALL_BODY = '(i32.const 4)';

/** What a callback returns to hold its message back. */
export const PAUSE = '(return (i32.const 1))';

/** A map as the ABI serializes it. */
export function pairs(entries: readonly (readonly [string, string])[]): Buffer {
  const head = Buffer.alloc(4 + 8 * entries.length);
  head.writeUInt32LE(entries.length, 0);
  entries.forEach(([name, value], place) => {
    head.writeUInt32LE(Buffer.byteLength(name), 4 + 8 * place);
    head.writeUInt32LE(Buffer.byteLength(value), 8 + 8 * place);
  });
  return Buffer.concat([head, ...entries.map(([name, value]) => Buffer.from(`${name}\0${value}\0`))]);
}

/** Instructions that call a backend with GET; the call's number lies at 8. Drops the status. */
export function callOut(text: FilterText, backend: string, path = '/', timeoutMs = 1_000): string {
  return `(drop ${callStatus(text, backend, path, timeoutMs)})`;
}

/** The same, leaving the status. */
export function callStatus(text: FilterText, backend: string, path = '/', timeoutMs = 1_000): string {
  const head = pairs([
    [':method', 'GET'],
    [':path', path],
    [':authority', 'any'],
  ]);
  return `(call $http_call ${text(backend)} ${text(head)} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
    (i32.const ${timeoutMs}) (i32.const 8))`;
}
