/** Tenants that together want more than the process has: refused by name before it runs out, and only those who want too much. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { unfinished } from '../e2e/raw-client.ts';
import { besideBystander, untilMetric } from './bystander.ts';
import { expectFailure } from './failures.ts';
import { BYSTANDER, guest, limits, READ_BODY } from './guests.ts';

/** In MiB; three quarters of it, 300, are for linear memory, and an eighth of those for modest tenants. */
const TARGET = 400;
/** Of one hog, in MiB: two of one tenant are more than half, two of two tenants are not all. */
const HOG_MIB = 80;
const MIB = 1024 * 1024;

/** Touches its memory, and then waits for as long as its client likes. */
const HOG: TestApp = {
  manifest: limits({ memory_mb: HOG_MIB, cpu_ms: 2_000, concurrency: 50 }),
  module: guest({
    memory: String(HOG_MIB * 16),
    handle: `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${HOG_MIB * MIB}))
      ${READ_BODY}`,
  }),
};

/** Grows by a MiB at a time until it is refused, answers how far it came as its status, or traps as allocators do. */
const GROWER: TestApp = {
  manifest: limits({ memory_mb: 64, cpu_ms: 2_000 }),
  module: guest({
    handle: `(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
      (if (i32.lt_u (memory.size) (i32.const ${63 * 16})) (then unreachable))`,
  }),
};

describe('the linear memory of the process', () => {
  let edge: Edge;
  beforeAll(async () => {
    const apps = { bystander: BYSTANDER, hog: HOG, hog2: HOG, grower: GROWER };
    edge = await startEdge({ apps, flags: ['--memory-target', String(TARGET)] });
  });
  afterAll(() => edge.stop());

  it('is never one tenant’s: it is refused as capacity with Retry-After, and nobody else notices', async () => {
    const client = unfinished(edge, 'hog');
    await untilMetric(edge, 'kerb_memory_bytes{tenant="hog"}', (bytes) => bytes === HOG_MIB * MIB);
    await besideBystander(edge, async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => edge.fetch('hog')));
      for (const answer of answers) {
        expectFailure(answer, 'capacity');
        expect(answer.headers['retry-after']).toBe('1');
      }
    });
    expect(await edge.metric('kerb_budget_refused_total{budget="memory_pages"}')).toBeGreaterThanOrEqual(20);
    expect(await edge.metric('kerb_resident_bytes')).toBeLessThan(TARGET * 1.2 * MIB);
    client.leave();
    await untilMetric(edge, 'kerb_memory_bytes{tenant="hog"}', (bytes) => bytes === 0);
    expect((await edge.fetch('hog')).status).toBe(200);
  });

  it('is shared: growth beyond what others leave fails in the guest, and what follows is put down to capacity', async () => {
    await untilMetric(edge, 'kerb_memory_bytes{tenant="hog"}', (bytes) => bytes === 0);
    expect((await edge.fetch('grower')).status).toBe(200);
    await untilMetric(edge, 'kerb_memory_bytes{tenant="grower"}', (bytes) => bytes === 0);
    const clients = ['hog', 'hog2'].map((app) => unfinished(edge, app));
    for (const app of ['hog', 'hog2'])
      await untilMetric(edge, `kerb_memory_bytes{tenant="${app}"}`, (bytes) => bytes === HOG_MIB * MIB);
    await besideBystander(edge, async () => {
      for (let attack = 0; attack < 5; attack++) expectFailure(await edge.fetch('grower'), 'capacity');
    });
    for (const client of clients) client.leave();
    await untilMetric(edge, 'kerb_budget_used{budget="memory_pages"}', (pages) => pages < 20);
    expect((await edge.fetch('grower')).status).toBe(200);
  });
});

describe('the ceilings', () => {
  it('are told, with what is used of each', async () => {
    const edge = await startEdge({ apps: { bystander: BYSTANDER } });
    try {
      await edge.fetch('bystander');
      for (const budget of [
        'requests',
        'memories',
        'memory_pages',
        'sockets',
        'resident_mib',
        'mappings',
        'code_mib',
        'websockets',
      ]) {
        const used = await edge.metric(`kerb_budget_used{budget="${budget}"}`);
        const ceiling = await edge.metric(`kerb_budget_ceiling{budget="${budget}"}`);
        expect([budget, used >= 0, ceiling > used]).toEqual([budget, true, true]);
      }
      expect(await edge.metric('kerb_module_types')).toBeGreaterThan(5);
    } finally {
      await edge.stop();
    }
  });
});
