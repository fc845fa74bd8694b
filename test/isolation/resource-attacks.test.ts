/** Guests that cost the host more than they cost themselves: memory that sleeps, buffers, log lines, timers, instances, types. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp, type TestResponse } from '../e2e/edge.ts';
import { unfinished, type RawClient } from '../e2e/raw-client.ts';
import { besideBystander, untilInFlight, untilMetric } from './bystander.ts';
import { expectFailure } from './failures.ts';
import { BYSTANDER, guest, limits, READ_BODY, wasi } from './guests.ts';

const MIB = 1024 * 1024;
const PAGE_BYTES = 65_536;
/** Answers of the bystander during an attack without which it would not have been served all the while. */
const MEANWHILE = 20;

/** Declares 37.5 MiB, touches none of it and waits for a body. */
const SLEEPER_PAGES = 600;
const SLEEPER: TestApp = { module: guest({ memory: String(SLEEPER_PAGES), handle: READ_BODY }) };

/** Buffers a response of 15 MiB, for which the host has 16 MiB, and waits for a body. */
const BUFFER_BYTES = 16 * MIB;
const BUFFERERS = 40;
const BUFFERER: TestApp = {
  manifest: limits({ cpu_ms: 5_000 }),
  module: guest({
    handle: `(local $left i32) (drop (call $features (i32.const 2)))
      (local.set $left (i32.const ${(15 * MIB) / PAGE_BYTES}))
      (loop $l
        (call $write (i32.const 1) (i32.const 0) (i32.const ${PAGE_BYTES}))
        (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      ${READ_BODY}`,
  }),
};

/** Logs as many of the longest lines as a request may; for a target longer than `/`, one line of four characters. */
const LINES = 200;
const LINE_CHARS = 8_192;
const LOGGER: TestApp = {
  manifest: limits({ cpu_ms: 5_000 }),
  module: guest({
    handle: `(local $left i32) (local $chars i32)
      (local.set $left (i32.const ${LINES}))
      (local.set $chars (i32.const ${LINE_CHARS}))
      (if (i32.gt_u (call $uri (i32.const 0) (i32.const 100)) (i32.const 1))
        (then (local.set $left (i32.const 1)) (local.set $chars (i32.const 4))))
      (memory.fill (i32.const 0) (i32.const 108) (local.get $chars))
      (loop $l
        (call $log (i32.const 2) (i32.const 0) (local.get $chars))
        (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))`,
  }),
};

/** Sleeps for a nanosecond of the monotonic clock, again and again. */
const NAPPER: TestApp = {
  manifest: limits({ cpu_ms: 10_000, wall_ms: 500 }),
  module: guest({
    imports: wasi('poll_oneoff', '(param i32 i32 i32 i32) (result i32)'),
    fields: '(data (i32.const 16) "\\01") (data (i32.const 24) "\\01")',
    handle: `(loop $l
      (if (call $wasi (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)) (then unreachable))
      (br $l))`,
  }),
};

/** An instance of it copies 7.6 MiB over 400 pages, and each request grows the memory, so that none is used twice. */
const STOCKER_PAGES = 400;
const STOCK = Array.from(
  { length: STOCKER_PAGES },
  (_, page) => `(data (i32.const ${page * PAGE_BYTES}) "${'x'.repeat(20_000)}")`,
);
const STOCKER: TestApp = {
  manifest: limits({ cpu_ms: 5_000 }),
  module: guest({
    memory: String(STOCKER_PAGES),
    fields: STOCK.join('\n'),
    handle: `(drop (memory.grow (i32.const 1))) (call $write (i32.const 1) (i32.const ${(STOCKER_PAGES - 1) * PAGE_BYTES}) (i32.const 4))`,
  }),
};

/** Types of one upload, under the 1,000 that are admitted with those of the host functions. */
const TYPES = 900;
const UPLOADS = 20;
const PARAMETERS = ['i32', 'i64', 'f32', 'f64'];

/** A function type with eight parameters, another for each number. */
function typeNumber(number: number): string {
  const parameters = Array.from({ length: 8 }, (_, digit) => PARAMETERS[Math.floor(number / 4 ** digit) % 4]);
  return `(type (func (param ${parameters.join(' ')})))`;
}

/** An app with {@link TYPES} types that no other upload has. */
function collector(upload: number): TestApp {
  const types = Array.from({ length: TYPES }, (_, place) => typeNumber(upload * TYPES + place));
  return { module: BYSTANDER.module.toString().replace('(memory', `${types.join('\n')} (memory`) };
}

/** Clients that wait for their guests, or have their refusals. */
function refusedOf(clients: readonly RawClient[]): readonly RawClient[] {
  return clients.filter(({ received }) => received.endsWith('}'));
}

/** Settles when each client is either refused or in a guest that holds `bytes`; answers how many are in guests. */
async function untilSettled(edge: Edge, tenant: string, clients: readonly RawClient[], bytes: number): Promise<number> {
  const held = (): number => clients.length - refusedOf(clients).length;
  await untilInFlight(edge, tenant, 1);
  await untilMetric(edge, `kerb_requests_in_flight{tenant="${tenant}"}`, (requests) => requests === held());
  await untilMetric(edge, `kerb_memory_bytes{tenant="${tenant}"}`, (memory) => memory >= held() * bytes);
  for (const { statuses, received } of refusedOf(clients)) {
    expect(statuses).toEqual([503]);
    expect(received).toContain('kerb-outcome: capacity');
  }
  return held();
}

/** Fails unless every answer is `text`, or a refusal for want of room. Answers how many were refused. */
function expectServedOrRefused(answers: readonly TestResponse[], text: string): number {
  const refused = answers.filter(({ status }) => status !== 200);
  for (const answer of refused) expectFailure(answer, 'capacity');
  expect(new Set(answers.filter(({ status }) => status === 200).map((answer) => answer.text))).toEqual(new Set([text]));
  return refused.length;
}

describe('in a process of 4,000 MiB', () => {
  const TARGET = 4_000;
  /** Of one tenant, while nobody else has any. */
  const SHARE = (TARGET * 0.75 * MIB) / 2;
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge({
      apps: { bystander: BYSTANDER, sleeper: SLEEPER, logger: LOGGER, napper: NAPPER, stocker: STOCKER },
      flags: ['--memory-target', String(TARGET)],
    });
  });
  afterAll(() => edge.stop());

  it('large memories that nobody touches, in requests that all sleep: half of all there is, and no storm of collections', async () => {
    for (let round = 0; round < 3; round++) {
      await besideBystander(edge, async (bystander) => {
        const clients = Array.from({ length: 100 }, () => unfinished(edge, 'sleeper'));
        const held = await untilSettled(edge, 'sleeper', clients, SLEEPER_PAGES * PAGE_BYTES);
        expect(held).toBeGreaterThan(0);
        expect(held).toBeLessThan(clients.length);
        expect(await edge.metric('kerb_memory_bytes{tenant="sleeper"}')).toBeLessThanOrEqual(SHARE);
        await bystander.until(bystander.answers + MEANWHILE);
        for (const client of clients) client.leave();
        await untilMetric(edge, 'kerb_memory_bytes{tenant="sleeper"}', (bytes) => bytes === 0);
      });
    }
  });

  it('a flood of long log lines: what is beyond the quota is dropped and counted', async () => {
    const requests = 100;
    const startedMs = performance.now();
    await besideBystander(edge, async (bystander) => {
      const answers = await Promise.all(Array.from({ length: requests }, () => edge.fetch('logger')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(bystander.answers).toBeGreaterThan(0);
    });
    const seconds = (performance.now() - startedMs) / 1000;
    await edge.fetch('logger', '/end');
    await edge.untilLogged(({ kind, target }) => kind === 'access' && target === '/end');
    const lines = edge.log.filter(({ tenant }) => tenant === 'logger');
    const messages = lines.filter(({ kind }) => kind === 'guest').map(({ message }) => String(message));
    const own = messages.filter((message) => /^l+$/.test(message));
    const dropped = messages.map((message) => Number(/^(\d+) lines were dropped/.exec(message)?.[1] ?? 0));
    expect(own.reduce((sum, message) => sum + message.length, 0)).toBeLessThan((4 + seconds + 1) * MIB);
    expect(own.length + dropped.reduce((sum, count) => sum + count, 0)).toBe(requests * LINES + 1);
    expect(Math.max(...dropped)).toBeGreaterThan(0);
    expect(lines.filter(({ kind }) => kind === 'access')).toHaveLength(requests + 1);
    expect(await edge.metric('kerb_log_batches_dropped_total')).toBe(0);
  });

  it('a storm of sleeps of a nanosecond: ends at the wall limit', async () => {
    await besideBystander(edge, async (bystander) => {
      const attack = Promise.all(Array.from({ length: 100 }, () => edge.fetch('napper')));
      await untilInFlight(edge, 'napper', 100);
      await bystander.until(bystander.answers + MEANWHILE);
      for (const answer of await attack) expectFailure(answer, 'wall_limit');
    });
    expect(await edge.inFlight('napper')).toBe(0);
  });

  it('instances that are expensive to make, a new one for each request: others are served between them', async () => {
    await besideBystander(edge, async (bystander) => {
      const enough = bystander.answers + MEANWHILE;
      // Each client asks again as soon as it is answered, so that there is no pause in which the bystander would be served alone.
      const clients = Array.from({ length: 50 }, async () => {
        const answers: TestResponse[] = [];
        do answers.push(await edge.fetch('stocker'));
        while (bystander.answers <= enough && bystander.faults.length === 0);
        return answers;
      });
      const answers = (await Promise.all(clients)).flat();
      expect(expectServedOrRefused(answers, 'xxxx')).toBeLessThan(answers.length);
    });
    const made = edge.log.filter(({ tenant, outcome }) => tenant === 'stocker' && outcome === 'ok');
    expect(new Set(made.map(({ instance }) => instance))).toEqual(new Set(['fresh']));
    expect(await edge.metric('kerb_memory_bytes{tenant="stocker"}')).toBeLessThanOrEqual(SHARE);
    expect((await edge.fetch('stocker')).text).toBe('xxxx');
  });

  it('uploads that bring many types: each is counted once, and all serve', async () => {
    const before = await edge.metric('kerb_module_types');
    const names = Array.from({ length: UPLOADS }, (_, upload) => `collector-${upload}`);
    await besideBystander(edge, async () => {
      for (const [upload, name] of names.entries()) await edge.put(name, collector(upload));
      for (const name of names) await edge.untilSaid(`${name}: version`);
      await untilMetric(edge, 'kerb_deployments', (deployments) => deployments === 5 + UPLOADS);
    });
    expect((await edge.metric('kerb_module_types')) - before).toBe(UPLOADS * TYPES);
    for (const name of names) expect((await edge.fetch(name, `/${name}`)).text).toBe(`/${name}`);
    await edge.put('collector-0', { ...collector(0), manifest: 'isolation = "reuse"' });
    await edge.until(() => edge.stderr.split('collector-0: version').length > 2);
    expect((await edge.metric('kerb_module_types')) - before).toBe(UPLOADS * TYPES);
  });
});

describe('in a process of 600 MiB', () => {
  const TARGET = 600;
  const SHARE = (TARGET * 0.75 * MIB) / 2;
  let edge: Edge;
  beforeAll(async () => {
    const apps = { bystander: BYSTANDER, bufferer: BUFFERER };
    edge = await startEdge({ apps, flags: ['--memory-target', String(TARGET)] });
  });
  afterAll(() => edge.stop());

  it('bodies that the host buffers: on the account of their tenant, and refused beyond its share', async () => {
    await besideBystander(edge, async (bystander) => {
      const clients = Array.from({ length: BUFFERERS }, () => unfinished(edge, 'bufferer'));
      const held = await untilSettled(edge, 'bufferer', clients, BUFFER_BYTES);
      const bytes = await edge.metric('kerb_memory_bytes{tenant="bufferer"}');
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(clients.length);
      expect(bytes).toBeLessThanOrEqual(SHARE);
      expect(await edge.metric('kerb_resident_bytes')).toBeLessThan(TARGET * MIB);
      await bystander.until(bystander.answers + MEANWHILE);
      for (const client of clients) client.leave();
    });
    // What is left is the linear memory of the guests, a page each, which is the collector's.
    await untilMetric(edge, 'kerb_memory_bytes{tenant="bufferer"}', (bytes) => bytes <= BUFFERERS * PAGE_BYTES);
    expect((await edge.fetch('bufferer')).body).toHaveLength(15 * MIB);
  });
});
