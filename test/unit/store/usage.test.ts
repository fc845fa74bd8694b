import { expect, test } from 'vitest';
import { opened } from './fixtures.ts';

const HOUR = 3_600_000;
const part = (tenant: string, hour: number, requests: number, outcomes: Record<string, number>) => ({
  tenant,
  hourMs: hour * HOUR,
  requests,
  cpuUs: requests * 1.5,
  outcomes,
});

test('what is added in an hour adds up, by outcome too', () => {
  const { store, reopen } = opened('shop', 'blog');
  store.addUsage([part('shop', 1, 2, { ok: 1, cpu_limit: 1 }), part('blog', 1, 1, { ok: 1 })]);
  store.addUsage([part('shop', 1, 3, { ok: 2, guest_trap: 1 }), part('shop', 2, 1, { ok: 1 })]);
  const again = reopen();
  expect(again.usage('shop', 0, 10 * HOUR)).toEqual([
    { ...part('shop', 1, 5, {}), outcomes: { ok: 3, cpu_limit: 1, guest_trap: 1 } },
    part('shop', 2, 1, { ok: 1 }),
  ]);
  expect(again.usage('blog', 0, 10 * HOUR)).toEqual([part('blog', 1, 1, { ok: 1 })]);
});

test('the end of the span is not part of it, the beginning is', () => {
  const { store } = opened('shop');
  store.addUsage([1, 2, 3].map((hour) => part('shop', hour, hour, {})));
  expect(store.usage('shop', HOUR, 3 * HOUR).map(({ requests }) => requests)).toEqual([1, 2]);
  expect(store.usage('shop', 3 * HOUR, HOUR)).toEqual([]);
});

test('a tenant that is not there is left out, the others are not', () => {
  const { store } = opened('shop');
  store.addUsage([part('nobody', 1, 1, {}), part('shop', 1, 1, {})]);
  expect(store.usage('nobody', 0, HOUR * 2)).toEqual([]);
  expect(store.usage('shop', 0, HOUR * 2)).toHaveLength(1);
});

test.each([{ hourMs: 1 }, { hourMs: -HOUR }, { requests: -1 }, { cpuUs: NaN }, { outcomes: { ok: 0.5 } }])(
  'what does not count is a mistake of the caller, and nothing is added: %j',
  (wrong) => {
    const { store } = opened('shop');
    expect(() => store.addUsage([part('shop', 1, 1, {}), { ...part('shop', 1, 1, {}), ...wrong }])).toThrow(TypeError);
    expect(store.usage('shop', 0, HOUR * 2)).toEqual([]);
  },
);
