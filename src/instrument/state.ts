/** What state an instance of a module has, and whether the host can put all of it back. */

import type { Code } from '../wasm/events.ts';
import { Value } from '../wasm/module.ts';
import type { Export, Module } from '../wasm/module.ts';
import { STATE_EXPORT_PREFIX } from './sandbox-imports.ts';

/** Globals that are put back one by one; with more, a new instance is the cheaper way. */
const MAX_STATE_GLOBALS = 32;

/** Types whose values cross the host boundary unchanged. */
const SETTABLE: ReadonlySet<number> = new Set([Value.i32, Value.i64, Value.f32, Value.f64]);

/**
 * The exports through which the host sees every mutable global, when these and the memory are all the state that an instance of
 * the module has; null when there is more than the host can put back.
 */
export function stateExports(module: Module, code: Code): readonly Export[] | null {
  const { mutable } = module.globals;
  if (code.hidesState || mutable.length > MAX_STATE_GLOBALS) return null;
  if (mutable.some(({ type }) => !SETTABLE.has(type))) return null;
  return mutable.map(({ index }) => ({ name: `${STATE_EXPORT_PREFIX}${index}`, kind: 'global', index }));
}
