import { beforeEach, describe, expect, it } from 'vitest';
import { FILL_LEASE_MS, MAX_PENDING_PURGES, OBJECT_OVERHEAD_BYTES } from '../../../src/cache/limits.ts';
import { ObjectStore } from '../../../src/cache/object-store.ts';
import type { ObjectAnswer, ObjectPut } from '../../../src/capability/object-cache.ts';
import type { TenantHome } from '../../../src/capability/stores.ts';

const ACME: TenantHome = { tenant: 'acme', madeMs: 5 };
const OTHER: TenantHome = { tenant: 'other', madeMs: 5 };
const KIB = 1_024;

let nowMs: number;
let store: ObjectStore;
const clock = { monotonicMs: () => nowMs };

beforeEach(() => {
  nowMs = 1_000;
  store = new ObjectStore({ maxBytes: 64 * KIB, quotaBytes: 16 * KIB, clock });
});

function put(
  key: string,
  value: string | number,
  more: Partial<ObjectPut> = {},
  home = ACME,
  fill: number | null = null,
) {
  const bytes = typeof value === 'number' ? new Uint8Array(value) : Buffer.from(value);
  const object = { value: bytes, ttlSeconds: 60, staleSeconds: 0, tags: [], ...more };
  return store.ask(home, { kind: 'put', key, put: object, fill });
}

async function get(key: string, home = ACME): Promise<string | null> {
  const answer = await store.ask(home, { kind: 'get', key, maxBytes: 10_000 });
  if (answer.kind !== 'found') throw new Error(answer.kind);
  return answer.object === null ? null : Buffer.from(answer.object.value ?? []).toString();
}

type LookedUp = Extract<ObjectAnswer, { kind: 'looked_up' }>;

const lookup = (key: string, waitMs = 10_000, home = ACME): Promise<LookedUp> =>
  store.ask(home, { kind: 'lookup', key, maxBytes: 10_000, waitMs }) as Promise<LookedUp>;

const valueOf = ({ object }: LookedUp): string | null =>
  object === null ? null : String(Buffer.from(object.value ?? []));

async function filling(key: string): Promise<number> {
  const { fill } = await lookup(key);
  if (fill === null) throw new Error('somebody else makes it');
  return fill;
}

const KEPT = { kind: 'kept', kept: true };
const NOT_KEPT = { kind: 'kept', kept: false };

describe('an object', () => {
  it('is found as long as it lives, stale at the end, and then not at all', async () => {
    await put('k', 'value', { ttlSeconds: 2, staleSeconds: 3 });
    const fresh = await store.ask(ACME, { kind: 'get', key: 'k', maxBytes: 10 });
    expect(fresh).toMatchObject({ object: { bytes: 5, freshForMs: 2_000 } });
    nowMs += 2_000;
    expect(await store.ask(ACME, { kind: 'get', key: 'k', maxBytes: 10 })).toMatchObject({ object: { freshForMs: 0 } });
    nowMs += 2_999;
    expect(await get('k')).toBe('value');
    nowMs += 1;
    expect(await get('k')).toBeNull();
    expect(store.bytes()).toBe(0);
  });

  it('comes without its value when that is longer than was asked for', async () => {
    await put('k', 'value');
    expect(await store.ask(ACME, { kind: 'get', key: 'k', maxBytes: 4 })).toMatchObject({
      object: { bytes: 5, value: null },
    });
  });

  it('takes the place of the one before, with its tags', async () => {
    await put('k', 'one', { tags: ['a', 'both', 'both'] });
    await put('k', 'two', { tags: ['b', 'both'] });
    expect(store.purgeTag(ACME, 'a')).toBe(0);
    expect(await get('k')).toBe('two');
    expect([store.purgeTag(ACME, 'both'), await get('k'), store.bytes()]).toEqual([1, null, 0]);
  });

  it('is deleted by key, by tag, and with all others', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await put(key, key, { tags: [key < 'c' ? 'early' : 'late'] });
    expect(await store.ask(ACME, { kind: 'delete', key: 'a' })).toEqual({ kind: 'removed', count: 1 });
    expect(await store.ask(ACME, { kind: 'delete', key: 'a' })).toEqual({ kind: 'removed', count: 0 });
    expect(await store.ask(ACME, { kind: 'purge', tag: 'early' })).toEqual({ kind: 'removed', count: 1 });
    expect(store.purgeAll(ACME)).toBe(2);
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((key) => get(key)))).toEqual([null, null, null, null]);
  });
});

describe('one of many', () => {
  it('makes the object, and the others get it when it is there', async () => {
    const fill = await filling('k');
    const others = Array.from({ length: 5 }, () => lookup('k'));
    expect(await put('k', 'made', {}, ACME, fill)).toEqual(KEPT);
    for (const other of await Promise.all(others)) expect([valueOf(other), other.fill]).toEqual(['made', null]);
    expect(await lookup('k')).toMatchObject({ fill: null });
  });

  it('that gives up lets the next one make it, one after the other', async () => {
    const first = await filling('k');
    const [second, third] = [lookup('k'), lookup('k')];
    store.release(first);
    const { fill } = await second;
    expect(fill).not.toBeNull();
    await put('k', 'of the second', {}, ACME, fill);
    expect(valueOf(await third)).toBe('of the second');
    store.release(first);
    expect(await get('k')).toBe('of the second');
  });

  it('is waited for as long as the others like', async () => {
    const fill = await filling('k');
    expect(await lookup('k', 1)).toEqual({ kind: 'fault', fault: 'waited' });
    store.release(fill);
    expect((await lookup('k')).fill).not.toBeNull();
  });

  it('makes a stale object anew while the others have the stale one', async () => {
    await put('k', 'old', { ttlSeconds: 1, staleSeconds: 60 });
    nowMs += 1_000;
    const first = await lookup('k');
    expect([valueOf(first), first.fill === null]).toEqual(['old', false]);
    const second = await lookup('k');
    expect([valueOf(second), second.fill]).toEqual(['old', null]);
    await put('k', 'new', {}, ACME, first.fill);
    expect(await get('k')).toBe('new');
  });

  it('that says nothing for long has failed, and what it brings then is not kept', async () => {
    const late = await filling('k');
    nowMs += FILL_LEASE_MS + 1;
    const next = await filling('k');
    expect(await put('k', 'late', {}, ACME, late)).toEqual(NOT_KEPT);
    expect(await put('k', 'in time', {}, ACME, next)).toEqual(KEPT);
    expect(await get('k')).toBe('in time');
  });

  it('need not wait for itself: another may just put the object, and who waits gets it', async () => {
    const fill = await filling('k');
    const waiting = lookup('k');
    await put('k', 'from elsewhere');
    expect(valueOf(await waiting)).toBe('from elsewhere');
    expect(await put('k', 'made', {}, ACME, fill)).toEqual(KEPT);
  });
});

describe('what is purged while it is made is not kept', () => {
  it.each<[string, () => unknown]>([
    ['its key', () => store.ask(ACME, { kind: 'delete', key: 'k' })],
    ['one of its tags', () => store.purgeTag(ACME, 'mine')],
    ['everything', () => store.purgeAll(ACME)],
    [
      'more tags than are remembered',
      () => {
        for (let tag = 0; tag <= MAX_PENDING_PURGES; tag++) store.purgeTag(ACME, `tag ${tag}`);
      },
    ],
  ])('by %s, and the next makes it', async (_, purge) => {
    const fill = await filling('k');
    const waiting = lookup('k');
    await purge();
    expect(await put('k', 'old', { tags: ['mine'] }, ACME, fill)).toEqual(NOT_KEPT);
    expect((await waiting).fill).not.toBeNull();
    expect(await get('k')).toBeNull();
  });

  it('and is, once who makes it after its lease has begun after the purge', async () => {
    await filling('k');
    store.purgeTag(ACME, 'mine');
    nowMs += FILL_LEASE_MS + 1;
    const next = await filling('k');
    for (let tag = 0; tag < MAX_PENDING_PURGES / 2; tag++) store.purgeTag(ACME, `tag ${tag}`);
    expect(await put('k', 'new', { tags: ['mine'] }, ACME, next)).toEqual(KEPT);
  });

  it('but by a tag of others it is', async () => {
    const fill = await filling('k');
    store.purgeTag(ACME, 'theirs');
    store.purgeTag(OTHER, 'mine');
    expect(await put('k', 'made', { tags: ['mine'] }, ACME, fill)).toEqual(KEPT);
  });
});

describe('room', () => {
  it('of a tenant is that of its quota: what it has not used for longest goes first', async () => {
    for (const key of ['a', 'b', 'c']) await put(key, 5 * KIB - 1_000);
    await get('a');
    await put('d', 5 * KIB - 1_000);
    const there = await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => (await get(key)) !== null));
    expect(there).toEqual([true, false, true, true]);
    expect(store.bytes(ACME)).toBeLessThanOrEqual(16 * KIB);
  });

  it('is not made by storing much: no other tenant loses anything', async () => {
    await put('kept', 'theirs', {}, OTHER);
    for (let i = 0; i < 100; i++) await put(`k${i}`, 3 * KIB);
    expect(await get('kept', OTHER)).toBe('theirs');
  });

  it('of the process is taken from who has most', async () => {
    const small = { tenant: 'small', madeMs: null };
    await put('kept', 'mine', {}, small);
    for (let tenant = 0; tenant < 6; tenant++)
      for (let i = 0; i < 4; i++) await put(`k${i}`, 3 * KIB, {}, { tenant: `t${tenant}`, madeMs: 1 });
    expect(store.bytes()).toBeLessThanOrEqual(64 * KIB);
    expect(await get('kept', small)).toBe('mine');
  });

  it('is not there for what is larger than a quota, and who waits for that makes it', async () => {
    const fill = await filling('k');
    const waiting = lookup('k');
    expect(await put('k', 16 * KIB, {}, ACME, fill)).toEqual({ kind: 'fault', fault: 'too_large' });
    expect((await waiting).fill).not.toBeNull();
  });

  it('counts keys and tags, and empty objects too', async () => {
    await put('key', '', { tags: ['tag'] });
    expect(store.bytes()).toBe(OBJECT_OVERHEAD_BYTES + 6 + 6 + 64);
    store.clear();
    expect([store.bytes(), await get('key')]).toEqual([0, null]);
  });
});

describe('tenants', () => {
  it('see nothing of each other’s under the same names, nor of who had their name before', async () => {
    const again = { tenant: 'acme', madeMs: 6 };
    const folder = { tenant: 'acme', madeMs: null };
    const fill = await filling('k');
    await put('k', 'mine', { tags: ['t'] }, ACME, fill);
    for (const home of [OTHER, again, folder]) {
      expect(await get('k', home)).toBeNull();
      expect((await lookup('k', 0, home)).fill).not.toBeNull();
      expect([store.purgeTag(home, 't'), store.purgeAll(home)]).toEqual([0, 0]);
    }
    expect(await get('k')).toBe('mine');
  });
});
