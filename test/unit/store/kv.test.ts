import { expect, test } from 'vitest';
import { STORE_LIMITS } from '../../../src/store/limits.ts';
import type { KvWrite } from '../../../src/store/store.ts';
import { first, opened, refusal, type Opened } from './fixtures.ts';

const write = (text: string, more: Partial<KvWrite> = {}): KvWrite => ({
  value: Buffer.from(text),
  metadata: null,
  expiresMs: null,
  ...more,
});

const textAt = ({ store }: Pick<Opened, 'store'>, key: string, nowMs = 0): string | null => {
  const found = store.kv('shop', 'cart', key, nowMs);
  return found === null ? null : Buffer.from(found.value).toString();
};

test('an entry comes back as it was written, from its own store and tenant only', () => {
  const { store, reopen } = opened('shop', 'blog');
  const value = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const generation = store.putKv('shop', 'cart', 'k', { value, metadata: '{"a":"☃"}', expiresMs: 50 }, 0);
  const again = reopen();
  expect(again.kv('shop', 'cart', 'k', 0)).toEqual({
    key: 'k',
    value,
    metadata: '{"a":"☃"}',
    generation,
    expiresMs: 50,
  });
  expect(again.kv('shop', 'other', 'k', 0)).toBeNull();
  expect(again.kv('blog', 'cart', 'k', 0)).toBeNull();
  expect(again.kv('shop', 'cart', 'K', 0)).toBeNull();
});

test('a look at an entry tells its size, and brings the value only when it is no larger than wanted', () => {
  const { store } = opened('shop');
  store.putKv('shop', 'cart', 'k', write('12345', { metadata: 'm', expiresMs: 50 }), 0);
  const entry = { key: 'k', metadata: 'm', generation: 1, expiresMs: 50, bytes: 5 };
  expect(store.kvEntry('shop', 'cart', 'k', 4, 0)).toEqual({ ...entry, value: null });
  expect(store.kvEntry('shop', 'cart', 'k', 5, 0)).toEqual({ ...entry, value: new Uint8Array(Buffer.from('12345')) });
  expect(store.kvEntry('shop', 'cart', 'k', 5, 50)).toBeNull();
  expect(store.kvEntry('shop', 'cart', '\ud800', 5, 0)).toBeNull();
});

test('a look at a large entry does not read its value', () => {
  const { store } = opened('shop');
  store.putKv('shop', 'cart', 'k', write('', { value: new Uint8Array(STORE_LIMITS.kvValueBytes) }), 0);
  const timeOf = (maxBytes: number): number => {
    const begin = performance.now();
    for (let look = 0; look < 10; look++) store.kvEntry('shop', 'cart', 'k', maxBytes, 0);
    return performance.now() - begin;
  };
  timeOf(STORE_LIMITS.kvValueBytes);
  // Some thousand times in fact.
  expect(timeOf(STORE_LIMITS.kvValueBytes - 1) * 20).toBeLessThan(timeOf(STORE_LIMITS.kvValueBytes));
});

test('values may be empty, and keys may hold any character', () => {
  const opening = opened('shop');
  for (const key of ['\0', 'a\0b', 'a\0c', ' ', '☃', '\ufffd', "'; DROP TABLE kv; --"]) {
    opening.store.putKv('shop', 'cart', key, write(key), 0);
    expect(textAt(opening, key)).toBe(key);
  }
  opening.store.putKv('shop', 'cart', 'empty', write(''), 0);
  expect(opening.store.kv('shop', 'cart', 'empty', 0)?.value).toEqual(new Uint8Array(0));
  expect(opening.store.kv('shop', 'cart', '\ud800', 0)).toBeNull();
  expect(opening.store.deleteKv('shop', 'cart', '\ud800')).toBe(false);
  expect(refusal(() => opening.store.putKv('shop', 'cart', '\ud800', write(''), 0)).code).toBe('bad_request');
});

test('each write is one generation more, and a swap needs the one it names', () => {
  const opening = opened('shop');
  const { store } = opening;
  const swap = (text: string, ifGeneration: number) =>
    store.putKv('shop', 'cart', 'k', write(text, { ifGeneration }), 0);
  expect(refusal(() => swap('no', 1)).code).toBe('precondition_failed');
  expect(swap('one', 0)).toBe(1);
  expect(refusal(() => swap('no', 0)).code).toBe('precondition_failed');
  expect(swap('two', 1)).toBe(2);
  expect(refusal(() => swap('no', 1)).message).toContain('has generation 2, and the write was meant for 1');
  expect(store.putKv('shop', 'cart', 'k', write('three'), 0)).toBe(3);
  expect(textAt(opening, 'k')).toBe('three');
});

test('an entry whose time has come is as one that is not there', () => {
  const opening = opened('shop');
  const { store } = opening;
  store.putKv('shop', 'cart', 'k', write('old'), 0);
  store.putKv('shop', 'cart', 'k', write('old', { expiresMs: 100 }), 0);
  expect(textAt(opening, 'k', 99)).toBe('old');
  expect(textAt(opening, 'k', 100)).toBeNull();
  expect(store.kvKeys('shop', 'cart', '', first(10), 99).items).toHaveLength(1);
  expect(store.kvKeys('shop', 'cart', '', first(10), 100).items).toEqual([]);
  expect(refusal(() => store.putKv('shop', 'cart', 'k', write('no', { ifGeneration: 2 }), 100)).code).toBe(
    'precondition_failed',
  );
  expect(store.putKv('shop', 'cart', 'k', write('new', { ifGeneration: 0 }), 100)).toBe(1);
  expect(textAt(opening, 'k', 10_000)).toBe('new');
});

test('deleting answers whether there was one', () => {
  const opening = opened('shop');
  opening.store.putKv('shop', 'cart', 'k', write('x'), 0);
  expect(opening.store.deleteKv('shop', 'other', 'k')).toBe(false);
  expect(opening.store.deleteKv('shop', 'cart', 'k')).toBe(true);
  expect(opening.store.deleteKv('shop', 'cart', 'k')).toBe(false);
  expect(textAt(opening, 'k')).toBeNull();
});

test('keys are listed by their bytes and by their prefix, without values', () => {
  const { store } = opened('shop');
  // By UTF-16 units the last two would be the other way round.
  const keys = ['a', 'a/', 'a/1', 'a/2', 'a0', 'b', 'ä', '\uffff', '\u{1f600}'];
  for (const key of keys.toReversed()) store.putKv('shop', 'cart', key, write(key, { metadata: `of ${key}` }), 0);
  store.putKv('shop', 'other', 'a/3', write(''), 0);
  const list = (prefix: string) => store.kvKeys('shop', 'cart', prefix, first(100), 0).items.map(({ key }) => key);
  expect(list('')).toEqual(keys);
  expect(list('a/')).toEqual(['a/', 'a/1', 'a/2']);
  expect(list('a')).toEqual(['a', 'a/', 'a/1', 'a/2', 'a0']);
  expect(list('\u{1f600}')).toEqual(['\u{1f600}']);
  expect(list('%')).toEqual([]);
  expect(store.kvKeys('shop', 'cart', 'b', first(1), 0).items).toEqual([
    { key: 'b', metadata: 'of b', generation: 1, expiresMs: null },
  ]);
  expect(refusal(() => store.kvKeys('shop', 'cart', '\ud800', first(1), 0)).code).toBe('bad_request');
});

test('a list in parts has every key once', () => {
  const { store } = opened('shop');
  const keys = Array.from({ length: 23 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  store.atomically(() => keys.forEach((key) => store.putKv('shop', 'cart', key, write(''), 0)));
  store.putKv('shop', 'cart', 'z', write(''), 0);
  const seen: string[] = [];
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page = store.kvKeys('shop', 'cart', 'k', { limit: 5, cursor }, 0);
    seen.push(...page.items.map(({ key }) => key));
    cursor = page.next;
  }
  expect(seen).toEqual(keys);
  expect(refusal(() => store.kvKeys('shop', 'cart', '', { limit: 5, cursor: '!' }, 0)).code).toBe('bad_request');
});

test('the largest key, value and metadata are taken, and one byte more is not', () => {
  const { store } = opened('shop');
  const largest = write('', { value: new Uint8Array(STORE_LIMITS.kvValueBytes), metadata: 'm'.repeat(1_024) });
  const key = 'k'.repeat(512);
  store.putKv('shop', 'cart', key, largest, 0);
  expect(store.kv('shop', 'cart', key, 0)?.value.length).toBe(STORE_LIMITS.kvValueBytes);
  const refused = (name: string, more: Partial<KvWrite>) =>
    refusal(() => store.putKv('shop', 'cart', name, write('', more), 0));
  for (const [limit, error] of [
    ['kvKeyBytes', refused(`${key}k`, {})],
    ['kvValueBytes', refused('k', { value: new Uint8Array(STORE_LIMITS.kvValueBytes + 1) })],
    ['kvMetadataBytes', refused('k', { metadata: 'm'.repeat(1_025) })],
  ] as const) {
    expect(error.code).toBe('too_large');
    expect(error.message).toContain(`at most ${STORE_LIMITS[limit]} are stored (${limit});`);
  }
});

test('nobody without a tenant writes, and no key without a name is written', () => {
  const { store } = opened('shop');
  expect(refusal(() => store.putKv('nobody', 'cart', 'k', write(''), 0)).code).toBe('not_found');
  for (const key of ['', '.', '..']) {
    expect(refusal(() => store.putKv('shop', 'cart', key, write(''), 0)).code).toBe('bad_request');
  }
  expect(refusal(() => store.putKv('shop', '', 'k', write(''), 0)).code).toBe('bad_request');
  expect(() => store.putKv('shop', 'cart', 'k', write('', { expiresMs: 0.5 }), 0)).toThrow(TypeError);
});

const usage = ({ behind }: Opened) => behind('SELECT bytes FROM kv_usage')[0]?.['bytes'];
const fill = ({ behind }: Opened, room: number) =>
  behind(`UPDATE kv_usage SET bytes = ${STORE_LIMITS.kvTenantBytes - room}`);

test('what a tenant uses follows every write and every deletion', () => {
  const opening = opened('shop');
  const { store } = opening;
  store.putKv('shop', 'cart', 'k', write('12345', { metadata: 'ä' }), 0);
  expect(usage(opening)).toBe(64 + 1 + 5 + 2);
  store.putKv('shop', 'cart', 'k', write('1'), 0);
  expect(usage(opening)).toBe(64 + 1 + 1);
  store.putKv('shop', 'other', 'k2', write('', { expiresMs: 5 }), 0);
  expect(usage(opening)).toBe(66 + 66);
  store.deleteKv('shop', 'cart', 'k');
  expect(usage(opening)).toBe(66);
  store.prune(5);
  expect(usage(opening)).toBe(0);
});

test('a full tenant is refused until it deletes something', () => {
  const opening = opened('shop', 'blog');
  const { store } = opening;
  store.putKv('shop', 'cart', 'k', write('1234567890'), 0);
  fill(opening, 70);
  expect(refusal(() => store.putKv('shop', 'cart', 'l', write('123456'), 0))).toMatchObject({
    code: 'too_large',
    message: expect.stringMatching(
      /have 1073741825 bytes, and at most 1073741824 are stored \(kvTenantBytes\); delete/,
    ) as string,
  });
  expect(textAt(opening, 'l')).toBeNull();
  store.putKv('blog', 'cart', 'l', write('123456'), 0);
  expect(store.putKv('shop', 'cart', 'k', write('0987654321'), 0)).toBe(2);
  store.putKv('shop', 'cart', 'l', write('12345'), 0);
  expect(refusal(() => store.putKv('shop', 'cart', 'm', write(''), 0)).code).toBe('too_large');
  store.deleteKv('shop', 'cart', 'k');
  store.putKv('shop', 'cart', 'm', write(''), 0);
});

test('entries whose time has come make room', () => {
  const opening = opened('shop', 'blog');
  const { store } = opening;
  store.putKv('shop', 'cart', 'old', write('x'.repeat(1_000), { expiresMs: 10 }), 0);
  fill(opening, 0);
  store.putKv('blog', 'cart', 'old', write('x', { expiresMs: 10 }), 0);
  expect(refusal(() => store.putKv('shop', 'cart', 'new', write('y'), 9)).code).toBe('too_large');
  expect(store.putKv('shop', 'cart', 'old', write('z'.repeat(999)), 10)).toBe(1);
  expect(textAt(opening, 'old', 10)).toHaveLength(999);
  expect(store.kv('blog', 'cart', 'old', 9)).not.toBeNull();
});
