import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { CacheEntry } from '../../../src/cache/entry.ts';
import {
  MAX_PENDING_PURGES,
  PURGED_PER_TURN,
  MAX_TAG_CHARS,
  MAX_TAGS,
  MAX_VARIANTS,
} from '../../../src/cache/limits.ts';
import { CacheStore } from '../../../src/cache/store.ts';
import { invalidatedGroups, tagsOf } from '../../../src/cache/tags.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { storedEntry, type EntryTerms, type Pairs } from './entries.ts';

function storeOf(maxBytes = 1e9, quota = 1e9): CacheStore {
  return new CacheStore({ maxBytes, quotaBytes: () => quota });
}

/** The URL of {@link storedEntry} where the terms do not say. */
const URL_OF_A = { tenant: 'a', host: 'x.test', target: '/' };

/** Stores an entry as a fill that nothing disturbs would. */
function put(store: CacheStore, terms: EntryTerms): CacheEntry {
  const entry = storedEntry(terms);
  const fill = store.open(entry.place.tenant, entry.place.key);
  store.add(fill, entry);
  store.close(entry.place.tenant, fill);
  return entry;
}

function find(store: CacheStore, terms: EntryTerms): CacheEntry | undefined {
  const { place } = storedEntry(terms);
  return store.find(place.tenant, place.key, HeaderList.from(terms.asked ?? []));
}

describe('what is stored', () => {
  test('is found by tenant, URL and what it varies on', () => {
    const store = storeOf();
    const pairs: Pairs = [['Vary', 'Foo']];
    const [one, two] = [put(store, { pairs, asked: [['Foo', '1']] }), put(store, { pairs, asked: [['Foo', '2']] })];
    expect(find(store, { asked: [['Foo', '1']] })).toBe(one);
    expect(find(store, { asked: [['Foo', '2']] })).toBe(two);
    expect(find(store, {})).toBeUndefined();
    expect(find(store, { tenant: 'b', asked: [['Foo', '1']] })).toBeUndefined();
    expect(find(store, { target: '/?', asked: [['Foo', '1']] })).toBeUndefined();
  });

  test('takes the place of what the same request selected before', () => {
    const store = storeOf();
    put(store, { body: 'old' });
    const bytes = store.bytes('a');
    const entry = put(store, { body: 'new' });
    expect(find(store, {})).toBe(entry);
    expect([store.size('a'), store.bytes('a')]).toEqual([1, bytes]);
  });

  test('of two that match, the newer answers', () => {
    const store = storeOf();
    put(store, { pairs: [['Vary', 'Foo']], storedAtMs: 1 });
    const newer = put(store, { pairs: [['Vary', 'Bar']], storedAtMs: 2 });
    expect(find(store, {})).toBe(newer);
  });

  test('a language that is preferred to all others is found, one among equals is not', () => {
    const store = storeOf();
    const entry = put(store, {
      pairs: [
        ['Vary', 'Accept-Language'],
        ['Content-Language', 'de'],
      ],
      asked: [['Accept-Language', 'en, de']],
    });
    expect(find(store, { asked: [['Accept-Language', 'fr;q=0.5, DE']] })).toBe(entry);
    expect(find(store, { asked: [['Accept-Language', 'fr, de']] })).toBeUndefined();
  });

  test('a URL has so many variants and no more: the oldest go', () => {
    const store = storeOf();
    const pairs: Pairs = [['Vary', 'Foo']];
    for (let i = 0; i < MAX_VARIANTS + 5; i++) put(store, { pairs, asked: [['Foo', `${i}`]] });
    expect(store.size('a')).toBe(MAX_VARIANTS);
    expect(find(store, { asked: [['Foo', '4']] })).toBeUndefined();
    expect(find(store, { asked: [['Foo', '5']] })).toBeDefined();
  });
});

describe('what it weighs', () => {
  const bytes = storedEntry({ target: '/0', body: 'x'.repeat(1000) }).bytes;

  test('a tenant over its quota evicts what it used least recently, and nobody else', () => {
    const store = storeOf(1e9, 3 * bytes);
    put(store, { tenant: 'b', target: '/0', body: 'x'.repeat(1000) });
    for (const target of ['/0', '/1', '/2']) put(store, { target, body: 'x'.repeat(1000) });
    expect(find(store, { target: '/0' })).toBeDefined();
    put(store, { target: '/3', body: 'x'.repeat(1000) });
    expect(['/0', '/1', '/2', '/3'].map((target) => find(store, { target }) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(find(store, { tenant: 'b', target: '/0' })).toBeDefined();
    expect(store.bytes('a')).toBe(3 * bytes);
    expect(store.bytes()).toBe(4 * bytes);
  });

  test('when the process is full, the tenant that holds most gives way', () => {
    const store = storeOf(4 * bytes, 1e9);
    for (const target of ['/0', '/1', '/2']) put(store, { target, body: 'x'.repeat(1000) });
    put(store, { tenant: 'b', target: '/0', body: 'x'.repeat(1000) });
    put(store, { tenant: 'b', target: '/1', body: 'x'.repeat(1000) });
    expect([store.size('a'), store.size('b')]).toEqual([2, 2]);
  });

  test('what is larger than the quota is not stored, and evicts nothing', () => {
    const store = storeOf(1e9, 2 * bytes);
    put(store, { target: '/0', body: 'x'.repeat(1000) });
    put(store, { target: '/1', body: 'x'.repeat(5000) });
    expect(find(store, { target: '/0' })).toBeDefined();
    expect(find(store, { target: '/1' })).toBeUndefined();
  });

  test('what is on its way counts, makes room, and is refused when there is none', () => {
    const store = storeOf(1e9, 2 * bytes);
    const entry = put(store, { target: '/0', body: 'x'.repeat(1000) });
    const fill = store.open('a', entry.place.key);
    expect(store.reserve('a', fill, bytes)).toBe(true);
    expect(store.size('a')).toBe(1);
    expect(store.reserve('a', fill, 1)).toBe(true);
    expect(store.size('a')).toBe(0);
    expect(store.reserve('a', fill, bytes)).toBe(false);
    expect(store.bytes('a')).toBe(bytes + 1);
    store.release(fill, bytes + 1);
    store.close('a', fill);
    expect(store.bytes()).toBe(0);
  });

  test('what is gone weighs nothing, whichever way it went', () => {
    const store = storeOf();
    const pairs: Pairs = [['Surrogate-Key', 'x']];
    const entries = ['/0', '/1', '/2', '/3'].map((target) => put(store, { target, pairs }));
    for (const entry of entries.slice(0, 1)) store.remove(entry);
    store.purgeUrl({ ...URL_OF_A, target: '/1' }, 'hard', 0);
    store.purgeTag('a', 'x', 'hard', 0);
    expect([store.bytes(), store.size()]).toEqual([0, 0]);
  });
});

describe('a purge', () => {
  test('of a URL ends its variants, of a tag what has it, of a tenant everything, of nobody else anything', () => {
    const store = storeOf();
    const pairs: Pairs = [
      ['Vary', 'Foo'],
      ['Surrogate-Key', 'x y'],
    ];
    const fill = (): void => {
      for (const asked of [[['Foo', '1']], [['Foo', '2']]] as const) put(store, { pairs, asked });
      put(store, { target: '/z', pairs: [['Cache-Tag', 'z']] });
      put(store, { tenant: 'b', pairs });
    };
    fill();
    expect(store.purgeUrl(URL_OF_A, 'hard', 0)).toBe(2);
    expect([store.size('a'), store.size('b')]).toEqual([1, 1]);
    fill();
    expect(store.purgeTag('a', 'y', 'hard', 0)).toBe(2);
    expect(store.purgeTag('a', 'y', 'hard', 0)).toBe(0);
    expect([store.size('a'), store.size('b')]).toEqual([1, 1]);
    fill();
    expect(store.purgeAll('a', 'hard', 0)).toBe(3);
    expect([store.size('a'), store.size('b')]).toEqual([0, 1]);
    expect(store.purgeAll('nobody', 'hard', 0)).toBe(0);
  });

  test('that is soft leaves it, stale from then on', () => {
    const store = storeOf();
    const entry = put(store, {});
    expect(store.purgeAll('a', 'soft', 5)).toBe(1);
    expect(store.purgeAll('a', 'soft', 9)).toBe(1);
    expect(entry.staleSinceMs).toBe(5);
    expect(find(store, {})).toBe(entry);
  });

  test.each([
    ['its URL', (store: CacheStore) => store.purgeUrl(URL_OF_A, 'hard', 0)],
    ['one of its tags', (store: CacheStore) => store.purgeTag('a', 'x', 'soft', 0)],
    ['everything', (store: CacheStore) => store.purgeAll('a', 'hard', 0)],
    [
      'more than is remembered',
      (store: CacheStore) => {
        for (let i = 0; i <= MAX_PENDING_PURGES; i++) store.purgeTag('a', `t${i}`, 'hard', 0);
      },
    ],
  ])('of %s drops what was asked for before and comes after', (_name, purge) => {
    const store = storeOf();
    const entry = storedEntry({ pairs: [['Surrogate-Key', 'x']] });
    const early = store.open('a', entry.place.key);
    purge(store);
    const late = store.open('a', entry.place.key);
    expect(store.add(early, entry)).toBe(false);
    expect(store.add(late, entry)).toBe(true);
    store.close('a', early);
    store.close('a', late);
    expect(store.size('a')).toBe(1);
  });

  test.each([
    ['another URL', (store: CacheStore) => store.purgeUrl({ ...URL_OF_A, target: '/b' }, 'hard', 0)],
    ['another tag', (store: CacheStore) => store.purgeTag('a', 'y', 'hard', 0)],
    ['another tenant', (store: CacheStore) => store.purgeAll('b', 'hard', 0)],
  ])('of %s drops nothing', (_name, purge) => {
    const store = storeOf();
    const entry = storedEntry({ pairs: [['Surrogate-Key', 'x']] });
    const fill = store.open('a', entry.place.key);
    purge(store);
    expect(store.add(fill, entry)).toBe(true);
  });

  describe('of more than one turn may take', () => {
    const COUNT = 3 * PURGED_PER_TURN;
    const TAGGED: Pairs = [['Cache-Tag', 'all']];

    /** A store whose later steps wait for the test. */
    function heldUp(): { store: CacheStore; steps: (() => void)[]; changed: string[]; run: () => void } {
      const [steps, changed]: [(() => void)[], string[]] = [[], []];
      const store = new CacheStore({
        maxBytes: 1e9,
        quotaBytes: () => 1e9,
        later: (step) => void steps.push(step),
        onTenantChange: (tenant) => changed.push(tenant),
      });
      for (let i = 0; i < COUNT; i++) put(store, { target: `/${i}`, pairs: TAGGED });
      put(store, { target: '/other', pairs: [['Cache-Tag', 'other']] });
      const run = (): void => {
        for (let step = steps.shift(); step !== undefined; step = steps.shift()) step();
      };
      return { store, steps, changed, run };
    }

    test('is in force at once, and goes on in later turns', () => {
      const { store, steps, changed, run } = heldUp();
      expect(store.purgeTag('a', 'all', 'hard', 1)).toBe(COUNT);
      expect([store.size('a'), steps.length, changed]).toEqual([COUNT + 1 - PURGED_PER_TURN, 1, ['a']]);
      for (const target of ['/0', `/${COUNT - 1}`]) expect(find(store, { target, pairs: TAGGED })).toBeUndefined();
      expect(find(store, { target: '/other' })).toBeDefined();
      const late = put(store, { target: '/1', pairs: TAGGED, storedAtMs: 2 });
      run();
      expect(store.size('a')).toBe(2);
      expect(find(store, { target: '/1' })).toBe(late);
    });

    test('makes stale likewise', () => {
      const { store, run } = heldUp();
      expect(store.purgeTag('a', 'all', 'soft', 1)).toBe(COUNT);
      expect(find(store, { target: `/${COUNT - 1}` })?.staleSinceMs).toBe(1);
      run();
      expect(find(store, { target: `/${COUNT - 2}` })?.staleSinceMs).toBe(1);
      expect(find(store, { target: '/other' })?.staleSinceMs).toBeNull();
      expect(store.size('a')).toBe(COUNT + 1);
    });

    test('of everything leaves nothing that weighs, and what comes later stays', () => {
      const { store, steps, changed } = heldUp();
      store.purgeTag('a', 'all', 'hard', 1);
      expect(store.purgeAll('a', 'hard', 1)).toBe(COUNT + 1 - PURGED_PER_TURN);
      expect([store.size(), store.bytes(), changed]).toEqual([0, 0, ['a', 'a']]);
      const late = put(store, { target: '/0', pairs: TAGGED, storedAtMs: 2 });
      for (const step of steps) step();
      expect(find(store, { target: '/0' })).toBe(late);
      expect(store.bytes()).toBe(late.bytes);
    });

    test('of everything, softly, makes stale what is stored, and not what comes later', () => {
      const { store } = heldUp();
      store.purgeAll('a', 'soft', 1);
      const late = put(store, { target: '/1', storedAtMs: 2 });
      expect(find(store, { target: '/0' })?.staleSinceMs).toBe(1);
      expect([find(store, { target: '/1' }), late.staleSinceMs]).toEqual([late, null]);
    });
  });

  test('of ten thousand URLs with one tag takes well under a second', async () => {
    const store = storeOf();
    for (let i = 0; i < 10_000; i++) put(store, { target: `/${i}`, pairs: [['Cache-Tag', 'all']] });
    const start = performance.now();
    expect(store.purgeTag('a', 'all', 'hard', 0)).toBe(10_000);
    expect(performance.now() - start).toBeLessThan(500);
    while (store.size() > 0) await turn();
    expect(store.bytes()).toBe(0);
  });
});

describe('tags', () => {
  test('of three fields are one set', () => {
    const headers = HeaderList.from([
      ['Surrogate-Key', 'a  b\tc'],
      ['Cache-Tag', 'd e, a,,'],
      ['Cache-Groups', '"f, g", "b"'],
    ]);
    expect([...(tagsOf(headers) ?? [])]).toEqual(['a', 'b', 'c', 'd e', 'f, g']);
  });

  test('an invalid list has none', () => {
    expect(tagsOf(HeaderList.from([['Cache-Groups', '"a']]))?.size).toBe(0);
  });

  test('too many or too long ones are refused, not cut', () => {
    const many = Array.from({ length: MAX_TAGS + 1 }, (_, i) => `t${i}`);
    expect(tagsOf(HeaderList.from([['Cache-Tag', many.slice(1).join(',')]]))?.size).toBe(MAX_TAGS);
    expect(tagsOf(HeaderList.from([['Cache-Tag', many.join(',')]]))).toBeNull();
    expect(tagsOf(HeaderList.from([['Cache-Tag', 'x'.repeat(MAX_TAG_CHARS + 1)]]))).toBeNull();
  });

  test('groups to invalidate are a list of strings', () => {
    expect(invalidatedGroups(HeaderList.from([['Cache-Group-Invalidation', '"a", "b"']]))).toEqual(['a', 'b']);
    expect(invalidatedGroups(HeaderList.from([['Cache-Group-Invalidation', 'rubbish"']]))).toEqual([]);
  });
});
