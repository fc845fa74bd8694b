/** http-wasm guests for tests: written in a few lines of text format, over the whole import module. */
import { assemble } from './wat.ts';

/** Short names of the functions of `http_handler`, with their types. */
const FUNCTIONS: readonly (readonly [string, string, string])[] = [
  ['config', 'get_config', '(param i32 i32) (result i32)'],
  ['features', 'enable_features', '(param i32) (result i32)'],
  ['log', 'log', '(param i32 i32 i32)'],
  ['logs', 'log_enabled', '(param i32) (result i32)'],
  ['names', 'get_header_names', '(param i32 i32 i32) (result i64)'],
  ['values', 'get_header_values', '(param i32 i32 i32 i32 i32) (result i64)'],
  ['set', 'set_header_value', '(param i32 i32 i32 i32 i32)'],
  ['add', 'add_header_value', '(param i32 i32 i32 i32 i32)'],
  ['remove', 'remove_header', '(param i32 i32 i32)'],
  ['read', 'read_body', '(param i32 i32 i32) (result i64)'],
  ['write', 'write_body', '(param i32 i32 i32)'],
  ['method', 'get_method', '(param i32 i32) (result i32)'],
  ['setMethod', 'set_method', '(param i32 i32)'],
  ['uri', 'get_uri', '(param i32 i32) (result i32)'],
  ['setUri', 'set_uri', '(param i32 i32)'],
  ['protocol', 'get_protocol_version', '(param i32 i32) (result i32)'],
  ['source', 'get_source_addr', '(param i32 i32) (result i32)'],
  ['status', 'get_status_code', '(result i32)'],
  ['setStatus', 'set_status_code', '(param i32)'],
];

/** Declares every function of `http_handler`, each under its short name: `$log`, `$read`. */
export const HTTP_HANDLER = FUNCTIONS.map(
  ([short, name, type]) => `(import "http_handler" "${name}" (func $${short} ${type}))`,
).join('\n');

/** Declares every function of `kerb_fetch`, each under its short name: `$fetch`, `$send`. */
export const KERB_FETCH = [
  ['fetch', 'request', '(param i32 i32 i32 i32 i32 i32) (result i32)'],
  ['field', 'header', '(param i32 i32 i32 i32 i32) (result i32)'],
  ['content', 'body', '(param i32 i32 i32) (result i32)'],
  ['send', 'send', '(param i32) (result i32)'],
  ['wait', 'wait', '(param i32 i32) (result i32)'],
  ['waitAny', 'wait_any', '(param i32 i32 i32) (result i32)'],
  ['value', 'response_header', '(param i32 i32 i32 i32 i32) (result i32)'],
  ['fields', 'response_header_names', '(param i32 i32 i32) (result i32)'],
  ['take', 'read', '(param i32 i32 i32) (result i32)'],
  ['respond', 'respond', '(param i32) (result i32)'],
  ['close', 'close', '(param i32) (result i32)'],
]
  .map(([short, name, type]) => `(import "kerb_fetch" "${name}" (func $${short} ${type}))`)
  .join('\n');

/** Declares `kerb_jwt.verify` as `$verify`. */
export const KERB_JWT = '(import "kerb_jwt" "verify" (func $verify (param i32 i32 i32 i32 i32 i32) (result i32)))';

/** Where texts of a guest lie; below is scratch space. */
const TEXTS_AT = 32_768;

/** What a guest does, as instructions. */
export interface GuestCode {
  /** The body of `handle_request`; leaves an i64. Default: an empty 200. */
  readonly handle?: string;
  /** The body of `handle_response`, with the parameters `$context` and `$isError`. */
  readonly response?: string;
  /** Imports besides those of `http_handler`. */
  readonly imports?: string;
  /** More fields of the module. */
  readonly fields?: string;
  /** Pages of memory: 4. */
  readonly pages?: number;
}

/** Puts a text into the guest's memory; answers its place and length as two constants. */
export type Text = (text: string) => string;

/**
 * A guest. `$n`, `$i` and `$j` are i32 locals and `$l` is an i64 one in both functions; the first 32 KiB of memory are free to
 * use.
 */
export function guest(code: (text: Text) => GuestCode): Uint8Array<ArrayBuffer> {
  const data: string[] = [];
  let end = TEXTS_AT;
  const {
    handle = '(i64.const 0)',
    response = '',
    imports = '',
    fields = '',
    pages = 4,
  } = code((text) => {
    const bytes = Buffer.from(text);
    const place = `(i32.const ${end}) (i32.const ${bytes.length})`;
    data.push(dataAt(end, bytes));
    end += bytes.length;
    return place;
  });
  const locals = '(local $n i32) (local $i i32) (local $j i32) (local $l i64)';
  return assemble(`(module ${HTTP_HANDLER}
    ${imports}
    (memory (export "memory") ${pages})
    ${data.join('\n')}
    ${fields}
    (func (export "handle_request") (result i64) ${locals} ${handle})
    (func (export "handle_response") (param $context i32) (param $isError i32) ${locals} ${response}))`);
}

/** A data segment. */
export function dataAt(address: number, bytes: Uint8Array): string {
  const escaped = Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`);
  return `(data (i32.const ${address}) "${escaped.join('')}")`;
}

/** Kinds of headers and bodies in calls. */
export const REQUEST = '(i32.const 0)';
export const RESPONSE = '(i32.const 1)';

/** Instructions that copy the request's body to the response, `bytes` at a time. */
export function echoBody(bytes: number): string {
  return `(loop $more
    (local.set $l (call $read ${REQUEST} (i32.const 0) (i32.const ${bytes})))
    (call $write ${RESPONSE} (i32.const 0) (i32.wrap_i64 (local.get $l)))
    (br_if $more (i64.eqz (i64.shr_u (local.get $l) (i64.const 32)))))`;
}

/** Instructions that write `pieces` pieces of `bytes` bytes, filled with `x`. */
export function writePieces(pieces: number, bytes: number): string {
  return `(memory.fill (i32.const 0) (i32.const 120) (i32.const ${bytes}))
    (local.set $i (i32.const ${pieces}))
    (loop $more
      (call $write ${RESPONSE} (i32.const 0) (i32.const ${bytes}))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;
}

/** Answers with the request's target. */
export const URI_GUEST = guest(() => ({
  handle: `(call $write ${RESPONSE} (i32.const 0) (call $uri (i32.const 0) (i32.const 4096))) (i64.const 0)`,
}));

/** Answers with the three digits after the first `/` as its status, and a body of four bytes. */
export const STATUS_GUEST = guest((text) => ({
  fields: `(func $digit (param $at i32) (result i32)
    (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))`,
  handle: `(drop (call $uri (i32.const 0) (i32.const 4096)))
    (call $setStatus (i32.add
      (i32.add (i32.mul (call $digit (i32.const 1)) (i32.const 100)) (i32.mul (call $digit (i32.const 2)) (i32.const 10)))
      (call $digit (i32.const 3))))
    (call $set ${RESPONSE} ${text('x-app')} ${text('yes')})
    (call $write ${RESPONSE} ${text('body')})
    (i64.const 0)`,
}));

/** Copies the request's body to its response. */
export const ECHO_GUEST = guest(() => ({ handle: `${echoBody(32_768)} (i64.const 0)` }));

/** Hands everything on to the origin, and its answer back. */
export const PASS_GUEST = guest(() => ({ handle: '(i64.const 1)' }));
