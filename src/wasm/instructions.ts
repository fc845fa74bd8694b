/** One walk over the code section: finds every instruction's end, lists what matters, measures what admission limits. */

import { MODULE_LIMITS } from '../limits.ts';
import { BodyWalk } from './body.ts';
import { Events } from './events.ts';
import type { Code } from './events.ts';
import { importsOf } from './module.ts';
import type { Module } from './module.ts';
import type { Refusals } from './refusals.ts';

/** Rows a byte of code that real modules need, rounded down: the list grows if more come. */
const ROWS_PER_BYTE = 1 / 8;

/**
 * Walks every body once. Throws `bad_module` for bytes that are not instructions or do not nest; limits and refused features are
 * added to `refusals`, and a body with one is walked no further than the fault. Indices are not checked.
 */
export function walk(module: Module, refusals: Refusals): Code {
  const count = module.functions.length;
  const events = new Events(Math.floor((module.bodies.at(-1) ?? 0) * ROWS_PER_BYTE));
  const first = new Uint32Array(count + 1);
  const codeStart = new Uint32Array(count);
  const body = new BodyWalk(module, signatureIndices(module), events, refusals);
  const products = new Float64Array(count);
  const widths = new Uint32Array(count);
  const edges = new Uint32Array(count);
  const protectedCalls = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    first[index] = events.length;
    body.walk(index);
    codeStart[index] = body.codeStart;
    products[index] = body.product;
    widths[index] = body.width;
    edges[index] = body.edges;
    protectedCalls[index] = body.protectedCalls;
    if (events.length > MODULE_LIMITS.events) {
      refusals.stop(
        `more than ${MODULE_LIMITS.events} control operators, branches and calls by function ${index}`,
        'split the module',
      );
    }
  }
  first[count] = events.length;
  const total = products.reduce((sum, product) => sum + product, 0);
  refusals.over(
    'live slots x branches',
    total,
    MODULE_LIMITS.stateProductTotal,
    'all functions',
    'split large functions',
  );
  const { usesMemory, hidesState } = body;
  return { events, first, codeStart, products, edges, protectedCalls, widths, usesMemory, hidesState };
}

/** Type index of every function, imported ones first. */
export function signatureIndices(module: Module): Uint32Array {
  const imported = importsOf(module, 'function').map((entry) => entry.type);
  const all = new Uint32Array(imported.length + module.functions.length);
  all.set(imported);
  all.set(module.functions, imported.length);
  return all;
}
