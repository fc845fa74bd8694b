/** Arguments for calls of exports of any signature. */

import type { ModuleSummary } from '../../../src/instrument/instrument.ts';
import type { Signature } from '../../../src/wasm/signature.ts';
import type { Random } from '../random.ts';
import type { Side } from './side.ts';

/** The signatures of a module's function exports by name. */
export function signaturesOf({ exports }: ModuleSummary): ReadonlyMap<string, Signature> {
  return new Map(exports.flatMap(({ name, signature }) => (signature === null ? [] : [[name, signature] as const])));
}

/** Values that the signature takes; references to functions are null or an export that changes nothing. */
export function argumentsOf(random: Random, side: Side, signature: Signature): unknown[] {
  return Array.from(signature.split('->')[0] ?? '', (code) => argument(random, side, code));
}

function argument(random: Random, { exports }: Side, code: string): unknown {
  const number = random.pick([0, 1, 3, 7, 100, -1, 65_535, 0x7fff_ffff]);
  if (code === 'i') return number;
  if (code === 'I') return BigInt(number);
  if (code === 'f' || code === 'F') return random.pick([number, number / 3, NaN, Infinity, -0]);
  if (code === 'r') return random.once(2) ? null : (exports['g0'] ?? null);
  return random.pick([null, 'a string', number]);
}
