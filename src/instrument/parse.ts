/** Bytes to a module whose limits hold and whose indices exist: what every pass may rely on. */

import { decode } from '../wasm/decode.ts';
import type { Code } from '../wasm/events.ts';
import { walk } from '../wasm/instructions.ts';
import type { Module } from '../wasm/module.ts';
import { Refusals } from '../wasm/refusals.ts';
import { checkIndices } from './indices.ts';
import { admitSizes } from './limits-of-module.ts';

/** A decoded and walked module. */
export interface Parsed {
  readonly module: Module;
  readonly code: Code;
}

/**
 * Decodes, walks, applies every limit, then `policy`, and throws all refusals at once.
 * Throws `bad_module` for malformed bytes and indices out of range, `refused_module` for everything that Kerb does not run.
 */
export function parse(
  bytes: Uint8Array,
  maxBytes: number,
  policy: (module: Module, refusals: Refusals) => void,
): Parsed {
  const refusals = new Refusals();
  const module = decode(bytes, refusals);
  admitSizes(module, maxBytes, refusals);
  policy(module, refusals);
  const code = walk(module, refusals);
  refusals.check();
  checkIndices(module, code);
  return { module, code };
}
