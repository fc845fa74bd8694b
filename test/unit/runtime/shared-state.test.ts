import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SHARED_BYTES, SHARED_METRICS, SHARED_QUEUES, SHARED_RECORDS } from '../../../src/runtime/limits.ts';
import { TenantSharedState } from '../../../src/runtime/shared-state.ts';

function state(): TenantSharedState {
  return new TenantSharedState(TenantSharedState.create());
}

const bytes = (text: string): Buffer => Buffer.from(text);

function textAt(from: TenantSharedState, key: string): string | null {
  const found = from.get(bytes(key));
  return found === null ? null : Buffer.from(found.value).toString();
}

describe('values', () => {
  it('do as a map would, whatever their sizes', () => {
    const [made, map] = [state(), new Map<string, string>()];
    for (let step = 0; step < 2_000; step++) {
      const [key, value] = [`key ${(step * 7) % 23}`, 'v'.repeat((step * 31) % 97) + step];
      expect(made.set(bytes(key), bytes(value), 0)).toBe('ok');
      map.set(key, value);
    }
    for (const [key, value] of map) expect(textAt(made, key)).toBe(value);
    expect(made.get(bytes('key'))).toBeNull();
  });

  it('have a new number with each change', () => {
    const made = state();
    expect(made.set(bytes('k'), bytes('a'), 5)).toBe('cas_mismatch');
    made.set(bytes('k'), bytes('a'), 0);
    const first = made.get(bytes('k'))?.cas ?? 0;
    expect(made.set(bytes('k'), bytes('b'), first)).toBe('ok');
    expect(made.set(bytes('k'), bytes('c'), first)).toBe('cas_mismatch');
    expect(textAt(made, 'k')).toBe('b');
  });

  it('are copies, of what was set and of what was got', () => {
    const [made, value] = [state(), bytes('abc')];
    made.set(bytes('k'), value, 0);
    value.fill('x');
    made.get(bytes('k'))?.value.fill(0);
    expect(textAt(made, 'k')).toBe('abc');
  });

  it('are refused where there is no room, and room is used again', () => {
    const made = state();
    const half = Buffer.alloc(SHARED_BYTES / 2);
    expect(made.set(bytes('a'), half, 0)).toBe('ok');
    expect(made.set(bytes('b'), half, 0)).toBe('full');
    for (let change = 0; change < 10; change++) expect(made.set(bytes('a'), half, 0)).toBe('ok');
    expect(made.set(bytes('a'), Buffer.alloc(SHARED_BYTES), 0)).toBe('full');
    expect(made.set(bytes('a'), bytes('small'), 0)).toBe('ok');
    expect(made.set(bytes('b'), half, 0)).toBe('ok');
  });

  it('are no more than may be looked at', () => {
    const made = state();
    let count = 0;
    while (made.set(bytes(`${count}`), bytes(''), 0) === 'ok') count += 1;
    expect(count).toBe(SHARED_RECORDS);
    expect(made.set(bytes('0'), bytes('again'), 0)).toBe('ok');
  });
});

describe('queues', () => {
  it('are first in, first out, each on its own', () => {
    const made = state();
    const [a, b] = [made.register(bytes('a')) ?? 0, made.register(bytes('b')) ?? 0];
    for (const [queue, text] of [
      [a, '1'],
      [b, '2'],
      [a, '3'],
    ] as const)
      made.enqueue(queue, bytes(text));
    expect([made.waiting(a), made.waiting(b)]).toEqual([2, 1]);
    expect([made.dequeue(a), made.dequeue(a), made.dequeue(a), made.dequeue(b)].map(String)).toEqual([
      '49',
      '51',
      'empty',
      '50',
    ]);
  });

  it('have names that are no keys of values', () => {
    const made = state();
    made.set(bytes('n'), bytes('value'), 0);
    expect(made.resolve(bytes('n'))).toBeNull();
    const queue = made.register(bytes('n'));
    expect([made.resolve(bytes('n')), textAt(made, 'n')]).toEqual([queue, 'value']);
  });

  it.each([0, -1, 2, 1.5, NaN])('with the number %d do not exist', (queue) => {
    const made = state();
    made.register(bytes('one'));
    expect([made.enqueue(queue, bytes('x')), made.dequeue(queue), made.waiting(queue)]).toEqual([
      'not_found',
      'not_found',
      0,
    ]);
  });

  it('are no more than so many', () => {
    const made = state();
    for (let name = 0; name < SHARED_QUEUES; name++) expect(made.register(bytes(`${name}`))).not.toBeNull();
    expect([made.register(bytes('another')), made.register(bytes('0'))]).toEqual([null, 1]);
  });
});

describe('metrics', () => {
  it('are no more than so many, with names that are not too long', () => {
    const made = state();
    expect([made.define('gauge', ''), made.define('gauge', 'x'.repeat(129))]).toEqual([null, null]);
    for (let name = 0; name < SHARED_METRICS; name++) expect(made.define('gauge', `${name}`)).toBe(name + 1);
    expect(made.define('gauge', 'another')).toBeNull();
    expect([made.metric(SHARED_METRICS)?.name, made.metric(SHARED_METRICS + 1)]).toEqual([
      `${SHARED_METRICS - 1}`,
      null,
    ]);
  });

  it('wrap at 64 bits and count what histograms are told', () => {
    const made = state();
    const [gauge, histogram] = [made.define('gauge', 'ü') ?? 0, made.define('histogram', 'h') ?? 0];
    made.record(gauge, -1n);
    made.record(histogram, 2n);
    made.record(histogram, 3n);
    expect([made.metric(gauge), made.metric(histogram)]).toEqual([
      { kind: 'gauge', name: 'ü', value: 2n ** 64n - 1n, count: 0n },
      { kind: 'histogram', name: 'h', value: 5n, count: 2n },
    ]);
  });
});

describe('threads', () => {
  it('lose no change to each other', async () => {
    const memory = TenantSharedState.create();
    const made = new TenantSharedState(memory);
    const url = new URL('../../../src/runtime/shared-state.ts', import.meta.url).href;
    const program = `
      const { workerData } = require('node:worker_threads');
      import(${JSON.stringify(url)}).then(({ TenantSharedState }) => {
        const state = new TenantSharedState(workerData);
        const [key, metric] = [Buffer.from('n'), state.define('counter', 'c')];
        for (let done = 0; done < 500; ) {
          const now = state.get(key);
          const next = Buffer.from(String(Number(now === null ? 0 : Buffer.from(now.value).toString()) + 1));
          if (state.set(key, next, now === null ? 0 : now.cas) === 'ok' && now !== null) done += 1;
          state.increment(metric, 1n);
        }
      });`;
    made.set(bytes('n'), bytes('0'), 0);
    const workers = [1, 2].map(() => new Worker(program, { eval: true, workerData: memory }));
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    expect(textAt(made, 'n')).toBe('1000');
    expect(made.metric(1)?.value).toBeGreaterThanOrEqual(1_000n);
  });
});
