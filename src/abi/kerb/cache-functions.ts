/** The import module `kerb_cache`: the tenant's object cache. What asks it suspends the guest. */
import type { CachedObject, ObjectCache, ObjectPut } from '../../capability/object-cache.ts';
import type { HostModule } from '../host-function.ts';
import { bytesAt, nameAt, textAt } from './arguments.ts';
import { ERRNO, errnoOf, type Errno } from './errno.ts';
import type { KerbGuest } from './guest.ts';
import { heldWhile } from './held.ts';
import { MAX_CACHE_TTL_SECONDS, MAX_CACHE_WAIT_MS, MAX_OBJECT_BYTES, OBJECT_TAGS, SIZES } from './limits.ts';

/** Where the seconds begin in the result of `get` and `lookup`. */
const SECONDS_AT = 32n;
/** There is no object: not even an empty one. */
const NONE = 1n << 61n;
/** The guest has to make the object. */
const FILL = 1n << 62n;

/** `get`, `lookup`, `put`, `release`, `delete`, `purge`. */
export const CACHE_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `get(key, key_len, buf, buf_limit)`: finds an object and writes it if it fits in `buf_limit` bytes; never waits for who makes it.
   * Result: its length in bytes in bits 0 to 31, and the seconds for which it stays fresh, rounded up, in bits 32 to 60; 0 seconds: it
   * is stale. Or `absent`, `invalid`, `too_large` for the key, `quota` beyond 1,000 questions in a request, `busy`, `unavailable`,
   * `not_granted`.
   */
  get: {
    signature: 'iiii->I',
    suspends: true,
    bind: (state) => (at: number, length: number, buf: number, limit: number) => {
      const asked = keyOf(state, at, length);
      if (typeof asked === 'number') return BigInt(asked);
      state.host.memory.checkRange(buf, limit);
      return asked.cache
        .get(asked.key, limit >>> 0)
        .then((object) => (object === null ? BigInt(ERRNO.absent) : written(state, object, buf, limit)), failed);
    },
  },
  /**
   * `lookup(key, key_len, wait_ms, buf, buf_limit)`: as `get`, and when there is no fresh object one of all who look it up has to make
   * it: bit 62 of the result says that it is this guest, which then calls `put` or `release`; its end releases too. Meanwhile the others
   * get what is stale, or wait for up to `wait_ms`, 10,000 at the most. Bit 61: there is no object, not even a stale or an empty one.
   * Result: as `get`, without `absent`; also `timeout` when the wait is over, and `too_many` when the request has 16 objects to make.
   */
  lookup: {
    signature: 'iiiii->I',
    suspends: true,
    bind: (state) => (at: number, length: number, waitMs: number, buf: number, limit: number) => {
      const asked = keyOf(state, at, length);
      if (typeof asked === 'number') return BigInt(asked);
      state.host.memory.checkRange(buf, limit);
      const patience = Math.min(waitMs >>> 0, MAX_CACHE_WAIT_MS);
      return asked.cache.lookup(asked.key, limit >>> 0, patience).then(({ object, mustFill }) => {
        const found = object === null ? NONE : written(state, object, buf, limit);
        return mustFill ? found | FILL : found;
      }, failed);
    },
  },
  /**
   * `put(key, key_len, value, value_len, ttl_seconds, stale_seconds, tags, tags_len)`: keeps an object, fresh for `ttl_seconds`, 1 to
   * 31,536,000, then stale for `stale_seconds`. Tags are separated by blanks: 16 of 128 bytes at the most. Whoever waits for the object
   * gets it.
   * Result: 1; 0 when it is not kept because it, or one of its tags, was purged while this guest made it; or `invalid`, `too_large` for a
   * value above 4 MiB and for too many or too long tags, and as `get`.
   */
  put: {
    signature: 'iiiiiiii->i',
    suspends: true,
    bind: (state) => {
      return (at: number, length: number, value: number, valueLength: number, ...rest: number[]) => {
        const [ttlSeconds = 0, staleSeconds = 0, tagsAt = 0, tagsLength = 0] = rest;
        const { memory } = state.host;
        const tags = tagsOf(textAt(memory, tagsAt, tagsLength, OBJECT_TAGS.textBytes));
        if (typeof tags === 'number') return tags;
        if (!isLife(ttlSeconds, 1) || !isLife(staleSeconds, 0)) return ERRNO.invalid;
        const bytes = bytesAt(memory, value, valueLength, MAX_OBJECT_BYTES);
        if (typeof bytes === 'number') return bytes;
        const asked = keyOf(state, at, length);
        if (typeof asked === 'number') return asked;
        return kept(state, asked, { value: bytes, ttlSeconds, staleSeconds, tags });
      };
    },
  },
  /**
   * `release(key, key_len)`: gives up making an object; the next who waits for it has to. Never waits.
   * Result: 1, 0 when this guest did not have to make it, or as `get`.
   */
  release: {
    signature: 'ii->i',
    bind: (state) => (at: number, length: number) => {
      const asked = keyOf(state, at, length);
      return typeof asked === 'number' ? asked : Number(asked.cache.release(asked.key));
    },
  },
  /** `delete(key, key_len)`: removes an object, also what somebody makes. Result: 1, 0 when there was none, or as `get`. */
  delete: {
    signature: 'ii->i',
    suspends: true,
    bind: (state) => (at: number, length: number) => {
      const asked = keyOf(state, at, length);
      return typeof asked === 'number' ? asked : asked.cache.delete(asked.key).then(Number, errnoOf);
    },
  },
  /** `purge(tag, tag_len)`: removes every object with a tag, likewise. Result: how many there were, or as `get`. */
  purge: {
    signature: 'ii->i',
    suspends: true,
    bind: (state) => (at: number, length: number) => {
      const tags = tagsOf(textAt(state.host.memory, at, length, OBJECT_TAGS.textBytes));
      if (typeof tags === 'number') return tags;
      const [tag] = tags;
      if (tag === undefined || tags.length > 1) return ERRNO.invalid;
      const cache = cacheOf(state);
      return typeof cache === 'number' ? cache : cache.purgeTag(tag).then((count) => count, errnoOf);
    },
  },
};

/** A key of the cache. */
interface Asked {
  readonly cache: ObjectCache;
  readonly key: string;
}

function keyOf(state: KerbGuest, at: number, length: number): Asked | Errno {
  const key = nameAt(state.host.memory, at, length, SIZES.key);
  if (typeof key === 'number') return key;
  const cache = cacheOf(state);
  return typeof cache === 'number' ? cache : { cache, key };
}

/** The cache, when the request may ask it once more. */
function cacheOf(state: KerbGuest): ObjectCache | Errno {
  const { objects } = state;
  if (objects === null) return ERRNO.not_granted;
  return state.takeCacheOperation() ? objects : ERRNO.quota;
}

/** Writes an object where it fits; answers its length and how long it stays fresh. */
function written(
  { host: { memory } }: KerbGuest,
  { value, bytes, freshForMs }: CachedObject,
  buf: number,
  limit: number,
): bigint {
  if (value !== null) memory.writeBytes(buf, limit, value);
  const seconds = Math.max(0, Math.ceil(freshForMs / 1_000));
  return (BigInt(seconds) << SECONDS_AT) | BigInt(bytes);
}

function kept(state: KerbGuest, { cache, key }: Asked, put: ObjectPut): Promise<number> {
  return heldWhile(state.host, put.value.length, () => cache.put(key, put)).then(Number, errnoOf);
}

function failed(error: unknown): bigint {
  return BigInt(errnoOf(error));
}

function isLife(seconds: number, least: number): boolean {
  return seconds >= least && seconds <= MAX_CACHE_TTL_SECONDS;
}

function tagsOf(text: string | Errno): readonly string[] | Errno {
  if (typeof text === 'number') return text;
  const tags = text.split(' ').filter((tag) => tag !== '');
  const isTooMuch = tags.length > OBJECT_TAGS.most || tags.some((tag) => Buffer.byteLength(tag) > OBJECT_TAGS.bytes);
  return isTooMuch ? ERRNO.too_large : tags;
}
