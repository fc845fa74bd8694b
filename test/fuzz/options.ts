/** The command line of the fuzzer. */

import { parseArgs } from 'node:util';
import { MODES } from './corpus.ts';
import type { Mode } from './corpus.ts';

/** What to run, and until when: a time, or a number of inputs of each mode. */
export interface FuzzOptions {
  readonly seed: number;
  readonly until: { readonly seconds: number } | { readonly count: number };
  readonly modes: readonly Mode[];
  /** Folder for the inputs of findings. */
  readonly findings: string;
}

/** What the command line asks for. */
export type FuzzInvocation =
  | { readonly kind: 'run'; readonly options: FuzzOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'fault'; readonly message: string };

const FLAGS = {
  seed: { type: 'string' },
  seconds: { type: 'string' },
  count: { type: 'string' },
  only: { type: 'string', multiple: true },
  findings: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const DEFAULT_SECONDS = 60;
const MAX_SECONDS = 7 * 86_400;
const MAX_COUNT = 1_000_000_000;
const MAX_SEED = 2_000_000_000;

/** What `--help` prints. */
export const USAGE = `usage: npm run fuzz -- [--seed N] [--seconds N | --count N] [--only MODE]... [--findings FOLDER]

Modes, all by default, in turn:
  generate  valid modules: original against rewritten, under three hosts
  endless   valid modules that need not end: killed, they end at once and for good
  mutate    changed bytes: refused with a place, or accepted and still valid after rewriting
  limits    modules just at a limit, and just beyond

  --seed N      first seed (1)
  --seconds N   how long (${DEFAULT_SECONDS})
  --count N     instead: inputs of each mode
  --findings F  where inputs of findings go (.kerb/fuzz)

Exits with 1 if anything was found, with 2 if the command line cannot be understood.
`;

/** Reads the arguments after the program's name. */
export function parseFuzzOptions(argv: readonly string[]): FuzzInvocation {
  try {
    const { values } = parseArgs({ args: [...argv], options: FLAGS });
    if (values.help === true) return { kind: 'help' };
    if (values.seconds !== undefined && values.count !== undefined) return fault('--seconds or --count, not both');
    const stranger = values.only?.find((name) => !isMode(name));
    if (stranger !== undefined) return fault(`no mode is called "${stranger}"; there are ${MODES.join(', ')}`);
    const modes = MODES.filter((mode) => values.only?.includes(mode) ?? true);
    const seed = wholeNumber('seed', values.seed ?? '1', MAX_SEED);
    const until =
      values.count === undefined
        ? { seconds: wholeNumber('seconds', values.seconds ?? `${DEFAULT_SECONDS}`, MAX_SECONDS) }
        : { count: wholeNumber('count', values.count, MAX_COUNT) };
    return { kind: 'run', options: { seed, until, modes, findings: values.findings ?? '.kerb/fuzz' } };
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
}

function isMode(name: string): name is Mode {
  return MODES.some((mode) => mode === name);
}

function fault(message: string): FuzzInvocation {
  return { kind: 'fault', message };
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new RangeError(`--${name} takes a whole number from 1 to ${most}, not "${text}"`);
  return value;
}
