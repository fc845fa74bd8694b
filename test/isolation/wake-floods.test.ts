/** Strangers who ask for tenants that rest, as many and as often as they can: nobody else waits for it, and nothing piles up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WOKEN_AT_START } from '../../src/control/limits.ts';
import type { StockApp } from '../../src/lab/stock.ts';
import { variantOf } from '../../src/lab/variant.ts';
import { startEdge, type Edge } from '../e2e/edge.ts';
import { unfinished } from '../e2e/raw-client.ts';
import { URI_GUEST } from '../guests.ts';
import { besideBystander } from './bystander.ts';
import { BYSTANDER } from './guests.ts';

const MANY = 3 * WOKEN_AT_START;

/** Each has a module of its own, to be compiled when it is woken. */
function resting(number: number): StockApp {
  const name = `resting-${number}`;
  const manifest = `name = "${name}"\nmain = "a.wasm"\n`;
  return { name, kind: 'resting', manifest, module: variantOf(URI_GUEST, number), files: new Map() };
}

let edge: Edge;
beforeAll(async () => {
  const stored = Array.from({ length: MANY }, (_, number) => resting(number));
  edge = await startEdge({ apps: { bystander: BYSTANDER }, stored });
});
afterAll(() => edge.stop());

describe('requests for tenants that rest', () => {
  it('all at once do not keep others waiting, and each gets its own tenant', async () => {
    const answers = await besideBystander(edge, () => {
      const asked = Array.from({ length: MANY }, (_, number) => edge.fetch(`resting-${number}`, `/${number}`));
      return Promise.all(asked);
    });
    expect(answers.map(({ text }) => text)).toEqual(Array.from({ length: MANY }, (_, number) => `/${number}`));
    expect(await edge.metric('kerb_wakes_total{result="woken"}')).toBe(MANY);
  });

  it('that were never there are answered without waking anybody', async () => {
    const before = await edge.metric('kerb_wakes_total');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, number) => edge.fetch(`nobody-${number}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(await edge.metric('kerb_wakes_total')).toBe(before);
  });

  it('that are broken off at once leave nothing behind', async () => {
    const own = await startEdge({ stored: Array.from({ length: MANY }, (_, number) => resting(number)) });
    try {
      const clients = Array.from({ length: 40 }, (_, number) => unfinished(own, `resting-${number}`));
      await Promise.all(clients.map((client) => client.open()));
      // The last one's tenant is awake when those before it are: all of them have been read.
      expect((await own.fetch('resting-40', '/last')).text).toBe('/last');
      for (const client of clients) client.leave();
      expect((await own.fetch('resting-2', '/after')).text).toBe('/after');
      for (const sample of ['kerb_requests_in_flight', 'kerb_thread_requests'])
        while ((await own.metric(sample)) > 0) await own.fetch('resting-40', '/meanwhile');
      expect((await own.fetch('resting-1', '/after')).text).toBe('/after');
      expect(await own.stop()).toBe(0);
    } finally {
      if (own.alive) await own.stop();
    }
  });
});
