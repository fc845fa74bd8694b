import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { TENANT_SLOTS } from '../../../src/limits.ts';
import type { Bound } from '../../../src/lab/capacity.ts';
import { recordOf, type Found } from '../../../src/lab/findings.ts';
import { BUSY_SHARE } from '../../../src/lab/limits.ts';
import type { ServerMetrics } from '../../../src/lab/metrics-read.ts';
import { isClean, type LabRecord, type LabSettings } from '../../../src/lab/record.ts';
import { headline } from '../../../src/lab/story.ts';
import { emptyTally, type PhaseName, type Tally } from '../../../src/lab/tally.ts';
import { MEMORY_CEILING_FACTOR } from '../../../src/runtime/limits.ts';
import { aLook, aRecord } from './a-record.ts';

const MIB = 2 ** 20;
const SETTINGS: LabSettings = { ...aRecord().settings, tenants: 200, seconds: 100, threads: 1 };

const budget = (ceiling: number): { used: number; ceiling: number; refused: number } => ({
  used: 0,
  ceiling,
  refused: 0,
});
const METRICS: ServerMetrics = {
  memories: 10,
  idleBytes: 0,
  heapBytes: 0,
  deployments: 0,
  awake: 100,
  resting: 100,
  wakes: 100,
  rests: 0,
  budgets: { resident_mib: budget(1_000 * MEMORY_CEILING_FACTOR), mappings: budget(50_000), code_mib: budget(100) },
};

const tallyOf = (phase: PhaseName, difference: Partial<Tally> = {}): Tally => ({
  ...emptyTally(phase),
  ...difference,
});

/** 200 tenants took 20 MiB, 400 mappings; the 50 of them that answered, 100 MiB and 100 mappings more. */
function found(difference: Partial<Found> = {}): Found {
  const empty = { residentBytes: 200 * MIB, mappings: 500, codeMib: 0, awake: 0 };
  const stocked = { residentBytes: 220 * MIB, mappings: 900, codeMib: 0, awake: 0 };
  const peak = { residentBytes: 320 * MIB, mappings: 1_000, codeMib: 5, seen: 50 };
  const looks = Array.from({ length: 11 }, (_, at) => aLook(at * 10, { ...peak, cpuSeconds: at }));
  return {
    start: { empty, stocked, startMs: 1, stockMs: 1 },
    looks,
    tallies: new Map(),
    faults: [],
    metrics: METRICS,
    server: { exitCode: 0, aborts: 0, log: [] },
    ...difference,
  };
}

const boundOf = ({ capacity }: LabRecord, name: string): Bound =>
  capacity.bounds.find((one) => one.name === name) as Bound;

describe('the estimate', () => {
  it('puts what the store added down to every tenant, and what the run added to those that answered', () => {
    const record = recordOf(SETTINGS, found());
    const memory = boundOf(record, 'resident memory');
    expect(memory).toMatchObject({ used: 320, ceiling: 1_000, perRegistered: 0.1, perAwake: 2 });
    // One more takes 0.1 MiB, and 2 in a quarter of the cases.
    expect(memory.more).toBe(Math.floor(680 / 0.6));
    expect(boundOf(record, 'mappings')).toMatchObject({ used: 1_000, perRegistered: 2, perAwake: 2 });
    expect(boundOf(record, 'machine code')).toMatchObject({ used: 5, perRegistered: 0, perAwake: 0.1, more: 3_800 });
    expect(record.capacity).toMatchObject({ awakeShare: 0.25, first: 'resident memory' });
  });

  it('takes the most of the run, not its end', () => {
    const looks = [aLook(1, { residentBytes: 900 * MIB, seen: 5 }), aLook(2, { residentBytes: 300 * MIB, seen: 10 })];
    expect(boundOf(recordOf(SETTINGS, found({ looks })), 'resident memory').used).toBe(900);
  });

  it('does not tell those apart that are only there where all are awake from the start', () => {
    const { start } = found();
    const awake = found({ start: { ...start, stocked: { ...start.stocked, awake: 200 } } });
    const record = recordOf(SETTINGS, awake);
    expect(boundOf(record, 'resident memory')).toMatchObject({ perRegistered: null, perAwake: 120 / 200 });
    expect(record.capacity.awakeShare).toBe(1);
    expect(headline(record).join(' ')).toContain('so few are all awake from the start');
    expect(headline(recordOf(SETTINGS, found())).join(' ')).toContain('A tenant that is only there takes');
  });

  it('says so where tenants at rest take too little to be measured', () => {
    const { start } = found();
    const little = found({ start: { ...start, stocked: { ...start.empty, residentBytes: 190 * MIB } } });
    const record = recordOf(SETTINGS, little);
    expect(boundOf(record, 'resident memory').perRegistered).toBe(0);
    expect(headline(record).join(' ')).toContain('only there takes too little to be measured, one that answers');
  });

  it('reckons with how busy the server was in the second half', () => {
    const calm = Array.from({ length: 11 }, (_, at) => aLook(at * 10, { cpuSeconds: at < 5 ? at * 9 : 36 + at }));
    const { used, ceiling, perRegistered } = boundOf(recordOf(SETTINGS, found({ looks: calm })), 'processor time');
    expect(used).toBeCloseTo(0.1);
    expect(ceiling).toBe(Math.min(availableParallelism(), 2) * BUSY_SHARE);
    expect(perRegistered).toBeCloseTo(0.1 / 200);
  });

  it('never goes beyond the places to count tenants', () => {
    const bound = boundOf(recordOf(SETTINGS, found()), 'places to count tenants');
    expect(bound.more).toBe(TENANT_SLOTS - 200);
  });

  it('knows nothing of what could not be measured', () => {
    const record = recordOf(SETTINGS, found({ looks: [], metrics: null }));
    for (const name of ['resident memory', 'mappings', 'machine code', 'processor time'])
      expect([name, boundOf(record, name).more]).toEqual([name, null]);
  });
});

describe('the record', () => {
  it('adds phases up, and leaves the settling out of what is steady', () => {
    const tallies = new Map<PhaseName, Tally>([
      ['settling', tallyOf('settling', { sent: 10, coldMs: [100], good: { ok: 1 }, lost: 1, repeated: 1 })],
      ['calm', tallyOf('calm', { sent: 20, warmMs: [1, 2, 3], good: { ok: 3 } })],
      ['hostile', tallyOf('hostile', { sent: 30, warmMs: [5], good: { ok: 1 }, hostile: { 'loop cpu_limit': 2 } })],
    ]);
    const { all, steady, phases } = recordOf(SETTINGS, found({ tallies }));
    expect(all).toMatchObject({ sent: 60, seconds: 100, good: { ok: 5 }, lost: 1, repeated: 1 });
    expect(all.cold).toMatchObject({ count: 1, p50: 100 });
    expect(steady).toMatchObject({ sent: 50, seconds: 90, cold: null, lost: 0, hostile: { 'loop cpu_limit': 2 } });
    expect(steady.warm).toMatchObject({ count: 4, p50: 2.5, max: 5 });
    expect([phases.settling.seconds, phases.calm.seconds, phases.hostile.seconds].map(Math.round)).toEqual([
      10, 30, 60,
    ]);
  });

  it('tells how often each rank is asked, adding up to the rate', () => {
    const { popularity } = recordOf({ ...SETTINGS, tenants: 20, shape: 'zipf', exponent: 1 }, found());
    expect(popularity.map(({ rank }) => rank)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(popularity.reduce((sum, { perSecond }) => sum + perSecond, 0)).toBeCloseTo(SETTINGS.rate);
    expect((popularity[0]?.perSecond ?? 0) / (popularity[9]?.perSecond ?? 0)).toBeCloseTo(10);
  });

  it('counts the tenants of each kind, hostile ones apart', () => {
    const { kinds, hostileKinds } = recordOf({ ...SETTINGS, hostile: 0.03 }, found());
    const sum = (all: readonly { readonly tenants: number }[]): number =>
      all.reduce((total, { tenants }) => total + tenants, 0);
    expect([sum(kinds), sum(hostileKinds)]).toEqual([200, 6]);
  });

  it('survives JSON: no figure becomes another', () => {
    const record = recordOf(SETTINGS, found());
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });
});

describe('isClean', () => {
  const { all, server } = aRecord();

  it.each(['wrong', 'unexpected', 'lost'] as const)('is not where one is %s', (what) => {
    expect(isClean({ all, server })).toBe(true);
    expect(isClean({ all: { ...all, [what]: 1 }, server })).toBe(false);
  });

  it('is where requests were refused or repeated, and not where the server ended', () => {
    expect(isClean({ all: { ...all, refused: 9, repeated: 9 }, server })).toBe(true);
    expect(isClean({ all, server: { ...server, aborts: 1 } })).toBe(false);
  });
});
