import { describe, expect, test } from 'vitest';
import { entryFromPlain, plainEntry } from '../../../src/cache/entry-copy.ts';
import { Generations, hashOf } from '../../../src/cache/generations.ts';
import { primaryKey, urlKey, urlOf, type UrlKey } from '../../../src/cache/key.ts';
import { NEAR_COPY_MS } from '../../../src/cache/limits.ts';
import { NearCopies } from '../../../src/cache/near-copies.ts';
import { CacheStore } from '../../../src/cache/store.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { storedEntry, type Pairs } from './entries.ts';

const NONE = new HeaderList();

function rig(maxBytes = 1e6): { near: NearCopies; generations: Generations; clock: { ms: number } } {
  const clock = { ms: 0 };
  const generations = Generations.create();
  return { near: new NearCopies(generations, maxBytes, () => clock.ms), generations, clock };
}

function urlOfEntry(target = '/'): UrlKey {
  return urlOf(storedEntry({ target }).place.key);
}

describe('a copy', () => {
  test('is found until anything about its URL changes', () => {
    const { near, generations } = rig();
    const entry = storedEntry();
    near.keep(entry, generations.of(urlOfEntry()));
    expect(near.find(entry.place.key, NONE)).toBe(entry);
    generations.advance(urlOfEntry('/other'));
    expect(near.find(entry.place.key, NONE)).toBe(entry);
    generations.advance(urlOfEntry());
    expect(near.find(entry.place.key, NONE)).toBeUndefined();
    expect(near.bytes).toBe(0);
  });

  test('that was taken while its URL changed is never found', () => {
    const { near, generations } = rig();
    const before = generations.of(urlOfEntry());
    generations.advance(urlOfEntry());
    near.keep(storedEntry(), before);
    expect(near.find(storedEntry().place.key, NONE)).toBeUndefined();
  });

  test('is used for a moment only, so that its owner hears how much it is wanted', () => {
    const { near, generations, clock } = rig();
    const entry = storedEntry();
    near.keep(entry, generations.of(urlOfEntry()));
    clock.ms = NEAR_COPY_MS - 1;
    near.keep(entry, generations.of(urlOfEntry()));
    expect(near.find(entry.place.key, NONE)).toBe(entry);
    clock.ms = NEAR_COPY_MS;
    expect(near.find(entry.place.key, NONE)).toBeUndefined();
  });

  test('is one of several variants', () => {
    const { near, generations } = rig();
    const pairs: Pairs = [['Vary', 'Foo']];
    const asked = (value: string): Pairs => [['Foo', value]];
    const entries = ['1', '2'].map((value) => storedEntry({ pairs, asked: asked(value) }));
    for (const entry of entries) near.keep(entry, generations.of(urlOfEntry()));
    expect(['1', '2', '3'].map((value) => near.find(storedEntry().place.key, HeaderList.from(asked(value))))).toEqual([
      ...entries,
      undefined,
    ]);
  });

  test('weighs what its entry weighs; too many give way, oldest first', () => {
    const weight = storedEntry({ target: '/0' }).bytes;
    const { near, generations } = rig(3 * weight);
    for (const n of [0, 1, 2, 3]) near.keep(storedEntry({ target: `/${n}` }), generations.of(urlOfEntry(`/${n}`)));
    expect(near.bytes).toBe(3 * weight);
    expect(near.find(storedEntry({ target: '/0' }).place.key, NONE)).toBeUndefined();
    expect(near.find(storedEntry({ target: '/3' }).place.key, NONE)).toBeDefined();
  });
});

describe('a generation', () => {
  test('is the same in every thread, and changes with each change of the store', () => {
    const generations = Generations.create();
    const elsewhere = new Generations(structuredClone(generations.share));
    const store = new CacheStore({ maxBytes: 1e6, quotaBytes: () => 1e6, onChange: generations.advance });
    const seen = [elsewhere.of(urlOfEntry())];
    const note = (): void => void seen.push(elsewhere.of(urlOfEntry()));
    const entry = storedEntry();
    const fill = store.open('a', entry.place.key);
    store.add(fill, entry);
    note();
    store.purgeAll('a', 'soft', 1);
    note();
    store.expire(entry, 2);
    note();
    store.remove(entry);
    note();
    generations.advanceTenant('a');
    note();
    generations.advanceTenant('b');
    expect(elsewhere.of(urlOfEntry())).toBe(seen.at(-1));
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('spreads URLs over threads', () => {
    const counts = new Map([0, 1, 2].map((thread) => [thread, 0]));
    for (let i = 0; i < 3_000; i++) {
      const thread = hashOf(urlKey({ tenant: 'a', host: 'x.test', target: `/${i}` })) % 3;
      counts.set(thread, (counts.get(thread) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});

describe('keys', () => {
  test('begin with a URL that leaves out scheme, port and what an app adds', () => {
    const parts = { tenant: 'a', host: 'x.test:81', target: '/p?q', scheme: 'https' as const, extra: 'e\nf' };
    expect(urlOf(primaryKey(parts))).toBe(urlKey({ tenant: 'a', host: 'x.test', target: '/p?q' }));
    expect(urlKey({ ...parts, host: '[::1]:8080' })).toBe(urlKey({ ...parts, host: '[::1]' }));
    expect(urlKey({ ...parts, host: '[::1]' })).not.toBe(urlKey({ ...parts, host: '[:' }));
    expect(primaryKey(parts)).not.toBe(primaryKey({ ...parts, host: 'x.test' }));
  });
});

describe('an entry that crosses threads', () => {
  test('is the same there', () => {
    const entry = storedEntry({
      pairs: [
        ['ETag', '"x"'],
        ['Cache-Tag', 'a, b'],
        ['Vary', 'Foo'],
      ],
      asked: [['Foo', '1']],
    });
    const copy = entryFromPlain(structuredClone(plainEntry(entry)));
    expect({ ...copy, body: Buffer.from(copy.body) }).toEqual(entry);
    expect([...copy.place.tags]).toEqual(['a', 'b']);
  });
});
