import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HOSTILE_KINDS } from '../../../src/lab/hostile-kinds.ts';
import { Load, type LoadPlan } from '../../../src/lab/load.ts';
import { addTally, emptyTally, type Tally } from '../../../src/lab/tally.ts';
import type { LabTenant } from '../../../src/lab/tenants.ts';
import { endServers, namingKind, serve } from './a-server.ts';

const NAMING = namingKind();

const [LOOP] = HOSTILE_KINDS;

const tenantAt = (place: number, guest: LabTenant['guest']): LabTenant => ({
  name: `t${place}`,
  host: `t${place}.localhost`,
  place,
  mark: null,
  guest,
});
const GOOD = [0, 1, 2].map((place) => tenantAt(place, { kind: 'good', good: NAMING }));
const HOSTILE = tenantAt(3, { kind: 'hostile', hostile: LOOP ?? ({} as never) });

afterEach(endServers);

const PHASES: LoadPlan['phases'] = [
  { name: 'settling', ms: 100 },
  { name: 'calm', ms: 200 },
  { name: 'hostile', ms: 300 },
];

async function run(
  listener: RequestListener,
  difference: Partial<LoadPlan> = {},
  tenants: readonly LabTenant[] = [...GOOD, HOSTILE],
): Promise<{ all: Tally; tallies: readonly Tally[]; load: Load; faults: readonly string[]; awake: number }> {
  const port = await serve(listener);
  const shape = { shape: 'zipf', exponent: 0.5, seed: 1 } as const;
  const load = new Load({ port, ...shape, rate: 300, hostileRate: 50, phases: PHASES, ...difference }, tenants);
  await load.run(1_000);
  const { tallies, faults, awake } = load.report();
  const all = emptyTally('calm');
  for (const tally of tallies) addTally(all, tally);
  return { all, tallies, load, faults: faults.map(({ tenant, what }) => `${tenant}: ${what}`), awake };
}

/** As the lab's tenants answer: the good ones their host, the hostile one that it was stopped. */
const asKerb: RequestListener = (request, response) => {
  const host = request.headers.host ?? '';
  if (host === HOSTILE.host) response.writeHead(503, { 'kerb-outcome': 'cpu_limit' }).end('{}');
  else response.end(host);
};

describe('Load', () => {
  it('sends at the rate, checks every answer, and tells cold from warm', async () => {
    const { all, awake } = await run(asKerb);
    expect(all.sent).toBeGreaterThan(120);
    expect(all.sent).toBeLessThan(260);
    expect(all).toMatchObject({ wrong: 0, unexpected: 0, refused: 0, lost: 0 });
    expect(awake).toBe(3);
    expect(all.coldMs.length).toBeGreaterThanOrEqual(3);
    expect(all.coldMs.length + all.warmMs.length).toBe(all.good['ok']);
    expect(all.latenessMs.every((ms) => ms >= 0)).toBe(true);
  });

  it('asks hostile tenants in their phase alone', async () => {
    const { tallies } = await run(asKerb);
    const ended = Object.fromEntries(tallies.map(({ phase, hostile }) => [phase, hostile]));
    expect(ended).toMatchObject({ settling: {}, calm: {} });
    expect(ended['calm']).toEqual({});
    expect(ended['hostile']?.['loop cpu_limit']).toBeGreaterThan(3);
  });

  it("finds another tenant's answer out", async () => {
    const { all, faults } = await run((_, response) => response.end('t1.localhost'), {}, GOOD);
    expect(all.wrong).toBeGreaterThan(0);
    expect(faults[0]).toMatch(/^t[02]: the body is "t1\.localhost", not "t[02]\.localhost"$/);
    expect(faults.length).toBeLessThanOrEqual(20);
  });

  it('tells refusals from outcomes that nobody expected', async () => {
    const { all } = await run(
      (request, response) => {
        const outcome = request.headers.host === 't0.localhost' ? 'capacity' : 'guest_trap';
        response.writeHead(503, { 'kerb-outcome': outcome }).end();
      },
      {},
      GOOD,
    );
    expect(all.good).toEqual({ capacity: all.refused, guest_trap: all.unexpected });
    expect(all.refused).toBeGreaterThan(0);
    expect(all.unexpected).toBeGreaterThan(0);
  });

  it('counts a hostile guest that answers as unexpected', async () => {
    const { all } = await run((_, response) => response.end('hello'), { rate: 0.01 });
    expect(all.hostile['loop 200']).toBeGreaterThan(3);
    expect(all.unexpected).toBe(all.hostile['loop 200']);
  });

  it('counts requests whose connection breaks, and those that nobody answers', async () => {
    const broken = await run((request) => request.socket.destroy(), {}, GOOD);
    expect(broken.all.lost).toBe(broken.all.sent);
    const port = await serve(() => undefined);
    const plan = { port, shape: 'zipf', exponent: 1, seed: 1, rate: 100, hostileRate: 0, phases: PHASES } as const;
    const silent = new Load(plan, GOOD);
    await silent.run(50);
    const sum = emptyTally('calm');
    for (const tally of silent.report().tallies) addTally(sum, tally);
    expect(sum.sent).toBeGreaterThan(0);
    expect(sum.lost).toBe(sum.sent);
  });

  it('counts waiting from when a request was due, not from when it was sent', async () => {
    let held = 0;
    const { all } = await run(
      (request, response) => {
        held += 1;
        if (held === 1) setTimeout(() => response.end(request.headers.host), 150);
        else response.end(request.headers.host);
      },
      { hostileRate: 0 },
      GOOD,
    );
    expect(Math.max(...all.coldMs, ...all.warmMs)).toBeGreaterThanOrEqual(149);
  });
});
