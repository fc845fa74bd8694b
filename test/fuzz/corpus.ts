/** Where inputs come from: each mode makes its input from a seed alone, so that a finding can be made again. */

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MODULE_LIMITS } from '../../src/limits.ts';
import { generate } from './generator/module.ts';
import { mutate } from './mutate.ts';
import { NEAR_LIMITS } from './near-limits.ts';
import type { NearLimit } from './near-limits.ts';
import { Random } from './random.ts';

/**
 * What a fuzzer does with an input: compare a generated module with its rewritten form, kill one that need not end, admit mutated
 * bytes, or admit what is just at a limit and refuse what is just beyond it.
 */
export const MODES = ['generate', 'endless', 'mutate', 'limits'] as const;

/** A member of {@link MODES}. */
export type Mode = (typeof MODES)[number];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Generated modules that mutations start from. */
const BASES = 400;

let samples: readonly Uint8Array<ArrayBuffer>[] | null = null;

/** The compiled sample tenants, in the order of their paths. */
export function sampleTenants(): readonly Uint8Array<ArrayBuffer>[] {
  samples ??= globSync('tenants/*/*.wasm', { cwd: ROOT })
    .toSorted()
    .map((path) => new Uint8Array(readFileSync(`${ROOT}/${path}`)));
  return samples;
}

/** The input of a mode for a seed. */
export function inputOf(mode: Mode, seed: number): Uint8Array<ArrayBuffer> {
  if (mode === 'generate') return generate(seed);
  if (mode === 'endless') return generate(seed, 'endless');
  if (mode === 'mutate') return mutated(new Random(seed));
  const { limit, value } = limitOf(seed);
  return limit.make(value);
}

function mutated(random: Random): Uint8Array<ArrayBuffer> {
  const base = (): Uint8Array<ArrayBuffer> =>
    random.once(3) ? random.pick(sampleTenants()) : generate(1 + random.below(BASES), 'endless');
  return mutate(base(), [base()], random);
}

/** A limit and a value at it or one beyond it, in turn. */
export function limitOf(seed: number): { readonly limit: NearLimit; readonly value: number; readonly beyond: 0 | 1 } {
  const limit = NEAR_LIMITS[Math.floor(seed / 2) % NEAR_LIMITS.length];
  if (limit === undefined) throw new RangeError('no limits');
  const beyond = seed % 2 === 0 ? 0 : 1;
  return { limit, value: MODULE_LIMITS[limit.limit] + beyond, beyond };
}
