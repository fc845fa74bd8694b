/** What a benchmark hands back: tables and charts for people, data for programs, and which aims were met. */
import type { BarChart } from './chart.ts';
import type { Table } from './table.ts';

/** An aim of the project with what was measured for it. */
export interface Aim {
  readonly benchmark: string;
  /** The aim in words. */
  readonly aim: string;
  /** What was measured, in words; `-` when nothing was. */
  readonly measured: string;
  readonly verdict: 'met' | 'missed' | 'not measured';
}

/** A peer that could not take part. */
export interface AbsentPeer {
  readonly name: string;
  readonly reason: string;
}

/** A benchmark's outcome. */
export interface Report {
  readonly name: string;
  readonly tables: readonly Table[];
  /** By file name without ending. */
  readonly charts: Readonly<Record<string, BarChart>>;
  readonly aims: readonly Aim[];
  readonly absent: readonly AbsentPeer[];
  /** Everything that was measured, as it goes into the JSON file. */
  readonly data: unknown;
}

/** What a benchmark is run with. */
export interface RunOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** How long a benchmark takes that is about a long time. */
  readonly minutes: number;
  /** Fewer cases and samples: shows that everything works, measures little. */
  readonly scale: 'full' | 'quick';
  /** Takes a line about the progress. */
  readonly say: (line: string) => void;
}

/** An aim with a bound: `met` when `value` keeps it, `not measured` when there is none. */
export function judge(
  name: { readonly benchmark: string; readonly aim: string },
  value: number | null,
  keeps: (value: number) => boolean,
  show: (value: number) => string,
): Aim {
  if (value === null) return { ...name, measured: '-', verdict: 'not measured' };
  return { ...name, measured: show(value), verdict: keeps(value) ? 'met' : 'missed' };
}

/** The table of all aims. */
export function aimsTable(aims: readonly Aim[]): Table {
  return {
    title: 'Aims',
    columns: ['benchmark', 'aim', 'measured', ''],
    rows: aims.map(({ benchmark, aim, measured, verdict }) => [benchmark, aim, measured, verdict]),
  };
}
