/** What `azure` counts in its rounds, and what follows from it. Pure. */
import type { AzureCase } from './azure-cases.ts';
import { quantile, ratioOf, spreadOf, type Spread } from './statistics.ts';
import { countVerdicts, faultsAmong, firstBytesOf } from './visits.ts';
import type { VisitsRun } from './visits-run.ts';

/** The contenders: the one that puts tenants to rest, and the one that need not. */
export const OWN = 'Kerb';
export const IDEAL = 'Kerb that keeps everything';

/** One round. */
export interface AzureSample {
  /** To the first byte, of right answers. */
  readonly latenciesMs: readonly number[];
  readonly latenessMs: readonly number[];
  readonly requests: number;
  /** Requests that found their tenant at rest; `null`: Kerb does not tell. */
  readonly wakes: number | null;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly residentMib: number;
  readonly awake: number | null;
  readonly errors: number;
  readonly verdicts: Readonly<Record<string, number>>;
}

/** All rounds of one case of one contender. */
export interface AzureSeries extends AzureCase {
  readonly server: string;
  /** MiB. */
  readonly memoryTarget: number;
  readonly samples: readonly AzureSample[];
}

/** What Kerb tells of itself before or after a round. */
export interface AzureReading {
  readonly wakes: number | null;
  readonly awake: number | null;
}

/** What a round amounts to. */
export function azureSampleOf(run: VisitsRun, before: AzureReading, after: AzureReading): AzureSample {
  return {
    latenciesMs: firstBytesOf(run.result),
    latenessMs: run.result.latenessMs,
    requests: run.result.verdicts.length,
    wakes: before.wakes === null || after.wakes === null ? null : after.wakes - before.wakes,
    seconds: run.seconds,
    cpuSeconds: run.serverCpuSeconds,
    residentMib: run.residentKib / 1024,
    awake: after.awake,
    errors: faultsAmong(run.result),
    verdicts: countVerdicts(run.result.verdicts),
  };
}

/** What the table says of a series. */
export interface AzureFigures {
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Over all rounds together. */
  readonly p999: number | null;
  /** Of all requests of all rounds; `null`: Kerb does not tell. */
  readonly warm: number | null;
  readonly perCpuSecond: Spread | null;
  readonly errors: number;
}

/** The figures of a series. */
export function azureFigures({ samples }: AzureSeries): AzureFigures {
  const pooled = samples.flatMap(({ latenciesMs }) => latenciesMs);
  const requests = samples.reduce((sum, sample) => sum + sample.requests, 0);
  const wakes = samples.map((sample) => sample.wakes);
  const isTold = wakes.every((count) => count !== null) && requests > 0;
  const busy = samples.filter(({ cpuSeconds }) => cpuSeconds >= 0.02);
  return {
    p50: spreadOrNull(byRound(samples, 0.5)),
    p99: spreadOrNull(byRound(samples, 0.99)),
    p999: pooled.length === 0 ? null : quantile(pooled, 0.999),
    warm: isTold ? 1 - wakes.reduce((sum, count) => sum + (count ?? 0), 0) / requests : null,
    perCpuSecond: spreadOrNull(busy.map((sample) => sample.requests / sample.cpuSeconds)),
    errors: samples.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** How many times the ideal's a quantile is, round by round; `null`: there is nothing to compare. */
export function slowdownOf(series: AzureSeries, all: readonly AzureSeries[], q: number): Spread | null {
  const ideal = all.find(({ server, tenants }) => server === IDEAL && tenants === series.tenants);
  return ideal === undefined ? null : ratioOf(roundsOrNull(series, q), roundsOrNull(ideal, q));
}

/**
 * The most that it can be: lateness of the generator is in the times of both and makes them look alike, so all of what it was at p99 is taken
 * off the ideal's. `null` also where that leaves nothing.
 */
export function slowdownAtMost(series: AzureSeries, all: readonly AzureSeries[], q: number): Spread | null {
  const ideal = all.find(({ server, tenants }) => server === IDEAL && tenants === series.tenants);
  if (ideal === undefined) return null;
  const least = roundsOrNull(ideal, q).map((ms, round) => {
    const late = ideal.samples[round]?.latenessMs ?? [];
    const lateMs = late.length === 0 ? 0 : quantile(late, 0.99);
    return ms === null || ms <= lateMs ? null : ms - lateMs;
  });
  return least.includes(null) ? null : ratioOf(roundsOrNull(series, q), least);
}

function roundsOrNull({ samples }: AzureSeries, q: number): (number | null)[] {
  return samples.map(({ latenciesMs }) => (latenciesMs.length === 0 ? null : quantile(latenciesMs, q)));
}

function byRound(samples: readonly AzureSample[], q: number): number[] {
  return samples.flatMap(({ latenciesMs }) => (latenciesMs.length === 0 ? [] : [quantile(latenciesMs, q)]));
}

/** The 99th percentile of how late the generator sent, over everything; `null` when it sent nothing. */
export function azureLateness(all: readonly AzureSeries[]): number | null {
  const late = all.flatMap(({ samples }) => samples.flatMap(({ latenessMs }) => latenessMs));
  return late.length === 0 ? null : quantile(late, 0.99);
}

/** The spread of a sample; `null` when it is empty. */
export function spreadOrNull(values: readonly number[]): Spread | null {
  return values.length === 0 ? null : spreadOf(values);
}
