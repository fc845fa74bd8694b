/** Any bytes: refused with a code and a place, or accepted; what V8 takes before rewriting it takes after; and in time. */

import { KerbError } from '../../../src/errors.ts';
import { everything, someSuspending } from './subject.ts';
import type { Subject, Verdict } from './subject.ts';

const MAX_PAGES = 1_024;
const MAX_LINE = 200;
/** A place in the bytes, or what is missing altogether. */
const PLACE = /at byte \d+$|needs it$/;
/** Time that any upload may take, and time per byte: many times what is usual, for machines that are busy. */
const TIME = { anyMs: 400, perByteMs: 0.005 } as const;

/** What V8 takes against the specification, and Kerb does not. */
const STRICTER_THAN_V8: readonly RegExp[] = [
  // The attribute of a tag is the byte 0 (§5.5.16); V8 reads a LEB128 number there, overlong zeros included.
  /unknown tag attribute/,
];

/** What the chain of an upload came to. */
export interface Admission {
  readonly verdict: Verdict;
  /** True when the bytes were accepted and V8 takes them: they can be run. */
  readonly runnable: 'runs' | 'does not run';
}

/** Runs the whole chain of an upload on bytes of any kind. */
export function admit(bytes: Uint8Array<ArrayBuffer>, subject: Subject): Admission {
  const begun = performance.now();
  const result = chain(bytes, subject);
  const first = performance.now() - begun;
  if (result.verdict.kind === 'finding' || first <= allowed(bytes)) return result;
  const again = performance.now();
  chain(bytes, subject);
  const second = performance.now() - again;
  if (second <= allowed(bytes)) return result;
  const message = `${Math.round(Math.min(first, second))} ms for ${bytes.length} bytes`;
  return { verdict: { kind: 'finding', message }, runnable: 'does not run' };
}

function allowed({ length }: Uint8Array): number {
  return TIME.anyMs + TIME.perByteMs * length;
}

function chain(bytes: Uint8Array<ArrayBuffer>, subject: Subject): Admission {
  const outcome = refusal(() => {
    const summary = subject.inspect(bytes);
    const valid = WebAssembly.validate(bytes);
    const suspending = bytes.length % 3 === 0 ? someSuspending(summary) : new Set<string>();
    const output = subject.instrument(bytes, everything(summary, MAX_PAGES, suspending));
    return { valid, after: WebAssembly.validate(output.bytes) };
  });
  if (typeof outcome === 'string') return stop({ kind: 'finding', message: outcome });
  if (outcome instanceof KerbError) return stop(judge(outcome, bytes));
  if (!outcome.valid) return stop({ kind: 'passed', facts: { 'accepted, not valid': 1 } });
  if (!outcome.after) return stop({ kind: 'finding', message: 'valid before rewriting and not after' });
  return { verdict: { kind: 'passed', facts: { accepted: 1 } }, runnable: 'runs' };
}

function stop(verdict: Verdict): Admission {
  return { verdict, runnable: 'does not run' };
}

/** The result, or the refusal; a text for anything else that was thrown. */
function refusal<Result>(run: () => Result): Result | KerbError | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof KerbError) return error;
    return `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
}

/** What must hold of a refusal: a known code, a place, lines that a log can take, and truth about being malformed. */
function judge(error: KerbError, bytes: Uint8Array<ArrayBuffer>): Verdict {
  const finding = (message: string): Verdict => ({ kind: 'finding', message: `${message}: ${error.explain()}` });
  const lines = [error.message, ...error.details];
  if (lines.some((line) => line.length >= MAX_LINE)) return finding('a line that is too long');
  if (lines.some((line) => /[^\x20-\x7e…]/.test(line))) return finding('a line with unprintable characters');
  if (error.code === 'refused_module') {
    if (error.details.length === 0) return finding('a refusal without a reason');
    return { kind: 'passed', facts: { refused: 1 } };
  }
  if (error.code !== 'bad_module') return finding('an unexpected code');
  if (!PLACE.test(error.message)) return finding('no place');
  const stricter = STRICTER_THAN_V8.some((says) => says.test(error.message));
  if (!stricter && WebAssembly.validate(bytes)) return finding('valid, and found malformed');
  return { kind: 'passed', facts: { malformed: 1 } };
}
