/** What is tested: Kerb's own entry points, or faulty ones in the tests of the oracle. */

import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions, Instrumented, ModuleSummary } from '../../../src/instrument/instrument.ts';
import type { Signature } from '../../../src/wasm/signature.ts';

/** The two entry points of the rewriter. */
export interface Subject {
  inspect(bytes: Uint8Array): ModuleSummary;
  instrument(bytes: Uint8Array, options: InstrumentOptions): Instrumented;
}

/** Kerb as it is. */
export const KERB: Subject = { inspect, instrument };

/** What the oracles say of an input. */
export type Verdict =
  | { readonly kind: 'passed'; readonly facts: Facts }
  /** Nothing can be said: both sides may differ, for example in how deep they recurse. */
  | { readonly kind: 'inconclusive'; readonly reason: string }
  | { readonly kind: 'finding'; readonly message: string };

/** What is counted over a run: the name of a fact and how often it was seen. */
export type Facts = Readonly<Record<string, number>>;

/** How large a guest's memory may become where it runs without an end. */
export const BUDGET_PAGES = 24;

/**
 * The options that admit everything a module imports and keep every function that it exports, except those whose names begin with
 * `dropped`. `suspending` are names of imports that may wait.
 */
export function everything(
  { imports, exports }: ModuleSummary,
  maxMemoryPages: number,
  suspending: ReadonlySet<string> = new Set(),
): InstrumentOptions {
  const offered = new Map<string, Map<string, Signature>>();
  for (const { module, name, signature } of imports) {
    const names = offered.get(module) ?? new Map<string, Signature>();
    if (signature !== null) names.set(name, signature);
    offered.set(module, names);
  }
  const kept = exports.flatMap(({ name, signature }) =>
    signature === null || name.startsWith('dropped') ? [] : [[name, signature] as const],
  );
  return { imports: offered, exports: new Map(kept), suspending, maxMemoryPages };
}

/** The imports of a guest that may wait: of those whose result is none, i32 or i64, every second one. */
export function someSuspending({ imports }: ModuleSummary): ReadonlySet<string> {
  const able = imports.filter(({ signature }) => signature !== null && /->[iI]?$/.test(signature));
  return new Set(able.filter((_, index) => index % 2 === 0).map(({ module, name }) => `${module}.${name}`));
}
