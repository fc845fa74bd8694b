import { describe, expect, it } from 'vitest';
import type { KvAnswer, KvCondition, KvHome, KvQuestion } from '../../../src/capability/kv.ts';
import { KvDesk, type KvContents } from '../../../src/control/kv-desk.ts';
import { KerbError } from '../../../src/errors.ts';
import { STORE_LIMITS } from '../../../src/store/limits.ts';
import { opened } from '../store/fixtures.ts';

const HOME: KvHome = { tenant: 'a', madeMs: 1_000 };

/** A desk over a real store with the tenants `a` and `b`. */
function desk(): { ask: (question: KvQuestion, tenant?: string) => Promise<KvAnswer>; clock: { ms: number } } {
  const { store } = opened('a', 'b');
  const clock = { ms: 50_000 };
  const made = new KvDesk({ contentsOf: () => store, nowMs: () => clock.ms, report: () => undefined });
  return { clock, ask: (question, tenant = 'a') => made.ask({ ...HOME, tenant }, 'main', question) };
}

function put(
  key: string,
  text: string,
  condition: KvCondition = { kind: 'any' },
  ttlSeconds: number | null = null,
): KvQuestion {
  return { kind: 'put', key, put: { value: Buffer.from(text), metadata: null, ttlSeconds, condition } };
}

const GET = { kind: 'get', key: 'k', maxBytes: 100 } as const;

describe('the desk', () => {
  it('writes, reads and deletes', async () => {
    const { ask } = desk();
    expect(await ask(GET)).toEqual({ kind: 'entry', entry: null });
    expect(await ask(put('k', 'value'))).toEqual({ kind: 'written', generation: 1 });
    const entry = { generation: 1, metadata: null, bytes: 5 };
    expect(await ask(GET)).toMatchObject({ kind: 'entry', entry });
    expect(await ask({ ...GET, maxBytes: 4 })).toEqual({ kind: 'entry', entry: { ...entry, value: null } });
    expect(await ask(GET, 'b')).toEqual({ kind: 'entry', entry: null });
    expect(await ask({ kind: 'delete', key: 'k' })).toEqual({ kind: 'deleted', deleted: true });
    expect(await ask({ kind: 'delete', key: 'k' })).toEqual({ kind: 'deleted', deleted: false });
  });

  it('keeps to the condition of a write', async () => {
    const { ask } = desk();
    const conflict = { kind: 'fault', fault: 'conflict' };
    expect(await ask(put('k', '1', { kind: 'present' }))).toEqual(conflict);
    expect(await ask(put('k', '1', { kind: 'generation', generation: 1 }))).toEqual(conflict);
    expect(await ask(put('k', '1', { kind: 'absent' }))).toEqual({ kind: 'written', generation: 1 });
    expect(await ask(put('k', '2', { kind: 'absent' }))).toEqual(conflict);
    expect(await ask(put('k', '2', { kind: 'present' }))).toEqual({ kind: 'written', generation: 2 });
    expect(await ask(put('k', '3', { kind: 'generation', generation: 1 }))).toEqual(conflict);
    expect(await ask(put('k', '3', { kind: 'generation', generation: 2 }))).toEqual({ kind: 'written', generation: 3 });
  });

  it('reads no value but that of a get that has room for it', async () => {
    const { store } = opened('a');
    const wanted: number[] = [];
    const noting: KvContents = {
      kvEntry: (tenant, name, key, maxBytes, nowMs) => {
        wanted.push(maxBytes);
        return store.kvEntry(tenant, name, key, maxBytes, nowMs);
      },
      putKv: (...write) => store.putKv(...write),
      deleteKv: (...key) => store.deleteKv(...key),
      kvKeys: (...list) => store.kvKeys(...list),
    };
    const made = new KvDesk({ contentsOf: () => noting, nowMs: () => 0, report: () => undefined });
    const questions = [put('k', 'v'), GET, put('k', 'w', { kind: 'present' }), { kind: 'delete', key: 'k' }] as const;
    for (const question of questions) await made.ask(HOME, 'main', question);
    expect(wanted).toEqual([GET.maxBytes, 0, 0]);
  });

  it('lets an entry live for as long as it was given', async () => {
    const { ask, clock } = desk();
    await ask(put('k', 'v', { kind: 'any' }, 2));
    clock.ms += 1_999;
    expect(await ask(GET)).toMatchObject({ entry: { bytes: 1 } });
    clock.ms += 1;
    expect(await ask(GET)).toEqual({ kind: 'entry', entry: null });
    expect(await ask({ kind: 'delete', key: 'k' })).toEqual({ kind: 'deleted', deleted: false });
  });

  it('lists keys after one, whatever they are', async () => {
    const { ask } = desk();
    const keys = ['p', 'p:', 'p\u0000', 'pé', 'q', `p${'x'.repeat(STORE_LIMITS.kvKeyBytes - 1)}`];
    for (const key of keys) await ask(put(key, ''));
    const all: string[] = [];
    for (let after = ''; ; after = all.at(-1) ?? '') {
      const answer = await ask({ kind: 'keys', prefix: 'p', after, limit: 2 });
      if (answer.kind !== 'keys' || answer.keys.length === 0) break;
      all.push(...answer.keys);
    }
    expect(all).toEqual(
      keys.filter((key) => key !== 'q').toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))),
    );
  });

  it('gives each tenant its turn, however many questions another has', async () => {
    const { ask } = desk();
    const order: string[] = [];
    const flood = Array.from({ length: 50 }, () => ask(GET).then(() => order.push('a')));
    await Promise.all([...flood, ask(GET, 'b').then(() => order.push('b'))]);
    expect(order.indexOf('b')).toBeLessThan(3);
  });

  it('lets others run between its turns', async () => {
    const slow = {
      kvEntry: () => {
        const end = performance.now() + 2;
        while (performance.now() < end);
        return null;
      },
    } as unknown as KvContents;
    const made = new KvDesk({ contentsOf: () => slow, nowMs: () => 0, report: () => undefined });
    let answered = 0;
    const all = Array.from({ length: 40 }, () => made.ask(HOME, 'main', GET).then(() => (answered += 1)));
    let between = 0;
    const look = setInterval(() => (between = answered > 0 && answered < 40 ? between + 1 : between), 1);
    await Promise.all(all);
    clearInterval(look);
    expect(between).toBeGreaterThan(2);
  });
});

describe('what goes wrong', () => {
  async function failing(error: unknown): Promise<{ answer: KvAnswer; said: string[] }> {
    const said: string[] = [];
    const contentsOf = (): never => {
      throw error;
    };
    const made = new KvDesk({ contentsOf, nowMs: () => 0, report: (message) => said.push(message) });
    return { answer: await made.ask(HOME, 'main', put('private key', 'private value')), said };
  }

  it('is told without key and value, and the guest hears that the store is unavailable', async () => {
    for (const error of [new KerbError('corrupt', 'private key'), new TypeError('private value'), 'private'])
      expect(await failing(error)).toEqual({
        answer: { kind: 'fault', fault: 'unavailable' },
        said: [expect.not.stringContaining('private')],
      });
  });

  it('is the tenant’s doing when its quota is used up, and nobody is told', async () => {
    expect(await failing(new KerbError('too_large', 'full'))).toEqual({
      answer: { kind: 'fault', fault: 'full' },
      said: [],
    });
  });

  it('is unavailable for a tenant that is no more', async () => {
    const made = new KvDesk({ contentsOf: () => null, nowMs: () => 0, report: () => undefined });
    expect(await made.ask(HOME, 'main', GET)).toEqual({ kind: 'fault', fault: 'unavailable' });
  });
});
