/**
 * Kerb's own import modules for AssemblyScript guests: key-value stores, config, secrets, rate counters, log endpoints.
 *
 * Texts are UTF-8 outside. Only what is called is imported: call only what the manifest grants. Negative results are errors.
 */

@external("kerb_kv", "open")
declare function kv_open(name: usize, length: u32): i32;
@external("kerb_kv", "close")
declare function kv_close(handle: i32): i32;
@external("kerb_kv", "metadata")
declare function kv_metadata(handle: i32, key: usize, length: u32, buf: usize, limit: u32): i32;
@external("kerb_kv", "list")
declare function kv_list(
  handle: i32,
  prefix: usize,
  prefixLength: u32,
  after: usize,
  afterLength: u32,
  buf: usize,
  limit: u32,
): i32;
@external("kerb_kv", "get")
declare function kv_get(handle: i32, key: usize, length: u32, buf: usize, limit: u32): i32;
@external("kerb_kv", "generation")
declare function kv_generation(handle: i32, key: usize, length: u32): i64;
@external("kerb_kv", "put")
declare function kv_put(
  handle: i32,
  key: usize,
  length: u32,
  value: usize,
  valueLength: u32,
  metadata: usize,
  metadataLength: u32,
  ttlSeconds: u32,
  mode: i32,
  generation: i64,
): i64;
@external("kerb_kv", "delete")
declare function kv_delete(handle: i32, key: usize, length: u32): i32;
@external("kerb_config", "get")
declare function config_get(key: usize, length: u32, buf: usize, limit: u32): i32;
@external("kerb_secret", "get")
declare function secret_get(name: usize, length: u32, buf: usize, limit: u32): i32;
@external("kerb_rate", "count")
declare function rate_count(key: usize, length: u32, windowSeconds: u32, amount: u32): i32;
@external("kerb_rate", "penalize")
declare function rate_penalize(key: usize, length: u32, seconds: u32): i32;
@external("kerb_rate", "is_penalized")
declare function rate_is_penalized(key: usize, length: u32): i32;
@external("kerb_log", "write")
declare function log_write(endpoint: usize, length: u32, text: usize, textLength: u32): i32;

/** Errors: all of them. */
export const ABSENT: i32 = -20;
export const NOT_GRANTED: i32 = -5;
export const BAD_HANDLE: i32 = -1;
export const INVALID: i32 = -3;
export const TOO_LARGE: i32 = -7;
export const CONFLICT: i32 = -21;
export const QUOTA: i32 = -22;
export const BUSY: i32 = -23;
export const UNAVAILABLE: i32 = -24;
export const TOO_SMALL: i32 = -25;

/** When `put` writes: always, only a new entry, only over an old one, only over the entry of that generation. */
export const ANY: i32 = 0;
export const ADD: i32 = 1;
export const REPLACE: i32 = 2;
export const IF_GENERATION: i32 = 3;

function bytesOf(text: string): ArrayBuffer {
  return String.UTF8.encode(text);
}

/** Opens a key-value store for this request: its handle, or an error. */
export function open(name: string): i32 {
  const bytes = bytesOf(name);
  return kv_open(changetype<usize>(bytes), bytes.byteLength);
}

/** Forgets a store before the request ends: 0, or an error. */
export function close(store: i32): i32 {
  return kv_close(store);
}

/** The length of the value, which is in `buf` if it fits there, or an error. */
export function get(store: i32, key: string, buf: ArrayBuffer): i32 {
  const bytes = bytesOf(key);
  return kv_get(store, changetype<usize>(bytes), bytes.byteLength, changetype<usize>(buf), buf.byteLength);
}

/** The length of the metadata, which is in `buf` if it fits there: of the entry that `get` read last under this key, or else as it is. */
export function metadata(store: i32, key: string, buf: ArrayBuffer): i32 {
  const bytes = bytesOf(key);
  return kv_metadata(store, changetype<usize>(bytes), bytes.byteLength, changetype<usize>(buf), buf.byteLength);
}

/** The generation of the entry that `get` read last under this key, or else of the entry as it is; 0: there is none. */
export function generation(store: i32, key: string): i64 {
  const bytes = bytesOf(key);
  return kv_generation(store, changetype<usize>(bytes), bytes.byteLength);
}

/** Writes an entry, which is on the disk then: its generation, or an error. A ttl of 0 seconds: it stays. */
export function put(
  store: i32,
  key: string,
  value: ArrayBuffer,
  ttlSeconds: u32 = 0,
  mode: i32 = ANY,
  at: i64 = 0,
  note: string = "",
): i64 {
  const bytes = bytesOf(key);
  const noted = bytesOf(note);
  return kv_put(
    store,
    changetype<usize>(bytes),
    bytes.byteLength,
    changetype<usize>(value),
    value.byteLength,
    changetype<usize>(noted),
    noted.byteLength,
    ttlSeconds,
    mode,
    at,
  );
}

/**
 * Bytes written to `buf`: keys that begin with `prefix` and come after `after`, each behind its length (u32, little-endian). 0: there
 * are no more; or an error.
 */
export function list(store: i32, prefix: string, after: string, buf: ArrayBuffer): i32 {
  const first = bytesOf(prefix);
  const last = bytesOf(after);
  return kv_list(
    store,
    changetype<usize>(first),
    first.byteLength,
    changetype<usize>(last),
    last.byteLength,
    changetype<usize>(buf),
    buf.byteLength,
  );
}

/** 1: it is gone; 0: there was none; or an error. */
export function remove(store: i32, key: string): i32 {
  const bytes = bytesOf(key);
  return kv_delete(store, changetype<usize>(bytes), bytes.byteLength);
}

/** The length of a text of the config, which is in `buf` if it fits there, or an error. */
export function config(key: string, buf: ArrayBuffer): i32 {
  const bytes = bytesOf(key);
  return config_get(changetype<usize>(bytes), bytes.byteLength, changetype<usize>(buf), buf.byteLength);
}

/** The same for a secret. */
export function secret(name: string, buf: ArrayBuffer): i32 {
  const bytes = bytesOf(name);
  return secret_get(changetype<usize>(bytes), bytes.byteLength, changetype<usize>(buf), buf.byteLength);
}

/** The count of a window that begins with the first call and lasts so many seconds. */
export function count(key: string, windowSeconds: u32, amount: u32 = 1): i32 {
  const bytes = bytesOf(key);
  return rate_count(changetype<usize>(bytes), bytes.byteLength, windowSeconds, amount);
}

/** Puts a key in the penalty box. */
export function penalize(key: string, seconds: u32): i32 {
  const bytes = bytesOf(key);
  return rate_penalize(changetype<usize>(bytes), bytes.byteLength, seconds);
}

/** 1 while the key is in the penalty box. */
export function isPenalized(key: string): i32 {
  const bytes = bytesOf(key);
  return rate_is_penalized(changetype<usize>(bytes), bytes.byteLength);
}

/** Writes a line of the tenant's log under the name of an endpoint. */
export function log(endpoint: string, text: string): i32 {
  const name = bytesOf(endpoint);
  const line = bytesOf(text);
  return log_write(changetype<usize>(name), name.byteLength, changetype<usize>(line), line.byteLength);
}
