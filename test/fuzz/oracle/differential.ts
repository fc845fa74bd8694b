/** Original against rewritten: the same results, traps, exceptions, hostcalls, memory, globals and tables after every call. */

import { MODULE_LIMITS, OUTPUT_CAP } from '../../../src/limits.ts';
import type { Instrumented, ModuleSummary } from '../../../src/instrument/instrument.ts';
import type { Signature } from '../../../src/wasm/signature.ts';
import { Random } from '../random.ts';
import { argumentsOf, signaturesOf } from './arguments.ts';
import { failure, OVERFLOW, outcomeOf, sameMemory, stateOf } from './outcome.ts';
import type { Indices } from './outcome.ts';
import { epochMemory, invoke, original, rewritten } from './side.ts';
import type { HostPlan, Side } from './side.ts';
import { everything, someSuspending } from './subject.ts';
import type { Subject, Verdict } from './subject.ts';

const MAX_PAGES = 65_536;
/** Loop iterations and calls of one call of an export. */
const FUEL = 160;
const CALLS_EACH = 2;

/** A rewritten module with all that it takes to run it. */
interface Rewritten extends Instrumented {
  readonly summary: ModuleSummary;
  readonly suspending: ReadonlySet<string>;
}

/** Rewrites and applies what must hold of every output; a text says what does not. */
function rewriteChecked(bytes: Uint8Array<ArrayBuffer>, subject: Subject): Rewritten | string {
  const summary = subject.inspect(bytes);
  const suspending = bytes.length % 3 === 0 ? someSuspending(summary) : new Set<string>();
  const options = everything(summary, MAX_PAGES, suspending);
  const output = subject.instrument(bytes, options);
  if (!WebAssembly.validate(output.bytes)) return 'the output is not valid';
  if (output.bytes.length > bytes.length * OUTPUT_CAP.factor + OUTPUT_CAP.slack) return 'the output is over the cap';
  if (Buffer.compare(output.bytes, subject.instrument(bytes, options).bytes) !== 0)
    return 'rewriting is not deterministic';
  return { ...output, summary, suspending };
}

function setWord(words: Int32Array): void {
  Atomics.store(words, 0, 1);
}

/** The three hosts: one never interrupts, one asks for all kinds of things, one has a thread that keeps the word set. */
function hosts(random: Random, kept: WebAssembly.Memory): Readonly<Record<string, HostPlan>> {
  const nothing = (): void => undefined;
  return {
    undisturbed: { answer: () => 0, before: nothing, atHostcall: nothing, epoch: epochMemory() },
    yielding: {
      answer: () => random.pick([0, 2]),
      before: setWord,
      atHostcall: (words) => void (random.once(2) && setWord(words)),
      epoch: epochMemory(),
    },
    'interrupted all the time': { answer: () => 0, before: nothing, atHostcall: nothing, epoch: kept },
  };
}

/**
 * Compares a valid module with its rewritten form. `kept` is an epoch memory whose word another thread keeps setting.
 * The module ends on its own and has the exports of `generate`.
 */
export function compare(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  subject: Subject,
  kept: WebAssembly.Memory,
): Verdict {
  const output = rewriteChecked(bytes, subject);
  if (typeof output === 'string') return { kind: 'finding', message: output };
  const upload = new WebAssembly.Module(bytes);
  const compiled = new WebAssembly.Module(output.bytes);
  const signatures = signaturesOf(output.summary);
  const facts = { calls: 0, traps: 0, exceptions: 0, checks: 0 };
  for (const [name, plan] of Object.entries(hosts(new Random(seed), kept))) {
    const start = (): Side => rewritten(compiled, output.report, output.summary, output.suspending, plan);
    const pair = begin(() => original(upload, output.summary), start);
    if (typeof pair === 'string') return { kind: 'finding', message: `${name}: ${pair}` };
    if (pair === null) continue;
    const difference = lockstep(pair, plan, indicesOf(pair, output.summary), seed, signatures, facts);
    if (difference === OVERFLOW || difference === LARGE_TABLE) return { kind: 'inconclusive', reason: difference };
    if (difference !== null) return { kind: 'finding', message: `${name}: ${difference}` };
    facts.checks += pair.guest.counts.checks;
  }
  return { kind: 'passed', facts };
}

interface Pair {
  readonly upload: Side;
  readonly guest: Side;
}

/** Instantiates both; null when both fail in the same way. */
function begin(upload: () => Side, guest: () => Side): Pair | string | null {
  const attempt = (make: () => Side): Side | string => {
    try {
      return make();
    } catch (error) {
      return failure(error);
    }
  };
  const [left, right] = [attempt(upload), attempt(guest)];
  if (typeof left !== 'string' && typeof right !== 'string') return { upload: left, guest: right };
  const [before, after] = [left, right].map((side) => (typeof side === 'string' ? side : 'an instance'));
  return before === after ? null : `start: ${before} became ${after}`;
}

function indicesOf(
  { upload, guest }: Pair,
  { imports, functions }: ModuleSummary,
): { readonly before: Indices; readonly after: Indices } {
  const named = ({ exports }: Side): number => Number((exports['fuel'] as { readonly name: string }).name);
  const common = { imported: imports.length, end: imports.length + functions };
  return { before: { ...common, shift: 0 }, after: { ...common, shift: named(guest) - named(upload) } };
}

/** Makes the same calls on both; a text says what differs. */
function lockstep(
  pair: Pair,
  plan: HostPlan,
  indices: ReturnType<typeof indicesOf>,
  seed: number,
  signatures: ReadonlyMap<string, Signature>,
  facts: { calls: number; traps: number; exceptions: number },
): string | null {
  const random = new Random(seed + 1);
  const difference = differ(pair, indices, 'start', '', '');
  if (difference !== null) return difference;
  for (const name of Object.keys(pair.upload.exports).filter((key) => /^f\d+$/.test(key))) {
    for (let round = 0; round < CALLS_EACH; round++) {
      const drawn = random.bits();
      const args = (side: Side): unknown[] => argumentsOf(new Random(drawn), side, signatures.get(name) ?? '->');
      const before = call(pair.upload, name, args(pair.upload), indices.before);
      plan.before(new Int32Array(plan.epoch.buffer));
      const after = call(pair.guest, name, args(pair.guest), indices.after);
      if (before === OVERFLOW || after === OVERFLOW) return OVERFLOW;
      facts.calls++;
      if (before.startsWith('trap')) facts.traps++;
      if (before === 'exception') facts.exceptions++;
      if (hasLargeTable(pair.upload)) return LARGE_TABLE;
      const found = differ(pair, indices, `${name}(${signatures.get(name)}), call ${round}`, before, after);
      if (found !== null) return found;
    }
  }
  return null;
}

/** Kerb gives every table a maximum: one that grows beyond it in the original does not in the rewritten module. */
const LARGE_TABLE = 'a table beyond its maximum';

function hasLargeTable(upload: Side): boolean {
  const sizes = Object.keys(upload.exports).filter((name) => /^s\d+$/.test(name));
  return sizes.some((name) => Number(invoke(upload, name, [])) > MODULE_LIMITS.tableEntries / MODULE_LIMITS.tables);
}

const AROUND = 60;

/** Where two texts part, and what each says from there. */
function apart(left: string, right: string): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const from = Math.max(0, at - AROUND);
  return `${left.slice(from, at + AROUND)} became ${right.slice(from, at + AROUND)}`;
}

function call(side: Side, name: string, args: readonly unknown[], indices: Indices): string {
  invoke(side, 'fuel', [FUEL]);
  return outcomeOf(() => invoke(side, name, args), indices);
}

function differ(
  { upload, guest }: Pair,
  { before, after }: ReturnType<typeof indicesOf>,
  what: string,
  expected: string,
  found: string,
): string | null {
  const different = (kind: string, left: string, right: string): string => `${what}: ${kind} ${apart(left, right)}`;
  if (expected !== found) return different('outcome', expected, found);
  const [left, right] = [stateOf(upload, before), stateOf(guest, after)];
  if (left !== right) return different('state', left, right);
  const calls = [upload, guest].map((side) => side.hostcalls.join(' '));
  if (calls[0] !== calls[1]) return different('hostcalls', calls[0] ?? '', calls[1] ?? '');
  return sameMemory(upload, guest) ? null : `${what}: the memory differs`;
}
