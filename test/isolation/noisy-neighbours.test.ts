/** The promise itself: five tenants that do their worst at once, and one that does not notice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import type { Outcome } from '../../src/outcome.ts';
import { Bystander } from './bystander.ts';
import { BULK_LATE_MS, expectFailure, expectWithinBudget } from './failures.ts';
import { ATTACKER_CPU_MS, attacker, BYSTANDER } from './guests.ts';

/** Requests of the honest tenant, all of which must be answered rightly. */
const REQUESTS = 10_000;
/** How many of them are in flight at once. */
const WIDTH = 16;
/** Requests of each culprit in flight at once, sent again and again until the honest tenant is done. */
const CULPRIT_WIDTH = 2;
const CULPRITS: Readonly<Record<string, { readonly outcome: Outcome; readonly app: TestApp }>> = {
  looping: { outcome: 'cpu_limit', app: attacker({ handle: '(loop $l (br $l))' }) },
  recursing: { outcome: 'stack_limit', app: attacker({ fields: '(func $f (call $f))', handle: '(call $f)' }) },
  growing: {
    outcome: 'memory_limit',
    app: attacker({ handle: '(loop $l (drop (memory.grow (i32.const 1))) (br $l))' }, { memory_mb: 32 }),
  },
  filling: {
    outcome: 'cpu_limit',
    app: attacker({
      memory: '1024',
      handle: '(loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x4000000)) (br $l))',
    }),
  },
  trapping: { outcome: 'guest_trap', app: attacker({ handle: 'unreachable' }) },
};

let edge: Edge;

beforeAll(async () => {
  const apps = Object.fromEntries(Object.entries(CULPRITS).map(([name, { app }]) => [name, app]));
  edge = await startEdge({ apps: { bystander: BYSTANDER, ...apps } });
});
afterAll(() => edge.stop());

it(`${REQUESTS} requests are answered rightly beside tenants that loop, recurse, grow, fill and trap`, async () => {
  const bystander = new Bystander(edge, WIDTH);
  let over = false;
  const rounds: Record<string, number> = {};
  const attack = async (name: string, outcome: Outcome): Promise<void> => {
    while (!over) {
      expectFailure(await edge.fetch(name), outcome);
      rounds[name] = (rounds[name] ?? 0) + 1;
    }
  };
  const attacks = Object.entries(CULPRITS).flatMap(([name, { outcome }]) =>
    Array.from({ length: CULPRIT_WIDTH }, () => attack(name, outcome)),
  );
  try {
    await Promise.race([bystander.until(REQUESTS), Promise.all(attacks)]);
  } finally {
    over = true;
    await bystander.stop();
    await Promise.allSettled(attacks);
  }
  await Promise.all(attacks);

  expect(bystander.faults).toEqual([]);
  expect(bystander.answers).toBeGreaterThanOrEqual(REQUESTS);
  expect(Object.keys(rounds).toSorted()).toEqual(Object.keys(CULPRITS).toSorted());
  expect(Math.min(...Object.values(rounds))).toBeGreaterThan(5);
  expect(edge.alive).toBe(true);
}, 60_000);

it.each(Object.entries(CULPRITS))('%s was never given more CPU time than its budget', async (name, { outcome }) => {
  await edge.fetch('bystander', '/the-end');
  await edge.untilLogged((line) => line['target'] === '/the-end');
  const lines = edge.log.filter((line) => line['tenant'] === name);
  expect(new Set(lines.map((line) => line['outcome']))).toEqual(new Set([outcome]));
  expectWithinBudget(edge, name, ATTACKER_CPU_MS, name === 'filling' ? BULK_LATE_MS : undefined);
});
