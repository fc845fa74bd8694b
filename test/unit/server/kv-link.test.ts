import { describe, expect, it } from 'vitest';
import { KvError, type KvHome, type KvStore } from '../../../src/capability/kv.ts';
import { STORE_LIMITS } from '../../../src/store/limits.ts';
import { KvLink, type KvAsking } from '../../../src/server/kv-link.ts';
import {
  KV_BYTES_PER_TENANT,
  KV_BYTES_PER_THREAD,
  KV_WAITING_PER_TENANT,
  KV_WAITING_PER_THREAD,
} from '../../../src/server/limits.ts';

const HOME: KvHome = { tenant: 'acme', madeMs: 5 };

/** A link whose questions the test answers. */
function link(deadlineMs?: number): { link: KvLink; said: KvAsking[]; store: KvStore; request: AbortController } {
  const said: KvAsking[] = [];
  const made = new KvLink((asking) => said.push(asking), deadlineMs);
  const request = new AbortController();
  return { link: made, said, request, store: made.storeOf(HOME, 'main', request.signal) };
}

/** The fault that a call ends in. */
async function faultOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (rejected: unknown) => rejected,
  );
  expect(error).toBeInstanceOf(KvError);
  return (error as KvError).fault;
}

describe('a question', () => {
  it('goes out under its tenant and store, and its answer comes back to who asked', async () => {
    const { link: kv, said, store } = link();
    const [first, second] = [store.get('a', 10), store.keys('p', 'after', 3)];
    expect(said.map(({ home, store: name, question }) => [home, name, question])).toEqual([
      [HOME, 'main', { kind: 'get', key: 'a', maxBytes: 10 }],
      [HOME, 'main', { kind: 'keys', prefix: 'p', after: 'after', limit: 3 }],
    ]);
    kv.hear(said[1]?.id ?? 0, { kind: 'keys', keys: ['p/1'] });
    kv.hear(said[0]?.id ?? 0, { kind: 'entry', entry: null });
    expect([await first, await second, kv.open]).toEqual([null, ['p/1'], 0]);
  });

  it('takes nothing along but the value', () => {
    const { said, store } = link();
    const slab = Buffer.from('neighbour value');
    void store.put('k', { value: slab.subarray(10), metadata: null, ttlSeconds: null, condition: { kind: 'any' } });
    const { question } = said[0] ?? {};
    const value = question?.kind === 'put' ? question.put.value : new Uint8Array(0);
    expect([Buffer.from(value).toString(), value.buffer.byteLength]).toEqual(['value', 5]);
  });

  it.each(['conflict', 'full', 'unavailable'] as const)('that fails as %s rejects so', async (fault) => {
    const { link: kv, said, store } = link();
    const call = store.delete('k');
    kv.hear(said[0]?.id ?? 0, { kind: 'fault', fault });
    expect(await faultOf(call)).toBe(fault);
  });

  it('that is answered twice, or was never asked, is nothing', async () => {
    const { link: kv, said, store } = link();
    const call = store.delete('k');
    kv.hear(77, { kind: 'deleted', deleted: false });
    kv.hear(said[0]?.id ?? 0, { kind: 'deleted', deleted: true });
    kv.hear(said[0]?.id ?? 0, { kind: 'deleted', deleted: false });
    expect(await call).toBe(true);
  });
});

describe('a request that ends', () => {
  it('has its questions end at once, and their places stay taken until they are answered', async () => {
    const { link: kv, said, store, request } = link();
    const call = store.get('k', 1);
    request.abort();
    expect(await faultOf(call)).toBe('aborted');
    expect(kv.open).toBe(1);
    kv.hear(said[0]?.id ?? 0, { kind: 'entry', entry: null });
    expect(kv.open).toBe(0);
  });

  it('asks nothing any more', async () => {
    const { said, store, request } = link();
    request.abort();
    expect(await faultOf(store.get('k', 1))).toBe('aborted');
    expect(said).toEqual([]);
  });
});

describe('bounds', () => {
  it('a tenant has so many questions open, and others are not affected', async () => {
    const { link: kv, said, store } = link();
    const calls = Array.from({ length: KV_WAITING_PER_TENANT }, () => store.delete('k'));
    expect(await faultOf(store.delete('k'))).toBe('busy');
    const other = kv.storeOf({ tenant: 'other', madeMs: null }, 'main', new AbortController().signal).delete('k');
    expect(said).toHaveLength(KV_WAITING_PER_TENANT + 1);
    for (const { id } of said) kv.hear(id, { kind: 'deleted', deleted: true });
    expect(new Set(await Promise.all([...calls, other]))).toEqual(new Set([true]));
    void store.delete('k');
    expect(said).toHaveLength(KV_WAITING_PER_TENANT + 2);
  });

  it('a tenant has so many bytes of values on their way, also those of requests that have ended', async () => {
    const { link: kv, said, store, request } = link();
    const most = KV_BYTES_PER_TENANT / 4;
    const calls = Array.from({ length: 4 }, () => store.get('k', most));
    expect(await faultOf(store.get('k', 1))).toBe('busy');
    request.abort();
    expect(await Promise.all(calls.map(faultOf))).toEqual(['aborted', 'aborted', 'aborted', 'aborted']);
    const next = kv.storeOf(HOME, 'main', new AbortController().signal);
    expect(await faultOf(next.get('k', 1))).toBe('busy');
    kv.hear(said[0]?.id ?? 0, { kind: 'entry', entry: null });
    const put = { value: new Uint8Array(9), metadata: null, ttlSeconds: null, condition: { kind: 'any' } } as const;
    const written = next.put('k', put);
    kv.hear(said.at(-1)?.id ?? 0, { kind: 'written', generation: 3 });
    expect(await written).toBe(3);
  });

  it('a list counts with what its keys may have', async () => {
    const { said, store } = link();
    void store.get('k', KV_BYTES_PER_TENANT - 1_000 * STORE_LIMITS.kvKeyBytes);
    void store.keys('', '', 1_000);
    expect(said).toHaveLength(2);
    expect(await faultOf(store.keys('', '', 1))).toBe('busy');
  });

  it('all tenants together have so many bytes', async () => {
    const { link: kv, said } = link();
    const ask = (tenant: number): Promise<unknown> =>
      kv
        .storeOf({ tenant: `t${tenant}`, madeMs: 1 }, 'main', new AbortController().signal)
        .get('k', KV_BYTES_PER_TENANT);
    while (said.length * KV_BYTES_PER_TENANT < KV_BYTES_PER_THREAD) void ask(said.length);
    expect(await faultOf(ask(-1))).toBe('busy');
  });

  it('all tenants together have so many', async () => {
    const { link: kv, said } = link();
    const storeOf = (tenant: number): KvStore =>
      kv.storeOf({ tenant: `t${tenant}`, madeMs: 1 }, 'main', new AbortController().signal);
    for (let tenant = 0; said.length < KV_WAITING_PER_THREAD; tenant++) void storeOf(tenant).delete('k');
    expect(await faultOf(storeOf(-1).delete('k'))).toBe('busy');
  });

  it('a store that does not answer is unavailable, and a late answer is nobody’s', async () => {
    const { link: kv, said, store } = link(1);
    expect(await faultOf(store.get('k', 1))).toBe('unavailable');
    kv.hear(said[0]?.id ?? 0, { kind: 'entry', entry: null });
    expect(kv.open).toBe(0);
  });
});

it('the end settles everything, and what is asked afterwards', async () => {
  const { link: kv, store } = link();
  const calls = [store.get('a', 1), store.delete('b')];
  kv.close();
  expect(await Promise.all(calls.map(faultOf))).toEqual(['unavailable', 'unavailable']);
  expect(await faultOf(store.get('a', 1))).toBe('unavailable');
});
