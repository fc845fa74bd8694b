/** From attacks, log lines and the bystander's stream to the tables, the chart and the aims of `runaway`. Pure. */
import { TICK_MS } from '../src/runtime/watchdog.ts';
import type { BarChart } from './chart.ts';
import type { Stream, Timed } from './client.ts';
import { judge, type Aim } from './report.ts';
import { ATTACKS, type Attack, type RunawayCase } from './runaway-cases.ts';
import type { Tail } from '../src/lab/quantile.ts';
import { tailOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';
import type { VmTimeouts } from './vm-timeout-program.ts';

/** The most that a request may run beyond its budget, in milliseconds: one tick of the watchdog, and one for the rest. */
export const MOST_OVERSHOOT_MS = TICK_MS + 1;
/** The most that arming may cost, in nanoseconds. */
export const MOST_ARMING_NS = 100;

/** What the access log says of one request. */
export interface Charged {
  readonly tenant: string;
  readonly outcome: string;
  readonly cpuMs: number;
}

/** One case, attacked many times. */
export interface CaseResult extends RunawayCase {
  /** As the client saw them. */
  readonly attempts: readonly Timed[];
  /** As the server logged them. */
  readonly charged: readonly Charged[];
}

/** Everything that was measured. `vm` is `null` when the peer did not come to an end. */
export interface RunawayResult {
  readonly cases: readonly CaseResult[];
  readonly alone: Stream;
  /** The bystander's stream during each attack. */
  readonly beside: Readonly<Partial<Record<Attack, Stream>>>;
  readonly arming: Spread;
  readonly vm: VmTimeouts | null;
}

/** Reads an access log: the requests that reached a tenant. Lines of guests are passed over. */
export function parseAccessLog(text: string): Charged[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { kind, tenant, outcome, cpu_ms: cpuMs } = JSON.parse(line) as Record<string, unknown>;
    if (kind !== 'access' || typeof tenant !== 'string') return [];
    return [{ tenant, outcome: String(outcome), cpuMs: Number(cpuMs) }];
  });
}

/** How far requests of a case ran beyond their budget, those that the budget ended; `null` when it ended none. */
export function overshootOf({ charged, budgetMs }: CaseResult): Tail | null {
  const over = charged.filter(({ outcome }) => outcome === 'cpu_limit').map(({ cpuMs }) => cpuMs - budgetMs);
  return tailOrNull(over);
}

/** The results as they go into the JSON file: tails, not thousands of single requests. */
export function runawayData({ cases, alone, beside, arming, vm }: RunawayResult): unknown {
  const streamed = ({ latenciesMs, errors }: Stream): unknown => ({ errors, latencyMs: tailOrNull(latenciesMs) });
  return {
    cases: cases.map((one) => ({
      attack: one.attack,
      budgetMs: one.budgetMs,
      outcomes: [...new Set(one.charged.map(({ outcome }) => outcome))],
      overshootMs: overshootOf(one),
      chargedMs: tailOrNull(one.charged.map(({ cpuMs }) => cpuMs)),
      wallMs: tailOrNull(one.attempts.map(({ wallMs }) => wallMs)),
    })),
    bystander: {
      alone: streamed(alone),
      beside: Object.fromEntries(Object.entries(beside).map(([attack, stream]) => [attack, streamed(stream)])),
    },
    armingNs: arming,
    vm,
  };
}

function tailOrNull(sample: readonly number[]): Tail | null {
  return sample.length === 0 ? null : tailOf(sample);
}

/** Cases beside Kerb's own account and the client's clock, then the bystander, then the price of being able to interrupt. */
export function runawayTables(result: RunawayResult): Table[] {
  return [casesTable(result), bystanderTable(result), armingTable(result)];
}

function casesTable({ cases, vm }: RunawayResult): Table {
  const peers = Object.entries(vm?.overshootMs ?? {}).map(([budget, tail]) => {
    const wall = [tail.p50, tail.p99, tail.max].map((over) => figure(over + Number(budget)));
    return ['vm timeout: loop', `${budget} ms`, 'stopped', `${tail.count}`, ...tailCells(tail), ...wall];
  });
  return {
    title: 'runaway: how far past its CPU budget a guest gets',
    columns: ['guest', 'budget', 'outcome', 'n>', 'over p50>', 'p99>', 'max>', 'wall p50>', 'p99>', 'max>'],
    rows: [...cases.map(caseRow), ...peers],
    notes: [
      'Milliseconds. over: CPU time that the server charged, minus the budget. wall: what the client waited for the refusal.',
      'vm timeout: the same loop, not instrumented, under vm.runInContext in plain Node; its budget and its overshoot are wall time.',
      ...(Object.entries(ATTACKS) as [Attack, string][]).map(([name, what]) => `${name}: ${what}.`),
    ],
  };
}

function caseRow(one: CaseResult): string[] {
  const wall = tailOf(one.attempts.map(({ wallMs }) => wallMs));
  const counts = Map.groupBy(one.charged, ({ outcome }) => outcome);
  const outcome = [...counts].map(([name, all]) => (counts.size === 1 ? name : `${name} ${all.length}`)).join(', ');
  const walls = [wall.p50, wall.p99, wall.max].map(figure);
  return [one.attack, `${one.budgetMs} ms`, outcome, `${one.charged.length}`, ...tailCells(overshootOf(one)), ...walls];
}

function tailCells(tail: Tail | null): string[] {
  return tail === null ? ['-', '-', '-'] : [tail.p50, tail.p99, tail.max].map(figure);
}

function bystanderTable({ alone, beside }: RunawayResult): Table {
  const row = (name: string, { latenciesMs, errors }: Stream): string[] => {
    return [name, `${latenciesMs.length}`, `${errors}`, ...tailCells(tailOrNull(latenciesMs))];
  };
  return {
    title: 'runaway: another tenant on the same data thread meanwhile',
    columns: ['bystander', 'requests>', 'errors>', 'p50>', 'p99>', 'max>'],
    rows: [row('alone', alone), ...Object.entries(beside).map(([attack, stream]) => row(`beside ${attack}`, stream))],
    notes: ['Milliseconds from when a request was due to its answer, open loop at a steady rate.'],
  };
}

function armingTable({ arming, vm }: RunawayResult): Table {
  const nanoseconds = (us: number): string => figure(us * 1000);
  const rows = [['Kerb: arm and disarm', ...[arming.median, arming.min, arming.max].map(figure)]];
  if (vm !== null) {
    const { armed, plain } = vm.callUs;
    rows.push(['vm: runInContext with a timeout', nanoseconds(armed.p50), '', nanoseconds(armed.max)]);
    rows.push(['vm: runInContext without', nanoseconds(plain.p50), '', nanoseconds(plain.max)]);
  }
  return {
    title: 'runaway: what it costs a request that one could interrupt it',
    columns: ['', 'median ns>', 'min>', 'max>'],
    rows,
    notes: [
      'The checks inside the guest are extra: benchmark tax. The vm rows are whole calls of a function that does nothing.',
    ],
  };
}

/** One bar per attack and budget, from its median to its greatest overshoot, and the aim as a line. */
export function runawayChart({ cases, vm }: RunawayResult): BarChart {
  const budgets = [...new Set(cases.map(({ budgetMs }) => budgetMs))];
  const barsOf = (budget: number): BarChart['groups'][number]['bars'] => [
    ...cases.filter(({ budgetMs }) => budgetMs === budget).flatMap((one) => bar(one.attack, 'own', overshootOf(one))),
    ...bar('vm timeout: loop', 'peer', vm?.overshootMs[budget] ?? null),
  ];
  return {
    title: 'runaway: overshoot beyond the CPU budget',
    subtitle: 'milliseconds, 99th percentile; the whisker goes from the median to the greatest; shorter is better',
    groups: budgets.map((budget) => ({ label: `budget ${budget} ms`, bars: barsOf(budget) })),
    mark: { value: MOST_OVERSHOOT_MS, label: `aim: ${MOST_OVERSHOOT_MS} ms` },
  };
}

function bar(label: string, tone: 'own' | 'peer', tail: Tail | null): BarChart['groups'][number]['bars'] {
  if (tail === null) return [];
  return [{ label, tone, value: tail.p99, low: tail.p50, high: tail.max, text: figure(tail.p99) }];
}

/** The verdicts: the worst case decides. */
export function runawayAims({ cases, beside, arming }: RunawayResult): Aim[] {
  const tails = cases.flatMap((one) => {
    const tail = overshootOf(one);
    return tail === null ? [] : [{ name: `${one.attack} at ${one.budgetMs} ms`, p99: tail.p99 }];
  });
  const worst = tails.toSorted((a, b) => b.p99 - a.p99)[0];
  const benchmark = 'runaway';
  const streams = Object.values(beside);
  const errors = streams.reduce((sum, stream) => sum + stream.errors, 0);
  const besideTail = tailOrNull(streams.flatMap(({ latenciesMs }) => latenciesMs));
  const answered = besideTail?.count ?? 0;
  return [
    judge(
      { benchmark, aim: `overshoot p99 <= ${MOST_OVERSHOOT_MS} ms (one tick + 1 ms), every case` },
      worst?.p99 ?? null,
      (value) => value <= MOST_OVERSHOOT_MS,
      (value) => `${figure(value)} ms (${worst?.name ?? ''})`,
    ),
    judge(
      { benchmark, aim: `arming <= ${MOST_ARMING_NS} ns per request` },
      arming.median,
      (value) => value <= MOST_ARMING_NS,
      (value) => `${figure(value)} ns`,
    ),
    judge(
      { benchmark, aim: 'no request of another tenant errs' },
      answered + errors === 0 ? null : errors,
      (value) => value === 0,
      (value) => `${value} of ${answered}, p99 ${figure(besideTail?.p99 ?? null)} ms`,
    ),
  ];
}
