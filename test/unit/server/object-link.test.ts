import { describe, expect, it } from 'vitest';
import { ObjectCacheError, type ObjectCache, type ObjectPut } from '../../../src/capability/object-cache.ts';
import { MAX_OPEN_FILLS, OBJECT_BYTES_PER_TENANT, OBJECTS_WAITING_PER_TENANT } from '../../../src/server/limits.ts';
import { ObjectLink, type ObjectAsking } from '../../../src/server/object-link.ts';

const HOME = { tenant: 'acme', madeMs: 5 };
const PUT: ObjectPut = { value: Buffer.from('neighbour value').subarray(10), ttlSeconds: 1, staleSeconds: 0, tags: [] };

interface TestLink {
  readonly link: ObjectLink;
  readonly said: ObjectAsking[];
  readonly released: number[];
  readonly request: AbortController;
  readonly cache: ObjectCache;
}

/** A link whose questions the test answers. */
function link(deadlineMs?: number): TestLink {
  const [said, released]: [ObjectAsking[], number[]] = [[], []];
  const events = {
    ask: (asking: ObjectAsking) => void said.push(asking),
    release: (fill: number) => void released.push(fill),
  };
  const made = new ObjectLink(events, deadlineMs);
  const request = new AbortController();
  return { link: made, said, released, request, cache: made.cacheOf(HOME, request.signal) };
}

async function faultOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (rejected: unknown) => rejected,
  );
  expect(error).toBeInstanceOf(ObjectCacheError);
  return (error as ObjectCacheError).fault;
}

/** Looks a key up and is told to make it. */
async function toFill({ link: objects, said, cache }: TestLink, key: string, fill: number): Promise<void> {
  const looking = cache.lookup(key, 10, 100);
  objects.hear(said.at(-1)?.id ?? 0, { kind: 'looked_up', object: null, fill });
  expect(await looking).toEqual({ object: null, mustFill: true });
}

describe('a question', () => {
  it('goes out under its tenant, and its answer comes back to who asked', async () => {
    const { link: objects, said, cache } = link();
    const calls = [cache.get('a', 10), cache.delete('b'), cache.purgeTag('t')];
    expect(said.map(({ home, question }) => [home, question])).toEqual([
      [HOME, { kind: 'get', key: 'a', maxBytes: 10 }],
      [HOME, { kind: 'delete', key: 'b' }],
      [HOME, { kind: 'purge', tag: 't' }],
    ]);
    objects.hear(said[0]?.id ?? 0, { kind: 'found', object: null });
    objects.hear(said[1]?.id ?? 0, { kind: 'removed', count: 1 });
    objects.hear(said[2]?.id ?? 0, { kind: 'removed', count: 7 });
    expect([await Promise.all(calls), objects.open]).toEqual([[null, true, 7], 0]);
  });

  it('takes the value along in memory that threads share, and nothing else', () => {
    const { said, cache } = link();
    void cache.put('k', PUT);
    const question = said[0]?.question;
    const value = question?.kind === 'put' ? question.put.value : new Uint8Array(0);
    expect(value.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([Buffer.from(value).toString(), value.buffer.byteLength]).toEqual(['value', 5]);
  });

  it.each(['waited', 'too_large', 'unavailable'] as const)('that fails as %s rejects so', async (fault) => {
    const { link: objects, said, cache } = link();
    const call = cache.lookup('k', 1, 1);
    objects.hear(said[0]?.id ?? 0, { kind: 'fault', fault });
    expect(await faultOf(call)).toBe(fault);
  });
});

describe('the duty to make an object', () => {
  it('is named when the object is put, and is then over', async () => {
    const test = link();
    await toFill(test, 'k', 3);
    const putting = test.cache.put('k', PUT);
    expect(test.said.at(-1)?.question).toMatchObject({ kind: 'put', fill: 3 });
    test.link.hear(test.said.at(-1)?.id ?? 0, { kind: 'kept', kept: false });
    expect(await putting).toBe(false);
    test.cache.end();
    expect(test.released).toEqual([]);
    void test.cache.put('other', PUT);
    expect(test.said.at(-1)?.question).toMatchObject({ kind: 'put', fill: null });
  });

  it('is given up once, by its key', async () => {
    const test = link();
    await toFill(test, 'k', 3);
    expect([test.cache.release('other'), test.cache.release('k'), test.cache.release('k')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(test.released).toEqual([3]);
  });

  it('ends with its request, however that ends', async () => {
    const [ended, killed] = [link(), link()];
    for (const test of [ended, killed]) {
      await toFill(test, 'a', 3);
      await toFill(test, 'b', 4);
    }
    ended.cache.end();
    ended.cache.end();
    killed.request.abort();
    killed.cache.end();
    expect([ended.released, killed.released]).toEqual([
      [3, 4],
      [3, 4],
    ]);
  });

  it.each(['killed', 'over its deadline'])('that comes when its request is %s goes to the next', async (how) => {
    const test = link(how === 'killed' ? undefined : 1);
    const looking = test.cache.lookup('k', 10, 100);
    if (how === 'killed') test.request.abort();
    expect(await faultOf(looking)).toBe(how === 'killed' ? 'aborted' : 'unavailable');
    test.link.hear(test.said[0]?.id ?? 0, { kind: 'looked_up', object: null, fill: 9 });
    expect(test.released).toEqual([9]);
  });

  it('that comes after the end of a request that nothing aborted goes to the next too', async () => {
    const test = link();
    const looking = test.cache.lookup('k', 10, 100);
    test.cache.end();
    test.link.hear(test.said[0]?.id ?? 0, { kind: 'looked_up', object: null, fill: 9 });
    await looking;
    expect(test.released).toEqual([9]);
  });

  it('does not make a request wait for itself', async () => {
    const test = link();
    await toFill(test, 'k', 3);
    const again = test.cache.lookup('k', 10, 100);
    expect(test.said.at(-1)?.question.kind).toBe('get');
    test.link.hear(test.said.at(-1)?.id ?? 0, { kind: 'found', object: null });
    expect(await again).toEqual({ object: null, mustFill: true });
  });

  it('is had for so many at a time', async () => {
    const test = link();
    for (let fill = 1; fill <= MAX_OPEN_FILLS; fill++) await toFill(test, `k${fill}`, fill);
    expect(await faultOf(test.cache.lookup('more', 1, 1))).toBe('too_many');
    test.cache.release('k1');
    await toFill(test, 'more', 99);
  });
});

describe('bounds', () => {
  it('a tenant has so many questions open, and others are not affected', async () => {
    const { link: objects, said, cache } = link();
    for (let i = 0; i < OBJECTS_WAITING_PER_TENANT; i++) void cache.get('k', 1);
    expect(await faultOf(cache.get('k', 1))).toBe('busy');
    void objects.cacheOf({ tenant: 'other', madeMs: null }, new AbortController().signal).get('k', 1);
    expect(said).toHaveLength(OBJECTS_WAITING_PER_TENANT + 1);
  });

  it('a tenant has so many bytes on their way', async () => {
    const { cache } = link();
    const value = new Uint8Array(OBJECT_BYTES_PER_TENANT / 2);
    void cache.put('a', { ...PUT, value });
    void cache.put('b', { ...PUT, value });
    expect(await faultOf(cache.put('c', PUT))).toBe('busy');
  });

  it('the end settles everything', async () => {
    const { link: objects, cache } = link();
    const call = cache.get('a', 1);
    objects.close();
    expect([await faultOf(call), await faultOf(cache.get('a', 1))]).toEqual(['unavailable', 'unavailable']);
  });
});
