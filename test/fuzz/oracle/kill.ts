/** A guest that need not end: killed at some check, it ends at once, by a trap that it cannot catch, and nothing of it runs on. */

import { createHash } from 'node:crypto';
import type { Instrumented, ModuleSummary } from '../../../src/instrument/instrument.ts';
import { START_EXPORT } from '../../../src/instrument/sandbox-imports.ts';
import { Random } from '../random.ts';
import { argumentsOf, signaturesOf } from './arguments.ts';
import { failure } from './outcome.ts';
import { invoke, rewritten } from './side.ts';
import type { Side } from './side.ts';
import { BUDGET_PAGES, everything } from './subject.ts';
import type { Subject, Verdict } from './subject.ts';

/** How long a guest may run before it is killed. */
const PATIENCE_MS = 4;
/** Between two checks, and between the kill and the end: far more than any guest takes, for machines that are busy. */
const BOUND_MS = 3_000;
/** Functions of one module that are run. */
const MAX_RUNS = 6;

/** What happened at the checks of one run. */
interface Watch {
  killed: { readonly at: number; readonly hostcalls: number; readonly memory: string } | null;
  last: number;
  longest: number;
}

/**
 * Runs the first exports of a rewritten module, its start function before them, and kills each. `kept` is an epoch memory whose word
 * another thread keeps setting; `boundMs` may pass between two checks, and from the kill to the end.
 */
export function killAll(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  subject: Subject,
  kept: WebAssembly.Memory,
  boundMs = BOUND_MS,
): Verdict {
  const random = new Random(seed);
  const summary = subject.inspect(bytes);
  const output = subject.instrument(bytes, everything(summary, BUDGET_PAGES));
  if (!WebAssembly.validate(output.bytes)) return { kind: 'finding', message: 'the output is not valid' };
  const facts = { kills: 0, ends: 0, overflows: 0, 'longest gap ms': 0 };
  const module = new WebAssembly.Module(output.bytes);
  const names = output.report.exports.slice(0, MAX_RUNS);
  const starts = output.report.startExport === null ? [] : [START_EXPORT];
  for (const name of [...starts, ...names]) {
    const found = runAndKill({ module, output, summary, boundMs }, name, random, kept, facts);
    if (found !== null) return { kind: 'finding', message: `${name}: ${found}` };
  }
  return { kind: 'passed', facts };
}

interface Killable {
  readonly module: WebAssembly.Module;
  readonly output: Instrumented;
  readonly summary: ModuleSummary;
  readonly boundMs: number;
}

type Counts = Record<'kills' | 'ends' | 'overflows' | 'longest gap ms', number>;

/** A text says what is wrong. */
function runAndKill(
  { module, output, summary, boundMs }: Killable,
  name: string,
  random: Random,
  kept: WebAssembly.Memory,
  facts: Counts,
): string | null {
  const watch: Watch = { killed: null, last: performance.now(), longest: 0 };
  const after = random.pick([0, 0, 1, 5, 1e9]);
  let side: Side | null = null;
  let begun = performance.now();
  const answer = (): 0 | 1 | 2 => {
    const now = performance.now();
    watch.longest = Math.max(watch.longest, now - watch.last);
    if (side !== null && (side.counts.checks > after || now - begun > PATIENCE_MS)) {
      watch.killed = { at: now, hostcalls: side.hostcalls.length, memory: digest(side) };
      watch.last = performance.now();
      return 1;
    }
    watch.last = performance.now();
    return random.pick([0, 2]);
  };
  const report = { ...output.report, startExport: null };
  const plan = { answer, before: () => undefined, atHostcall: () => undefined, epoch: kept };
  const outcome = attempt(() => {
    side = rewritten(module, report, summary, new Set(), plan);
    begun = watch.last = performance.now();
    invoke(side, name, argumentsOf(random, side, signaturesOf(summary).get(name) ?? '->'));
  });
  facts['longest gap ms'] = Math.max(facts['longest gap ms'], watch.longest);
  if (side === null) return outcome.startsWith('trap: ') ? null : `does not start: ${outcome}`;
  return judge(outcome, watch, side, boundMs, facts);
}

function attempt(run: () => void): string {
  try {
    run();
    return 'ended';
  } catch (error) {
    return failure(error);
  }
}

function judge(
  outcome: string,
  { killed, longest, last }: Watch,
  side: Side,
  boundMs: number,
  facts: Counts,
): string | null {
  const tail = performance.now() - last;
  if (longest > boundMs) return `${Math.round(longest)} ms without a check`;
  if (tail > boundMs) return `${Math.round(tail)} ms after the last check`;
  if (outcome === 'stack overflow') facts.overflows++;
  if (killed === null) {
    facts.ends++;
    return null;
  }
  facts.kills++;
  if (side.hostcalls.length > killed.hostcalls) return 'a hostcall after the kill';
  if (digest(side) !== killed.memory) return 'the memory changed after the kill';
  if (outcome !== 'trap: unreachable') return `killed, and it came to: ${outcome}`;
  return null;
}

/** What the memory holds, in short. */
function digest({ memory }: Side): string {
  if (memory === null) return '';
  return createHash('sha1').update(new Uint8Array(memory.buffer)).digest('hex');
}
