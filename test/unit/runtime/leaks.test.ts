/** What guests leave behind, however they end: nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/runtime/engine.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { Watchdog, WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { processBudgets } from './harness.ts';
import { growth, takeCensus, type Census } from './leak-census.ts';
import { allCases, AT_ONCE, HangingOrigin, runCase, until, type Case } from './leak-load.ts';

/** Loads between the two counts, after one load that is like them: what is made once is there by then. */
const LOADS_BETWEEN = 3;

/** Collections until finalizers have reported every dead memory: one, and one for what the first had to promote. */
const MOST_COLLECTIONS = 8;

/** What may grow between the counts although nothing leaks. A leak in a single way of a single ABI is 60 of its kind. */
const SLACK: Census = {
  // An inline cache or the collector's own bookkeeping may hold the last of its kind for a while.
  instances: 5,
  memories: 5,
  signals: 5,
  // The runner's own reporting goes on meanwhile.
  promises: 20,
  timers: 5,
  resources: 5,
  // The heap, the allocator and other threads come and go in a few. A stack that stays suspended is two.
  mappings: 2 * AT_ONCE,
  // The heap's own. A stack that V8 frees leaves 0.3 MB, and a load suspends some 280 guests; a linear memory that stays is 8 GB.
  addressSpaceMb: 200,
};

let watchdog: Watchdog;
let engine: Engine;
let origin: HangingOrigin;
let cases: readonly Case[];
const watched = new Map<string, WeakRef<WeakKey>[]>();

beforeAll(async () => {
  watchdog = new Watchdog(1);
  engine = new Engine({
    watchdog: new WatchdogLink(watchdog.share, 0),
    budgets: processBudgets(),
    counters: TenantCounters.create(10),
    threads: 1,
    log: { keeps: () => true, write: () => undefined },
  });
  origin = await HangingOrigin.listen();
  cases = allCases();
});
afterAll(async () => {
  engine.close();
  await origin.close();
  await watchdog.close();
});

function watch(name: string, object: WeakKey): void {
  const refs = watched.get(name) ?? [];
  refs.push(new WeakRef(object));
  watched.set(name, refs);
}

/** How many objects that belonged to requests are reachable, by the way in which these ended. */
function survivors(): Record<string, number> {
  const alive = [...watched].map(
    ([name, refs]) => [name, refs.filter((ref) => ref.deref() !== undefined).length] as const,
  );
  return Object.fromEntries(alive.filter(([, count]) => count > 0));
}

/** One load: every way, one after the other, each many times at once. Answers the ways that did not end as they should. */
async function load(): Promise<string[]> {
  const wrong: string[] = [];
  for (const one of cases) {
    const outcomes = await runCase(engine, one, origin, watch);
    if (outcomes.some((outcome) => outcome !== one.way.outcome))
      wrong.push(`${one.name}: ${[...new Set(outcomes)].join()}`);
  }
  return wrong;
}

/** Waits until everything that needs turns of the event loop to end has ended, and counts. */
async function settledCensus(): Promise<Census> {
  for (const { deployment } of cases) engine.retire(deployment.id);
  // Memories that nobody has are kept for the next request: those go too.
  engine.relieve({ bytes: 0, measure: 'shrink' });
  engine.relieve({ bytes: 0, measure: 'none' });
  await until(async () => (await origin.connections()) === 0, 'connections to the origin to close');
  for (let round = 0; round < MOST_COLLECTIONS && engine.usage().memories > 0; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return takeCensus();
}

describe('guests that end in every way', () => {
  it('end as they should and leave nothing behind, however many there were', async () => {
    expect(await load()).toEqual([]);
    const before = await settledCensus();
    for (let again = 0; again < LOADS_BETWEEN; again++) expect(await load()).toEqual([]);
    const after = await settledCensus();
    expect(survivors()).toEqual({});
    expect(engine.usage()).toEqual({ tasks: 0, memories: 0, idleBytes: 0 });
    expect(growth(before, after, SLACK)).toEqual([]);
  }, 90_000);
});
