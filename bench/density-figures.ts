/** What `density` counts, and what a tenant takes by it. Pure. */
import type { MemoryUse } from './memory-use.ts';
import { quantile, spreadOf, type Spread } from './statistics.ts';

/** Kerb with so many tenants in its store, none of which has been asked. */
export interface RegisteredSample {
  readonly tenants: number;
  readonly startMs: number;
  readonly use: MemoryUse;
  readonly heapBytes: number;
  /** Of those that were asked afterwards, how many answered right, and how many did not. */
  readonly right: number;
  readonly errors: number;
}

/** A server when so many tenants had answered once. */
export interface LiveSample {
  readonly tenants: number;
  readonly use: MemoryUse;
  /** `null`: it cannot be read. */
  readonly heapBytes: number | null;
  /** To the first byte of each first answer. */
  readonly firstMs: readonly number[];
  /** Since the first was asked. */
  readonly seconds: number;
  readonly errors: number;
  /** Kerb: tenants that it says are awake; `null`: it does not say. */
  readonly awake: number | null;
}

/** A round of one contender. */
export interface LiveRound {
  /** Before anybody was asked. */
  readonly idle: MemoryUse;
  readonly idleHeapBytes: number | null;
  /** One after the other, in the same process. */
  readonly samples: readonly LiveSample[];
  /** Why it was not taken further; `null`: it was taken to the end. */
  readonly stopped: string | null;
}

/** All rounds of one contender. */
export interface LiveSeries {
  readonly server: string;
  readonly tone: 'own' | 'peer';
  readonly rounds: readonly LiveRound[];
}

/** Kerb driven to the end of something. */
export interface EndSample {
  readonly name: string;
  /** Requests by verdict: status and outcome, `right`, `lost`. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly peakMib: number;
  readonly targetMib: number;
  readonly awake: number | null;
  /** Other tenants, asked when it was over: how many answered right, and of how many. */
  readonly afterwards: { readonly right: number; readonly asked: number };
  readonly alive: 'alive' | 'ended';
}

/** Everything that was counted. */
export interface DensityResult {
  readonly registered: readonly RegisteredSample[];
  readonly live: readonly LiveSeries[];
  readonly ends: readonly EndSample[];
}

/** Verdicts by which a Kerb may answer when it is at an end: by design. */
const BY_DESIGN = [
  'right',
  '503 capacity',
  '429 concurrency_limit',
  '429 cpu_quota',
  '503 cpu_limit',
  '503 memory_limit',
];

/** What went neither right nor as it is meant to at the end. */
export function strayVerdicts({ verdicts }: Pick<EndSample, 'verdicts'>): Record<string, number> {
  return Object.fromEntries(Object.entries(verdicts).filter(([name]) => !BY_DESIGN.includes(name)));
}

/** A sample with what its round began with. */
export interface Placed extends Pick<LiveRound, 'idle' | 'idleHeapBytes'> {
  readonly sample: LiveSample;
}

/** The samples of all rounds when so many tenants had answered. */
export function samplesAt(rounds: readonly LiveRound[], tenants: number): Placed[] {
  return rounds.flatMap(({ idle, idleHeapBytes, samples }) =>
    samples.filter((sample) => sample.tenants === tenants).map((sample) => ({ sample, idle, idleHeapBytes })),
  );
}

/** KiB of heap per live tenant; nothing where it cannot be read. */
export function heapKibEach({ sample, idleHeapBytes }: Placed): number[] {
  if (sample.heapBytes === null || idleHeapBytes === null) return [];
  return [(sample.heapBytes - idleHeapBytes) / 1024 / sample.tenants];
}

/** KiB of resident memory per live tenant, by rounds. */
export function kibEach({ rounds }: LiveSeries, tenants: number): Spread | null {
  const each = samplesAt(rounds, tenants).map(
    ({ sample, idle }) => ((sample.use.residentMib - idle.residentMib) * 1024) / tenants,
  );
  return each.length === 0 ? null : spreadOf(each);
}

/** The middle of a sample; `null` when it is empty. */
export function medianOrNull(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(values, 0.5);
}
