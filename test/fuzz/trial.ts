/** One input through the oracle of its mode. */

import { KerbError } from '../../src/errors.ts';
import type { Mode } from './corpus.ts';
import { inputOf, limitOf } from './corpus.ts';
import { admit } from './oracle/admission.ts';
import { compare } from './oracle/differential.ts';
import { killAll } from './oracle/kill.ts';
import { atLimit } from './oracle/limits.ts';
import type { Subject, Verdict } from './oracle/subject.ts';

/**
 * Tries the input of `mode` and `seed`. `kept` is an epoch memory whose word another thread keeps set. What the oracle itself
 * throws is a finding too: it rests on what Kerb returns.
 */
export function trial(mode: Mode, seed: number, subject: Subject, kept: WebAssembly.Memory): Verdict {
  return tryBytes(mode, inputOf(mode, seed), seed, subject, kept);
}

/** The same for given bytes: minimized ones, or those of a named test. */
export function tryBytes(
  mode: Mode,
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  subject: Subject,
  kept: WebAssembly.Memory,
): Verdict {
  try {
    if (mode === 'generate') return compare(bytes, seed, subject, kept);
    if (mode === 'endless') return killAll(bytes, seed, subject, kept);
    if (mode === 'mutate') return admitAndRun(bytes, seed, subject, kept);
    const { limit, beyond } = limitOf(seed);
    return atLimit(bytes, limit, beyond, subject);
  } catch (error) {
    return {
      kind: 'finding',
      message: `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    };
  }
}

/** Mutated bytes that are accepted and valid are run: they need not end, so they are killed. */
function admitAndRun(
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
  subject: Subject,
  kept: WebAssembly.Memory,
): Verdict {
  const { verdict, runnable } = admit(bytes, subject);
  if (verdict.kind !== 'passed' || runnable === 'does not run') return verdict;
  try {
    const ran = killAll(bytes, seed, subject, kept);
    return ran.kind === 'passed' ? { kind: 'passed', facts: { ...verdict.facts, ...ran.facts } } : ran;
  } catch (error) {
    if (!(error instanceof KerbError) || error.code !== 'refused_module') throw error;
    return { kind: 'inconclusive', reason: 'its memory is more than it may have to run' };
  }
}
