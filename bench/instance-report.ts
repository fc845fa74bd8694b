/** From batches to the table, the chart and the aims of `instance`. Pure. */
import type { BarChart } from './chart.ts';
import { CONTENDERS, type Batch, type ContenderName, type InstanceCase } from './instance-cases.ts';
import { judge, type Aim } from './report.ts';
import { ratioOf, spreadOf, type Spread } from './statistics.ts';
import { figure, type Table } from './table.ts';

/** How many times shorter Kerb's p99.9 has to be. */
export const LEAST_TAIL_RATIO = 100;
/** The most that the mean may be, in microseconds, with a memory of {@link MEAN_PAGES}. */
export const MOST_MEAN_US = 6;
export const MEAN_PAGES = 2;

/** One case with the rounds of every contender. */
export interface CaseBatches extends InstanceCase {
  readonly batches: Readonly<Record<ContenderName, readonly Batch[]>>;
}

/** A number of a batch. */
type Measure = Exclude<keyof Batch, 'cycles'>;

const NAMES = Object.keys(CONTENDERS) as ContenderName[];
const KERB = ['restored', 'renewed'] as const;

function spread({ batches }: CaseBatches, name: ContenderName, measure: Measure): Spread {
  return spreadOf(batches[name].map((batch) => batch[measure]));
}

/** How many times the naive way's measure is that of `name`, round by round. */
function naiveRatio({ batches }: CaseBatches, name: ContenderName, measure: Measure): Spread | null {
  const values = (of: ContenderName): number[] => batches[of].map((batch) => batch[measure]);
  return ratioOf(values('naive'), values(name));
}

/** Every case as it goes into the JSON file. */
export function instanceData(results: readonly CaseBatches[]): unknown {
  return { contenders: CONTENDERS, cases: results };
}

/** Every case, contender by contender. */
export function instanceTables(results: readonly CaseBatches[]): Table[] {
  return [
    {
      title: 'instance: an instance as new for every request',
      columns: [
        'memory',
        'others alive>',
        'way',
        'mean us>',
        'min–max>',
        'p50>',
        'p99>',
        'p99.9>',
        'min–max>',
        'max>',
        'CPU us>',
        'GC pauses>',
        'longest ms>',
        'mean is>',
        'p99.9 is>',
      ],
      rows: results.flatMap((one) => NAMES.map((name) => row(one, name))),
      notes: [
        'Microseconds of one cycle: account, acquire, instantiate or put back, call, reset. Medians of the rounds, with the least and the most.',
        'mean is, p99.9 is: how many times it is that of Kerb with its state put back, median over the rounds; above 1 Kerb is ahead.',
        'CPU us: user and system time of the whole process per cycle, garbage collection and the watchdog included.',
        'GC pauses: collections per 1,000 cycles, and the longest of any round.',
        'The guest traps when it finds a mark of an earlier request: every cycle proves that its instance was as new.',
        'Kerb is its whole way behind the transport, budgets and http-wasm included; the naive way has the least host that the guest needs.',
      ],
    },
  ];
}

function row(one: CaseBatches, name: ContenderName): string[] {
  const show = (measure: Measure): string => figure(spread(one, name, measure).median);
  const range = (measure: Measure): string => {
    const { min, max } = spread(one, name, measure);
    return `${figure(min)}–${figure(max)}`;
  };
  const against = (measure: Measure): string => {
    const own = one.batches.restored.map((batch) => batch[measure]);
    const ratio = ratioOf(
      one.batches[name].map((batch) => batch[measure]),
      own,
    );
    return name === 'restored' || ratio === null ? '' : `${figure(ratio.median)}x`;
  };
  return [
    `${one.pages} ${one.pages === 1 ? 'page' : 'pages'}`,
    one.live.toLocaleString('en-US'),
    CONTENDERS[name],
    show('mean'),
    range('mean'),
    show('p50'),
    show('p99'),
    show('p999'),
    range('p999'),
    figure(spread(one, name, 'max').max),
    show('cpu'),
    figure(pausesPerThousand(one.batches[name])),
    figure(spread(one, name, 'longestCollectionMs').max),
    against('mean'),
    against('p999'),
  ];
}

function pausesPerThousand(batches: readonly Batch[]): number {
  const sum = (of: (batch: Batch) => number): number => batches.reduce((total, batch) => total + of(batch), 0);
  return (1_000 * sum(({ collections }) => collections)) / sum(({ cycles }) => cycles);
}

/** One bar per case and way: the mean; the whisker is its spread over the rounds. */
export function instanceChart(results: readonly CaseBatches[]): BarChart {
  return {
    title: 'instance: an instance as new for every request',
    subtitle: 'microseconds, mean; the whisker is the spread of the rounds; shorter is better',
    groups: results.map((one) => ({
      label: `${one.pages * 64} KiB, ${one.live.toLocaleString('en-US')} others alive`,
      bars: NAMES.map((name) => {
        const { median: value, min: low, max: high } = spread(one, name, 'mean');
        const label = name === 'naive' ? 'naive' : `Kerb, ${name}`;
        return { label, tone: name === 'naive' ? 'peer' : 'own', value, low, high, text: figure(value) } as const;
      }),
    })),
  };
}

/** The verdicts: the worst case decides. */
export function instanceAims(results: readonly CaseBatches[]): Aim[] {
  return KERB.flatMap((name) => [tailAim(results, name), meanAim(results, name)]);
}

function tailAim(results: readonly CaseBatches[], name: (typeof KERB)[number]): Aim {
  const ratios = results.flatMap((one) => {
    const ratio = naiveRatio(one, name, 'p999');
    return ratio === null ? [] : [{ ...one, ratio: ratio.median }];
  });
  const worst = ratios.toSorted((a, b) => a.ratio - b.ratio)[0];
  return judge(
    { benchmark: 'instance', aim: `${name}: p99.9 >= ${LEAST_TAIL_RATIO}x better than naive, every case` },
    worst?.ratio ?? null,
    (value) => value >= LEAST_TAIL_RATIO,
    (value) => `${figure(value)}x (${worst?.pages ?? 0} pages, ${worst?.live ?? 0} others)`,
  );
}

function meanAim(results: readonly CaseBatches[], name: (typeof KERB)[number]): Aim {
  const means = results.filter(({ pages }) => pages === MEAN_PAGES).map((one) => spread(one, name, 'mean').median);
  return judge(
    { benchmark: 'instance', aim: `${name}: mean < ${MOST_MEAN_US} us at ${MEAN_PAGES} pages, however many others` },
    means.length === 0 ? null : Math.max(...means),
    (value) => value < MOST_MEAN_US,
    (value) => `${figure(value)} us`,
  );
}
