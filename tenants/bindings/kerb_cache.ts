/** Kerb's kerb_cache for AssemblyScript guests: bytes by key that may be forgotten at any time. The manifest says [stores] cache = true. */

@external("kerb_cache", "get")
declare function cache_get(key: usize, length: u32, buf: usize, limit: u32): i64;
@external("kerb_cache", "lookup")
declare function cache_lookup(key: usize, length: u32, waitMs: u32, buf: usize, limit: u32): i64;
@external("kerb_cache", "put")
declare function cache_put(
  key: usize, length: u32, value: usize, valueLength: u32, ttlSeconds: u32, staleSeconds: u32, tags: usize, tagsLength: u32,
): i32;
@external("kerb_cache", "release")
declare function cache_release(key: usize, length: u32): i32;
@external("kerb_cache", "delete")
declare function cache_delete(key: usize, length: u32): i32;
@external("kerb_cache", "purge")
declare function cache_purge(tag: usize, length: u32): i32;

/** There is nothing of that key. */
export const ABSENT: i64 = -20;
/** Whoever makes the object has not done so in time. */
export const TIMEOUT: i64 = -9;

/** Of an answer that is not negative: this guest has to make the object. */
export function mustFill(answer: i64): bool {
  return answer >= 0 && (answer & (1 << 62)) != 0;
}

/** Whether there is an object, be it stale or empty. */
export function isThere(answer: i64): bool {
  return answer >= 0 && (answer & (1 << 61)) == 0;
}

/** The length of its value. */
export function lengthOf(answer: i64): i32 {
  return <i32>answer;
}

/** The seconds for which it stays fresh; 0: it is stale. */
export function freshSeconds(answer: i64): i32 {
  return <i32>((answer >> 32) & 0x1fffffff);
}

/** Finds an object, which is in `buf` if it fits there. Waits for nobody who makes it. */
export function get(key: string, buf: ArrayBuffer): i64 {
  const k = String.UTF8.encode(key);
  return cache_get(changetype<usize>(k), k.byteLength, changetype<usize>(buf), buf.byteLength);
}

/**
 * The same; where there is no fresh object, one of all who look it up has to make it ({@link mustFill}) and then calls `put` or
 * `release`. The others get the stale one, or wait for up to `waitMs`, at most 10,000.
 */
export function lookup(key: string, waitMs: u32, buf: ArrayBuffer): i64 {
  const k = String.UTF8.encode(key);
  return cache_lookup(changetype<usize>(k), k.byteLength, waitMs, changetype<usize>(buf), buf.byteLength);
}

/** Keeps an object, fresh for a while, then stale for a while, with tags separated by blanks. 0: it was purged while it was made. */
export function put(key: string, value: ArrayBuffer, ttlSeconds: u32, staleSeconds: u32 = 0, tags: string = ""): i32 {
  const k = String.UTF8.encode(key);
  const t = String.UTF8.encode(tags);
  return cache_put(
    changetype<usize>(k), k.byteLength, changetype<usize>(value), value.byteLength, ttlSeconds, staleSeconds,
    changetype<usize>(t), t.byteLength,
  );
}

/** Gives up making an object: the next who waits has to. */
export function release(key: string): i32 {
  const k = String.UTF8.encode(key);
  return cache_release(changetype<usize>(k), k.byteLength);
}

/** Removes an object: 1; 0: there was none. */
export function remove(key: string): i32 {
  const k = String.UTF8.encode(key);
  return cache_delete(changetype<usize>(k), k.byteLength);
}

/** Removes every object with a tag; answers how many there were. */
export function purge(tag: string): i32 {
  const t = String.UTF8.encode(tag);
  return cache_purge(changetype<usize>(t), t.byteLength);
}
