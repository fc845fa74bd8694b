/**
 * http-wasm http_handler ABI for AssemblyScript guests.
 *
 * Strings are UTF-16 inside AssemblyScript and bytes outside. Everything in an HTTP head is ASCII, so that is what these
 * functions convert, byte by byte: a byte above 0x7f becomes the character of the same number and back.
 */

@external("http_handler", "get_config")
declare function get_config(buf: usize, limit: u32): u32;
@external("http_handler", "enable_features")
declare function enable_features(features: u32): u32;
@external("http_handler", "log")
declare function log(level: i32, message: usize, length: u32): void;
@external("http_handler", "get_header_values")
declare function get_header_values(kind: u32, name: usize, nameLength: u32, buf: usize, limit: u32): u64;
@external("http_handler", "set_header_value")
declare function set_header_value(kind: u32, name: usize, nameLength: u32, value: usize, valueLength: u32): void;
@external("http_handler", "add_header_value")
declare function add_header_value(kind: u32, name: usize, nameLength: u32, value: usize, valueLength: u32): void;
@external("http_handler", "write_body")
declare function write_body(kind: u32, body: usize, length: u32): void;
@external("http_handler", "get_method")
declare function get_method(buf: usize, limit: u32): u32;
@external("http_handler", "get_uri")
declare function get_uri(buf: usize, limit: u32): u32;
@external("http_handler", "set_uri")
declare function set_uri(uri: usize, length: u32): void;
@external("http_handler", "get_source_addr")
declare function get_source_addr(buf: usize, limit: u32): u32;
@external("http_handler", "set_status_code")
declare function set_status_code(status: u32): void;

/** Header and body kinds. */
export const REQUEST: u32 = 0;
export const RESPONSE: u32 = 1;

/** Lets handle_response change what the origin answered. */
export const BUFFER_RESPONSE: u32 = 2;

/** Log levels. */
export const WARN: i32 = 1;
export const ERROR: i32 = 2;

/** What handle_request answers when the response is complete. */
export const DONE: u64 = 0;

/** What handle_request answers to go on to the origin; handle_response is then given `context`. */
export function next(context: u32 = 0): u64 {
  return ((<u64>context) << 32) | 1;
}

/** The string of the bytes in the first `length` places of `buffer`. */
function decode(buffer: ArrayBuffer, length: u32): string {
  return String.UTF8.decodeUnsafe(changetype<usize>(buffer), length);
}

/** The configuration text of the manifest. */
export function config(): string {
  const length = get_config(0, 0);
  const buffer = new ArrayBuffer(length);
  get_config(changetype<usize>(buffer), length);
  return decode(buffer, length);
}

/** The method, such as "GET". */
export function method(): string {
  const length = get_method(0, 0);
  const buffer = new ArrayBuffer(length);
  get_method(changetype<usize>(buffer), length);
  return decode(buffer, length);
}

/** The path and query, such as "/a?b". */
export function uri(): string {
  const length = get_uri(0, 0);
  const buffer = new ArrayBuffer(length);
  get_uri(changetype<usize>(buffer), length);
  return decode(buffer, length);
}

/** The client, such as "192.0.2.1:5000" or "[2001:db8::1]:5000". */
export function sourceAddress(): string {
  const length = get_source_addr(0, 0);
  const buffer = new ArrayBuffer(length);
  get_source_addr(changetype<usize>(buffer), length);
  return decode(buffer, length);
}

/** Every value of a header, in order. */
export function headerValues(kind: u32, name: string): string[] {
  const nameBytes = String.UTF8.encode(name);
  const at = changetype<usize>(nameBytes);
  const length = <u32>get_header_values(kind, at, nameBytes.byteLength, 0, 0);
  const values: string[] = [];
  const buffer = new ArrayBuffer(length);
  const start = changetype<usize>(buffer);
  get_header_values(kind, at, nameBytes.byteLength, start, length);
  let from: u32 = 0;
  for (let i: u32 = 0; i < length; i++) {
    if (load<u8>(start + i) != 0) continue;
    values.push(String.UTF8.decodeUnsafe(start + from, i - from));
    from = i + 1;
  }
  return values;
}

/** Replaces every value of a header by one. */
export function setHeader(kind: u32, name: string, value: string): void {
  const n = String.UTF8.encode(name);
  const v = String.UTF8.encode(value);
  set_header_value(kind, changetype<usize>(n), n.byteLength, changetype<usize>(v), v.byteLength);
}

/** Adds a value to a header. */
export function addHeader(kind: u32, name: string, value: string): void {
  const n = String.UTF8.encode(name);
  const v = String.UTF8.encode(value);
  add_header_value(kind, changetype<usize>(n), n.byteLength, changetype<usize>(v), v.byteLength);
}

/** Replaces the path and query that the origin will see. */
export function setUri(value: string): void {
  const bytes = String.UTF8.encode(value);
  set_uri(changetype<usize>(bytes), bytes.byteLength);
}

/** Appends to a body. */
export function write(kind: u32, value: string): void {
  const bytes = String.UTF8.encode(value);
  write_body(kind, changetype<usize>(bytes), bytes.byteLength);
}

/** Writes a line to the tenant's log. */
export function logLine(level: i32, value: string): void {
  const bytes = String.UTF8.encode(value);
  log(level, changetype<usize>(bytes), bytes.byteLength);
}

/** Asks for features and answers those that the host has. */
export function enableFeatures(features: u32): u32 {
  return enable_features(features);
}

/** Sets the status of the response; without it, 200. */
export function setStatus(status: u32): void {
  set_status_code(status);
}
