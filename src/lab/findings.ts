/** What a run found, put together from what was seen of it. */
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { TENANT_SLOTS } from '../limits.ts';
import { MEMORY_CEILING_FACTOR } from '../runtime/limits.ts';
import { capacityOf, type BoundInput, type CapacityEstimate } from './capacity.ts';
import { HOSTILE_KINDS } from './hostile-kinds.ts';
import { BUSY_SHARE } from './limits.ts';
import type { Fault } from './load.ts';
import type { ServerMetrics } from './metrics-read.ts';
import { popularityOf } from './popularity.ts';
import { tailOf } from './quantile.ts';
import { randomFrom } from './random.ts';
import {
  isAwakeFromStart,
  type LabLook,
  type LabMachine,
  type LabRecord,
  type LabSettings,
  type LabStart,
  type PhaseSummary,
} from './record.ts';
import { addTally, emptyTally, PHASES, type PhaseName, type Tally } from './tally.ts';
import { guestKinds, kindName, labTenants } from './tenants.ts';
import { phasesOf } from './phases.ts';

/** What was seen. */
export interface Found {
  readonly start: LabStart;
  readonly looks: readonly LabLook[];
  readonly tallies: ReadonlyMap<PhaseName, Tally>;
  readonly faults: readonly Fault[];
  /** Of the last look. */
  readonly metrics: ServerMetrics | null;
  readonly server: LabRecord['server'];
}

const MIB = 2 ** 20;

/** Ranks at which the popularity is told. */
const TOLD_RANKS = 120;

/** The record of a run. */
export function recordOf(settings: LabSettings, found: Found): LabRecord {
  const { start, looks, tallies, faults, server } = found;
  const sumOf = (names: readonly PhaseName[]): PhaseSummary => {
    const sum = emptyTally('calm');
    for (const name of names) addTally(sum, tallies.get(name) ?? emptyTally(name));
    return summaryOf(
      sum,
      names.reduce((seconds, name) => seconds + (lengths.get(name) ?? 0), 0),
    );
  };
  const lengths = new Map(phasesOf(settings).map(({ name, ms }) => [name, ms / 1_000]));
  return {
    made: new Date().toISOString(),
    settings,
    machine: thisMachine(),
    start,
    looks,
    phases: Object.fromEntries(PHASES.map((name) => [name, sumOf([name])])) as Record<PhaseName, PhaseSummary>,
    all: sumOf(PHASES),
    steady: sumOf(['calm', 'hostile']),
    ...kindsOf(settings),
    popularity: popularityCurve(settings),
    faults,
    server,
    capacity: estimate(settings, found),
  };
}

function summaryOf(tally: Tally, seconds: number): PhaseSummary {
  const { sent, good, hostile, wrong, unexpected, refused, lost, repeated } = tally;
  const tails = { cold: tailOf(tally.coldMs), warm: tailOf(tally.warmMs), lateness: tailOf(tally.latenessMs) };
  return { seconds, sent, ...tails, good, hostile, wrong, unexpected, refused, lost, repeated };
}

function thisMachine(): LabMachine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: Math.min(process.constrainedMemory() || Infinity, totalmem()),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

function kindsOf(settings: LabSettings): Pick<LabRecord, 'kinds' | 'hostileKinds'> {
  const counts = new Map<string, number>();
  for (const tenant of labTenants(settings)) counts.set(kindName(tenant), (counts.get(kindName(tenant)) ?? 0) + 1);
  const tenants = (name: string): number => counts.get(name) ?? 0;
  return {
    kinds: guestKinds(settings.modules).map(({ name, language, tells }) => ({
      name,
      language,
      tells,
      tenants: tenants(name),
    })),
    hostileKinds: HOSTILE_KINDS.map(({ name, tries }) => ({ name, tries, tenants: tenants(name) })),
  };
}

/** As the load draws it, at ranks that are spread evenly over a logarithmic scale. */
function popularityCurve({ tenants, shape, exponent, seed, rate }: LabSettings): LabRecord['popularity'] {
  const weights = popularityOf({ tenants, shape, exponent }, randomFrom(seed + 2)).sort((a, b) => b - a);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const ranks = Array.from({ length: TOLD_RANKS }, (_, at) => Math.round(tenants ** (at / (TOLD_RANKS - 1))));
  return [...new Set(ranks)].map((rank) => ({ rank, perSecond: ((weights[rank - 1] ?? 0) / sum) * rate }));
}

function estimate(settings: LabSettings, { start, looks, metrics }: Found): CapacityEstimate {
  const { tenants } = settings;
  const isAwake = isAwakeFromStart(start);
  const seen = isAwake ? tenants : (looks.at(-1)?.seen ?? 0);
  const bound = (figures: Pick<BoundInput, 'name' | 'unit' | 'ceiling' | 'how'> & Growth): BoundInput => {
    const { empty, stocked, peak, ...rest } = figures;
    const perRegistered = isAwake ? null : difference(stocked, empty, tenants);
    const perAwake = seen === 0 ? null : difference(peak, isAwake ? empty : stocked, seen);
    return { ...rest, used: peak, perRegistered, perAwake };
  };
  const ceilingOf = (budget: string): number | null => metrics?.budgets[budget]?.ceiling ?? null;
  const ceilingMib = ceilingOf('resident_mib');
  return capacityOf(
    [
      bound({
        name: 'resident memory',
        unit: 'MiB',
        empty: mib(start.empty.residentBytes),
        stocked: mib(start.stocked.residentBytes),
        peak: mib(most(looks, 'residentBytes')),
        ceiling: ceilingMib === null ? null : ceilingMib / MEMORY_CEILING_FACTOR,
        how: "the server's memory target. All that the run added is put down to those who were awake, so the estimate is a cautious one",
      }),
      bound({
        name: 'mappings',
        unit: 'mappings',
        empty: start.empty.mappings,
        stocked: start.stocked.mappings,
        peak: most(looks, 'mappings'),
        ceiling: ceilingOf('mappings'),
        how: 'the share of what Linux grants a process up to which new requests begin; an awake tenant has two for each linear memory',
      }),
      bound({
        name: 'machine code',
        unit: 'MiB',
        empty: start.empty.codeMib,
        stocked: start.stocked.codeMib,
        peak: most(looks, 'codeMib'),
        ceiling: ceilingOf('code_mib'),
        how: 'compiled modules that are in use; V8 would end the process a quarter above',
      }),
      processor(settings, looks),
      {
        name: 'places to count tenants',
        unit: 'tenants',
        used: tenants,
        ceiling: TENANT_SLOTS,
        perRegistered: 1,
        perAwake: 0,
        how: 'a fixed number in shared memory',
      },
    ],
    tenants === 0 ? 0 : seen / tenants,
  );
}

interface Growth {
  readonly empty: number | null;
  readonly stocked: number | null;
  readonly peak: number | null;
}

/** How busy the server was in the second half of the run, when most of those who are asked were awake. */
function processor({ tenants, threads }: LabSettings, looks: readonly LabLook[]): BoundInput {
  const [from, to] = [looks[Math.floor(looks.length / 2)], looks.at(-1)];
  const seconds = (to?.atS ?? 0) - (from?.atS ?? 0);
  const spent = difference(to?.cpuSeconds ?? null, from?.cpuSeconds ?? null, 1);
  const used = spent === null || seconds <= 0 ? null : spent / seconds;
  // The main thread and those of the engine work beside the data threads.
  const cores = Math.min(availableParallelism(), (threads ?? availableParallelism() - 1) + 1);
  return {
    name: 'processor time',
    unit: 'cores',
    used,
    ceiling: cores * BUSY_SHARE,
    perRegistered: used === null ? null : used / tenants,
    perAwake: 0,
    how: `${BUSY_SHARE * 100} % of the cores that the server can use, should more tenants be asked as often as these were; the hostile ones are in it`,
  };
}

function difference(after: number | null, before: number | null, among: number): number | null {
  return after === null || before === null ? null : Math.max(0, after - before) / among;
}

function most(looks: readonly LabLook[], name: 'residentBytes' | 'mappings' | 'codeMib'): number | null {
  return looks.reduce<number | null>(
    (peak, { [name]: value }) => (value === null ? peak : Math.max(peak ?? 0, value)),
    null,
  );
}

function mib(bytes: number | null): number | null {
  return bytes === null ? null : bytes / MIB;
}
