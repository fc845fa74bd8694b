/** The command line of the benchmarks. */
import { parseArgs } from 'node:util';
import type { RunOptions } from './report.ts';

/** What to run, and how. */
export interface BenchOptions {
  /** In the order in which they run. */
  readonly names: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly minutes: number;
  readonly scale: RunOptions['scale'];
  /** Whether bench/README.md gets the results. */
  readonly readme: 'write' | 'keep';
}

/** What the command line asks for. */
export type BenchInvocation =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  /** It cannot be understood; `message` says why and what to do. */
  | { readonly kind: 'fault'; readonly message: string };

/** Rounds and seconds that a result needs to be worth printing, and those that show that everything works. */
export const STANDARD = {
  full: { rounds: 7, seconds: 1, warmUp: 2, minutes: 60 },
  quick: { rounds: 2, seconds: 1, warmUp: 1, minutes: 1 },
} as const;

const MAX = { rounds: 1_000, seconds: 600, minutes: 10_080 } as const;

const FLAGS = {
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  minutes: { type: 'string' },
  quick: { type: 'boolean' },
  'write-readme': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the arguments after the program's name; `known` are the benchmarks that there are, in order, of which those `apart` are run only
 * when they are named.
 */
export function parseBenchOptions(
  argv: readonly string[],
  known: readonly string[],
  apart: readonly string[] = [],
): BenchInvocation {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: FLAGS, allowPositionals: true });
    if (values.help === true) return { kind: 'help' };
    const stranger = positionals.find((name) => !known.includes(name));
    if (stranger !== undefined) return fault(`there is no benchmark "${stranger}"; there are ${known.join(', ')}`);
    const scale = values.quick === true ? 'quick' : 'full';
    const rounds = wholeNumber('rounds', values.rounds ?? `${STANDARD[scale].rounds}`);
    const seconds = wholeNumber('seconds', values.seconds ?? `${STANDARD[scale].seconds}`);
    const minutes = wholeNumber('minutes', values.minutes ?? `${STANDARD[scale].minutes}`);
    const all = known.filter((name) => !apart.includes(name));
    const names = positionals.length === 0 ? all : known.filter((name) => positionals.includes(name));
    const readme = values['write-readme'] === true ? 'write' : 'keep';
    if (readme === 'write' && scale === 'quick') {
      return fault('--write-readme takes a whole run: leave out --quick');
    }
    const { warmUp: warmUpSeconds } = STANDARD[scale];
    return { kind: 'run', options: { names, rounds, seconds, warmUpSeconds, minutes, scale, readme } };
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
}

/** The help. */
export function usage(known: readonly string[], apart: readonly string[] = []): string {
  return [
    'Measures Kerb beside its peers, in turns, and prints what came out, losses like wins.',
    '',
    'Usage: npm run bench -- [NAME ...] [flags]',
    '',
    `  NAME            one of ${known.join(', ')}; all ${apart.length === 0 ? '' : `but ${apart.join(', ')} `}when none is given`,
    `  --rounds N      interleaved rounds [${STANDARD.full.rounds}]`,
    `  --seconds N     length of one measurement, whole seconds [${STANDARD.full.seconds}]`,
    `  --minutes N     length of soak [${STANDARD.full.minutes}]`,
    '  --quick         few rounds and cases: shows that everything works, measures little',
    '  --write-readme  puts the results into bench/README.md too',
    '  --help          print this text and stop',
    '',
    'Results go to bench/results: a JSON file and SVG charts per benchmark. Nothing else should run meanwhile.',
    '',
  ].join('\n');
}

function wholeNumber(name: keyof typeof MAX, text: string): number {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MAX[name]) return value;
  throw new Error(`--${name} takes a whole number from 1 to ${MAX[name]}, not "${text}"`);
}

function fault(message: string): BenchInvocation {
  return { kind: 'fault', message: `${message}\n--help lists what there is.` };
}
