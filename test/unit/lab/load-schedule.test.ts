import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { KEPT_FAULTS } from '../../../src/lab/limits.ts';
import { Load, type LoadPlan, type LoadReport } from '../../../src/lab/load.ts';
import { popularityOf } from '../../../src/lab/popularity.ts';
import { randomFrom } from '../../../src/lab/random.ts';
import { addTally, emptyTally, type Tally } from '../../../src/lab/tally.ts';
import type { LabTenant } from '../../../src/lab/tenants.ts';
import { endServers, namingKind, serve } from './a-server.ts';

afterEach(endServers);

/** Guests whose right answer is their host; `asked` notes whom a request was made for, in order. */
function tenantsOf(count: number, asked: number[] = []): LabTenant[] {
  const good = namingKind((place) => asked.push(place));
  return Array.from({ length: count }, (_, place) => {
    const name = `t${place}`;
    return { name, host: `${name}.localhost`, place, mark: null, guest: { kind: 'good', good } };
  });
}

const PLAN: Omit<LoadPlan, 'port'> = {
  shape: 'zipf',
  exponent: 1,
  seed: 3,
  rate: 500,
  hostileRate: 0,
  phases: [
    { name: 'settling', ms: 100 },
    { name: 'calm', ms: 300 },
  ],
};

async function run(
  listener: RequestListener,
  tenants: readonly LabTenant[],
  difference: Partial<LoadPlan> = {},
): Promise<LoadReport & { readonly all: Tally }> {
  const load = new Load({ ...PLAN, port: await serve(listener), ...difference }, tenants);
  await load.run(1_000);
  const report = load.report();
  const all = emptyTally('calm');
  for (const tally of report.tallies) addTally(all, tally);
  return { ...report, all };
}

const asKerb: RequestListener = (request, response) => void response.end(request.headers.host);

describe('the schedule of the load', () => {
  it('is the same for the same seed, whatever the answers', async () => {
    const [first, second, other]: number[][] = [[], [], []];
    await run(asKerb, tenantsOf(9, first));
    await run((_, response) => void response.writeHead(500).end(), tenantsOf(9, second));
    await run(asKerb, tenantsOf(9, other), { seed: 4 });
    const length = Math.min(first?.length ?? 0, second?.length ?? 0, other?.length ?? 0);
    expect(length).toBeGreaterThan(100);
    expect(second?.slice(0, length)).toEqual(first?.slice(0, length));
    expect(other?.slice(0, length)).not.toEqual(first?.slice(0, length));
  });

  it('asks each tenant as often as it is popular', async () => {
    const asked: number[] = [];
    await run(asKerb, tenantsOf(4, asked), { rate: 4_000 });
    const weights = popularityOf({ tenants: 4, shape: 'zipf', exponent: 1 }, randomFrom(PLAN.seed + 2));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [place, weight] of weights.entries())
      expect(asked.filter((one) => one === place).length / asked.length).toBeCloseTo(weight / sum, 1);
  });

  it('sends at random moments, so many in all', async () => {
    const dues: number[] = [];
    const { all } = await run((request, response) => {
      dues.push(performance.now());
      asKerb(request, response);
    }, tenantsOf(3));
    // 200 are expected; the deviation of a Poisson process is 14.
    expect(all.sent).toBeGreaterThan(130);
    expect(all.sent).toBeLessThan(270);
    expect(dues).toHaveLength(all.sent);
  });

  it('waits for no answer before it sends the next request', async () => {
    const held: (() => void)[] = [];
    let atOnce = 0;
    const { all, awake } = await run((request, response) => {
      held.push(() => asKerb(request, response));
      atOnce = Math.max(atOnce, held.length);
      if (held.length === 1) setTimeout(() => held.splice(0).forEach((answer) => answer()), 200);
    }, tenantsOf(3));
    expect(atOnce).toBeGreaterThan(50);
    expect(all).toMatchObject({ wrong: 0, lost: 0 });
    expect(awake).toBe(3);
    expect(Math.max(...all.coldMs, ...all.warmMs)).toBeGreaterThanOrEqual(199);
  });

  it('counts an answer for the phase in which its request was due', async () => {
    let isFirst = true;
    const { tallies } = await run((request, response) => {
      if (isFirst) setTimeout(() => asKerb(request, response), 250);
      else asKerb(request, response);
      isFirst = false;
    }, tenantsOf(1));
    const settling = tallies.find(({ phase }) => phase === 'settling');
    const calm = tallies.find(({ phase }) => phase === 'calm');
    expect(Math.max(...(settling?.coldMs ?? []), ...(settling?.warmMs ?? []))).toBeGreaterThanOrEqual(249);
    for (const tally of [settling, calm])
      expect((tally?.coldMs.length ?? 0) + (tally?.warmMs.length ?? 0)).toBe(tally?.sent);
  });

  it('calls cold what was sent before the first right answer of a tenant, and no other', async () => {
    const { all } = await run((request, response) => setTimeout(() => asKerb(request, response), 30), tenantsOf(1));
    // At 500 a second some are on their way in the first 30 ms.
    expect(all.coldMs.length).toBeGreaterThan(1);
    expect(all.coldMs.length).toBeLessThan(all.sent / 2);
    expect(all.coldMs.length + all.warmMs.length).toBe(all.sent);
  });
});

describe('the account of the load', () => {
  it('tells what was repeated, and does not call it lost', async () => {
    const asked = new WeakMap<Socket, number>();
    const { all } = await run((request, response) => {
      const count = (asked.get(request.socket) ?? 0) + 1;
      asked.set(request.socket, count);
      if (count === 3) request.socket.destroy();
      else asKerb(request, response);
    }, tenantsOf(3));
    expect(all.repeated).toBeGreaterThan(10);
    expect(all).toMatchObject({ lost: 0, wrong: 0 });
    expect(all.good['ok']).toBe(all.sent);
  });

  it('has every fault in its counts and the first of them in words', async () => {
    const { all, faults } = await run((_, response) => void response.end('who?'), tenantsOf(3));
    expect(all.wrong).toBe(all.sent);
    expect(all.sent).toBeGreaterThan(KEPT_FAULTS);
    expect(faults).toHaveLength(KEPT_FAULTS);
    expect(faults[0]).toMatchObject({ kind: 'naming', what: expect.stringContaining('"who?"') as string });
  });

  it('tells each request once, however often it is asked', async () => {
    const load = new Load({ ...PLAN, port: await serve(asKerb) }, tenantsOf(3));
    let sent = 0;
    let answered = 0;
    const take = (): void => {
      for (const tally of load.report().tallies) {
        sent += tally.sent;
        answered += tally.coldMs.length + tally.warmMs.length;
      }
    };
    const timer = setInterval(take, 20);
    await load.run(1_000);
    clearInterval(timer);
    take();
    expect(sent).toBeGreaterThan(100);
    expect(answered).toBe(sent);
    expect(load.report().tallies).toEqual([]);
  });
});
