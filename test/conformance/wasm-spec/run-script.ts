/** Runs one script in the three worlds and says how each command went. */

import { instrument } from '../../../src/instrument/instrument.ts';
import type { Rewriter } from './admission.ts';
import { planScript } from './plan.ts';
import type { Expectation, Planned } from './plan.ts';
import { readScript } from './script.ts';
import type { Command } from './script.ts';
import { ScriptError } from './sexpr.ts';
import { InterruptedWorld, OriginalWorld, RewrittenWorld, tell } from './world.ts';
import type { Happening, Outcome } from './world.ts';

/** How a command ended. `refused` and `unassembled` ones await the judgement of the expectations. */
export type Status = 'passed' | 'failed' | 'refused' | 'unassembled' | 'inapplicable';

/** How one command went. */
export interface Result {
  readonly line: number;
  /** The command, shortened. */
  readonly text: string;
  /** A module as opposed to an assertion or a call; registrations are neither. */
  readonly subject: 'module' | 'assertion' | 'name';
  readonly status: Status;
  /** Why it is not passed, one reason each. */
  readonly reasons: readonly string[];
  /** In which worlds it ran and came to what it must. */
  readonly right: Rightness;
}

/** Original, rewritten, rewritten with the epoch word set. */
export type Rightness = readonly [boolean, boolean, boolean];

/** One script's results and how often its guests were interrupted and yielded. */
export interface ScriptRun {
  readonly results: readonly Result[];
  readonly interrupts: number;
  readonly yields: number;
}

/** What scripts run with. */
export interface RunOptions {
  /** Shared memory of one page whose first word another thread sets. */
  readonly epoch: WebAssembly.Memory;
  /** The rewriter under test: Kerb's own by default. */
  readonly rewriter?: Rewriter;
}

/** How the reason of a result starts that tells original from rewritten. */
export const DIFFERENCE = 'difference: ';

const NOWHERE: Rightness = [false, false, false];
const EVERYWHERE: Rightness = [true, true, true];

/** Runs a script; one that cannot be read is one failed command. */
export function runScript(file: Uint8Array, { epoch, rewriter = instrument }: RunOptions): ScriptRun {
  const interrupted = new InterruptedWorld(epoch);
  const worlds = [new OriginalWorld(), new RewrittenWorld(), interrupted] as const;
  const planned = plan(file, rewriter);
  if (planned instanceof ScriptError) return { results: [unreadable(planned)], interrupts: 0, yields: 0 };
  const outcomes = worlds.map((world) =>
    planned.map(({ outcome }) => (outcome.status === 'run' ? world.run(outcome.step) : null)),
  );
  const results = planned.map((entry, index) =>
    resultOf(
      entry,
      outcomes.map((list) => list[index] ?? null),
    ),
  );
  const states = worlds.map((world) => [...world.states()]);
  const { answered, yielded } = interrupted.interrupts;
  return { results: [...results, ...stateResults(states)], interrupts: answered, yields: yielded };
}

function plan(file: Uint8Array, rewriter: Rewriter): readonly Planned[] | ScriptError {
  try {
    return planScript(readScript(file), rewriter);
  } catch (error) {
    if (error instanceof ScriptError) return error;
    throw error;
  }
}

function unreadable({ message }: ScriptError): Result {
  const reasons = [`not a script: ${message}`];
  return { line: 0, text: '(script)', subject: 'assertion', status: 'failed', reasons, right: NOWHERE };
}

function subjectOf({ kind }: Command): Result['subject'] {
  if (kind === 'register') return 'name';
  return kind === 'module' || kind === 'definition' || kind === 'instance' ? 'module' : 'assertion';
}

function resultOf({ command, outcome }: Planned, outcomes: readonly (Outcome | null)[]): Result {
  const { line, text } = command;
  const subject = subjectOf(command);
  if (outcome.status !== 'run') {
    const right = outcome.status === 'passed' ? EVERYWHERE : NOWHERE;
    return { line, text, subject, status: outcome.status, reasons: outcome.lines, right };
  }
  const [original, rewritten, interrupted] = outcomes;
  if (!original || !rewritten || !interrupted) throw new TypeError('a step that did not run');
  const { expected } = outcome;
  const meets = (given: Outcome): boolean => accepts(expected, given.happening);
  const right: Rightness = [meets(original), meets(rewritten), meets(interrupted)];
  const reasons = [
    ...differences(original, rewritten, 'rewritten'),
    ...differences(original, interrupted, 'rewritten with the epoch word set'),
    ...(right[0] ? [] : [`expected ${describe(expected)}, the original came to ${tell(original)}`]),
  ];
  return { line, text, subject, status: reasons.length === 0 ? 'passed' : 'failed', reasons, right };
}

function differences(original: Outcome, other: Outcome, name: string): string[] {
  const [wanted, given] = [tell(original), tell(other)];
  return wanted === given ? [] : [`${DIFFERENCE}the original came to ${wanted}, ${name} to ${given}`];
}

function accepts(expected: Expectation, given: Happening): boolean {
  if (expected.kind === 'success') return given.kind === 'results';
  if (expected.kind !== 'results' || given.kind !== 'results') return expected.kind === given.kind;
  const { patterns } = expected;
  return patterns.length === given.values.length && patterns.every((fits, index) => fits(given.values[index]));
}

function describe(expected: Expectation): string {
  return expected.kind === 'results' ? 'the results that the script says' : expected.kind;
}

/** Memories and globals at the end of the script: one more assertion for each script that has any. */
function stateResults(states: readonly (readonly string[])[]): Result[] {
  const [original = [], ...others] = states;
  if (original.length === 0) return [];
  const reasons = others.flatMap((lines) =>
    original.flatMap((line, index) =>
      line === lines[index]
        ? []
        : [`${DIFFERENCE}${line} in the original, ${lines[index] ?? 'nothing'} when rewritten`],
    ),
  );
  const status = reasons.length === 0 ? 'passed' : 'failed';
  const right: Rightness = [true, status === 'passed', status === 'passed'];
  return [{ line: 0, text: '(state at the end)', subject: 'assertion', status, reasons, right }];
}
