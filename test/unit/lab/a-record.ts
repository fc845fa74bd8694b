/** A record of a run that never was, for tests of what is made of one. */
import { capacityOf } from '../../../src/lab/capacity.ts';
import { tailOf } from '../../../src/lab/quantile.ts';
import type { LabLook, LabRecord, PhaseSummary } from '../../../src/lab/record.ts';

const TAIL = tailOf([1, 2, 3, 400]);

/** A second of it. */
export function aLook(atS: number, difference: Partial<LabLook> = {}): LabLook {
  return {
    atS,
    phase: 'calm',
    residentBytes: 300 * 2 ** 20 + atS * 2 ** 20,
    heapBytes: null,
    linearBytes: 2 ** 20,
    pageTableBytes: 2 ** 20,
    mappings: 900 + atS,
    memories: 12,
    codeMib: 3,
    cpuSeconds: atS / 4,
    seen: atS * 10,
    awake: atS * 10,
    wakes: atS * 10,
    rests: 0,
    sent: 300,
    cold: 10,
    warm: 290,
    coldTail: TAIL,
    warmTail: TAIL,
    hostileEnded: 3,
    refused: 0,
    wrong: 0,
    unexpected: 0,
    lost: 0,
    inFlight: 2,
    ...difference,
  };
}

/** A phase of it. */
export function aSummary(difference: Partial<PhaseSummary> = {}): PhaseSummary {
  return {
    seconds: 10,
    sent: 3_000,
    cold: TAIL,
    warm: TAIL,
    lateness: TAIL,
    good: { ok: 2_990 },
    hostile: { 'loop cpu_limit': 10 },
    wrong: 0,
    unexpected: 0,
    refused: 0,
    lost: 0,
    repeated: 0,
    ...difference,
  };
}

/** The record. */
export function aRecord(difference: Partial<LabRecord> = {}): LabRecord {
  const idle = { residentBytes: 2 ** 28, mappings: 700, codeMib: 1, awake: 0 };
  return {
    made: '2026-01-31T12:00:00.000Z',
    settings: {
      tenants: 1_000,
      seconds: 30,
      rate: 300,
      hostileRate: 3,
      shape: 'azure',
      exponent: 1,
      seed: 1,
      hostile: 0.01,
      distinct: 0.5,
      modules: null,
      memoryTargetMib: null,
      threads: null,
    },
    machine: { processor: 'A <processor> & more', cores: 2, memoryBytes: 2 ** 34, system: 'Linux', node: 'v26' },
    start: { empty: idle, stocked: { ...idle, residentBytes: 2 ** 28 + 2 ** 24 }, startMs: 900, stockMs: 400 },
    looks: Array.from({ length: 30 }, (_, at) => aLook(at + 1)),
    phases: { settling: aSummary(), calm: aSummary(), hostile: aSummary() },
    all: aSummary({ sent: 9_000 }),
    steady: aSummary({ sent: 6_000 }),
    kinds: [{ name: 'hello', language: 'WAT', tells: 'nothing', tenants: 1_000 }],
    hostileKinds: [{ name: 'loop', tries: 'an empty loop', tenants: 10 }],
    popularity: [
      { rank: 1, perSecond: 20 },
      { rank: 1_000, perSecond: 0.001 },
    ],
    faults: [],
    server: { exitCode: 0, aborts: 0, log: [] },
    capacity: capacityOf(
      [
        {
          name: 'resident memory',
          unit: 'MiB',
          used: 500,
          ceiling: 4_000,
          perRegistered: 0.01,
          perAwake: 0.2,
          how: 'measured',
        },
      ],
      0.3,
    ),
    ...difference,
  };
}
