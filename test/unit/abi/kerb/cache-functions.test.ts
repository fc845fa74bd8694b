import { beforeEach, describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO, type ErrnoName } from '../../../../src/abi/kerb/errno.ts';
import {
  MAX_CACHE_OPERATIONS,
  MAX_CACHE_TTL_SECONDS,
  MAX_CACHE_WAIT_MS,
  MAX_OBJECT_BYTES,
  SIZES,
} from '../../../../src/abi/kerb/limits.ts';
import {
  ObjectCacheError,
  type CachedObject,
  type Lookup,
  type ObjectCache,
  type ObjectFault,
  type ObjectPut,
} from '../../../../src/capability/object-cache.ts';
import { BUFFER, KerbHost } from './kerb-host.ts';

/** A cache that notes what it is asked and answers one thing. */
class NotingCache implements ObjectCache {
  readonly asked: string[] = [];
  readonly puts: ObjectPut[] = [];
  looked: Lookup = { object: null, mustFill: true };
  fault: ObjectFault | null = null;
  ended = 0;

  get = (key: string, maxBytes: number): Promise<CachedObject | null> =>
    this.#answer(`get ${key} ${maxBytes}`, this.looked.object);

  lookup = (key: string, maxBytes: number, waitMs: number): Promise<Lookup> =>
    this.#answer(`lookup ${key} ${maxBytes} ${waitMs}`, this.looked);

  put = (key: string, put: ObjectPut): Promise<boolean> => {
    this.puts.push(put);
    return this.#answer(`put ${key}`, true);
  };

  release = (key: string): boolean => key === 'mine';
  delete = (key: string): Promise<boolean> => this.#answer(`delete ${key}`, true);
  purgeTag = (tag: string): Promise<number> => this.#answer(`purge ${tag}`, 7);

  end = (): void => {
    this.ended += 1;
  };

  #answer<T>(question: string, answer: T): Promise<T> {
    this.asked.push(question);
    return this.fault === null ? Promise.resolve(answer) : Promise.reject(new ObjectCacheError(this.fault));
  }
}

const FILL = 1n << 62n;
const NONE = 1n << 61n;

let host: KerbHost;
let cache: NotingCache;
beforeEach(() => {
  host = new KerbHost();
  cache = new NotingCache();
  host.cache = cache;
});

function object(text: string, freshForMs: number, hasValue = true): CachedObject {
  const value = Buffer.from(text);
  return { bytes: value.length, value: hasValue ? value : null, freshForMs };
}

const get = async (key: string, limit = 100): Promise<bigint> =>
  BigInt((await host.call('kerb_cache.get', ...host.text(key), BUFFER, limit)) ?? 0);
const lookup = async (key: string, waitMs = 50): Promise<bigint> =>
  BigInt((await host.call('kerb_cache.lookup', ...host.text(key), waitMs, BUFFER, 100)) ?? 0);
const put = async (key: string, value: string, ttl = 60, stale = 0, tags = ''): Promise<number> =>
  Number(await host.call('kerb_cache.put', ...host.text(key), ...host.text(value), ttl, stale, ...host.text(tags)));

describe('get', () => {
  it('writes the value, and tells its length and for how long it is fresh', async () => {
    cache.looked = { object: object('value', 1_500), mustFill: false };
    expect(await get('k')).toBe((2n << 32n) | 5n);
    expect(host.at(BUFFER, 5)).toBe('value');
    cache.looked = { object: object('', -3, true), mustFill: false };
    expect(await get('k')).toBe(0n);
    expect(cache.asked).toEqual(['get k 100', 'get k 100']);
  });

  it('tells the length of what does not fit, and writes nothing', async () => {
    cache.looked = { object: object('value', 1_000, false), mustFill: false };
    expect(await get('k', 4)).toBe((1n << 32n) | 5n);
    expect(host.at(BUFFER, 5)).toBe('\0'.repeat(5));
  });

  it('tells that there is nothing', async () => {
    expect(await get('k')).toBe(BigInt(ERRNO.absent));
  });
});

describe('lookup', () => {
  it.each<[string, Lookup, bigint]>([
    ['a fresh object', { object: object('v', 3_000), mustFill: false }, (3n << 32n) | 1n],
    ['a stale object that another makes anew', { object: object('v', -1), mustFill: false }, 1n],
    ['a stale object that this guest makes anew', { object: object('v', 0), mustFill: true }, FILL | 1n],
    ['nothing, which this guest makes', { object: null, mustFill: true }, FILL | NONE],
    ['an empty object', { object: object('', 1), mustFill: false }, 1n << 32n],
  ])('finds %s', async (_, looked, result) => {
    cache.looked = looked;
    expect(await lookup('k')).toBe(result);
  });

  it('waits as long as the guest likes, and no longer than may be', async () => {
    await lookup('k', 7);
    await lookup('k', -1);
    expect(cache.asked).toEqual(['lookup k 100 7', `lookup k 100 ${MAX_CACHE_WAIT_MS}`]);
  });
});

describe('put', () => {
  it('keeps value, life and tags', async () => {
    expect(await put('k', 'value', 60, 30, ' a  b ')).toBe(1);
    expect(cache.puts).toEqual([{ value: Buffer.from('value'), ttlSeconds: 60, staleSeconds: 30, tags: ['a', 'b'] }]);
  });

  it.each<[string, () => Promise<number>, ErrnoName]>([
    ['a life of 0', () => put('k', 'v', 0), 'invalid'],
    ['a life below 0', () => put('k', 'v', -1), 'invalid'],
    ['a life over a year', () => put('k', 'v', MAX_CACHE_TTL_SECONDS + 1), 'invalid'],
    ['a stale life below 0', () => put('k', 'v', 1, -1), 'invalid'],
    ['an empty key', () => put('', 'v'), 'invalid'],
    ['a long key', () => put('k'.repeat(SIZES.key + 1), 'v'), 'too_large'],
    ['many tags', () => put('k', 'v', 1, 0, 'a b c d e f g h i j k l m n o p q'), 'too_large'],
    ['a long tag', () => put('k', 'v', 1, 0, 't'.repeat(129)), 'too_large'],
  ])('refuses %s', async (_, call, errno) => {
    expect(await call()).toBe(ERRNO[errno]);
    expect(cache.asked).toEqual([]);
  });

  it('holds a large value on the request’s account while it is on its way', async () => {
    host.pages.grow(70);
    const call = (length: number): Promise<unknown> =>
      host.call('kerb_cache.put', ...host.text('k'), 0, length, 1, 0, 0, 0);
    const writing = call(MAX_OBJECT_BYTES);
    expect(host.held).toBe(64);
    expect([await writing, host.held]).toEqual([1, 0]);
    expect(await call(MAX_OBJECT_BYTES + 1)).toBe(ERRNO.too_large);
    cache.fault = 'busy';
    expect([await call(MAX_OBJECT_BYTES), host.held]).toEqual([ERRNO.busy, 0]);
  });
});

it('releases, deletes and purges', async () => {
  expect(await host.call('kerb_cache.release', ...host.text('mine'))).toBe(1);
  expect(await host.call('kerb_cache.release', ...host.text('other'))).toBe(0);
  expect(await host.call('kerb_cache.delete', ...host.text('k'))).toBe(1);
  expect(await host.call('kerb_cache.purge', ...host.text('tag'))).toBe(7);
  for (const tags of ['', ' ', 'a b'])
    expect(await host.call('kerb_cache.purge', ...host.text(tags))).toBe(ERRNO.invalid);
  expect(cache.asked).toEqual(['delete k', 'purge tag']);
});

it.each<[ObjectFault, ErrnoName]>([
  ['waited', 'timeout'],
  ['too_large', 'too_large'],
  ['too_many', 'too_many'],
  ['busy', 'busy'],
  ['unavailable', 'unavailable'],
])('tells of a cache that fails as %s', async (fault, errno) => {
  cache.fault = fault;
  const results = [await get('k'), await lookup('k'), await put('k', 'v')];
  results.push(Number(await host.call('kerb_cache.delete', ...host.text('k'))));
  results.push(Number(await host.call('kerb_cache.purge', ...host.text('k'))));
  expect(results.map(Number)).toEqual(results.map(() => ERRNO[errno]));
});

it('answers so many questions in a request, and then ends what that has begun', async () => {
  for (let request = 1; request <= 2; request++) {
    for (let i = 0; i < MAX_CACHE_OPERATIONS; i++) await host.call('kerb_cache.release', 1_000, 1);
    expect(await get('k')).toBe(BigInt(ERRNO.quota));
    host.state.reset();
    expect(cache.ended).toBe(request);
  }
});

it('is refused to who was not granted it', async () => {
  host.cache = null;
  expect([await get('k'), await lookup('k'), await put('k', 'v')].map(Number)).toEqual(
    Array.from({ length: 3 }, () => ERRNO.not_granted),
  );
});

it('ends the guest on memory out of bounds before anything is asked', async () => {
  await expect(get('k', 60_000)).rejects.toThrow(GuestFault);
  await expect(host.call('kerb_cache.put', 1_000, 1, 65_000, 1_000, 1, 0, 0, 0)).rejects.toThrow(GuestFault);
  expect(cache.asked).toEqual([]);
});
