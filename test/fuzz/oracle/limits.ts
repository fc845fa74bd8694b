/** What is at a limit is accepted and compiles; what is beyond is refused by the limit's name. */

import { KerbError } from '../../../src/errors.ts';
import type { NearLimit } from '../near-limits.ts';
import { everything } from './subject.ts';
import type { Subject, Verdict } from './subject.ts';

const MAX_PAGES = 64;
/** Compilation of what is at a limit: many times what is usual. */
const COMPILE_MS = 10_000;

/** Admits `bytes`, which has the limit's value (`beyond` 0) or one more (`beyond` 1). */
export function atLimit(
  bytes: Uint8Array<ArrayBuffer>,
  { limit, says }: NearLimit,
  beyond: 0 | 1,
  subject: Subject,
): Verdict {
  const output = admitted(bytes, subject);
  if (beyond === 1) return output instanceof KerbError ? named(output, limit, says) : accepted(limit);
  if (output instanceof KerbError)
    return { kind: 'finding', message: `${limit}: refused at the limit: ${output.explain()}` };
  if (!WebAssembly.validate(output)) return { kind: 'finding', message: `${limit}: the output is not valid` };
  const begun = performance.now();
  const module = new WebAssembly.Module(output);
  const took = performance.now() - begun;
  if (WebAssembly.Module.imports(module).length === 0) return { kind: 'finding', message: 'nothing is imported' };
  if (took > COMPILE_MS) return { kind: 'finding', message: `${limit}: ${Math.round(took)} ms of compilation` };
  return { kind: 'passed', facts: { accepted: 1, [`longest ms to compile at ${limit}`]: Math.round(took) } };
}

function accepted(limit: string): Verdict {
  return { kind: 'finding', message: `${limit}: accepted beyond the limit` };
}

function named(refusal: KerbError, limit: string, says: RegExp): Verdict {
  if (refusal.details.some((line) => says.test(line))) return { kind: 'passed', facts: { refused: 1 } };
  return { kind: 'finding', message: `${limit}: refused, and not by name: ${refusal.explain()}` };
}

/** The output, or the refusal. */
function admitted(bytes: Uint8Array<ArrayBuffer>, subject: Subject): Uint8Array<ArrayBuffer> | KerbError {
  try {
    return subject.instrument(bytes, everything(subject.inspect(bytes), MAX_PAGES)).bytes;
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
}
