/**
 * The peer of benchmark `runaway`: `vm` with a timeout around the same endless loop, as it was compiled, in plain Node. Its
 * arguments are the calls per budget, the calls without a runaway, and the budgets; it prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { createContext, Script } from 'node:vm';
import type { Tail } from '../src/lab/quantile.ts';
import { tailOf } from './statistics.ts';

/** What was measured. */
export interface VmTimeouts {
  /** By budget in milliseconds: how long calls ran beyond it, on the wall clock, which is what `vm` goes by. */
  readonly overshootMs: Readonly<Record<string, Tail>>;
  /** A call that returns at once, with and without a timeout. */
  readonly callUs: { readonly armed: Tail; readonly plain: Tail };
}

const [samples = 10, calls = 100, ...budgets] = process.argv.slice(2).map(Number);
const bytes = readFileSync(new URL('./guests/loop.wasm', import.meta.url));
const { spin, nothing } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
const context = createContext({ spin, nothing });
const spinning = new Script('spin()');
const returning = new Script('nothing()');

function overshoot(budgetMs: number): number {
  const start = performance.now();
  try {
    spinning.runInContext(context, { timeout: budgetMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
  }
  return performance.now() - start - budgetMs;
}

function callUs(options: { timeout?: number }): number {
  const start = performance.now();
  returning.runInContext(context, options);
  return (performance.now() - start) * 1000;
}

function repeat(count: number, measure: () => number): Tail {
  return tailOf(Array.from({ length: count }, measure));
}

const result: VmTimeouts = {
  overshootMs: Object.fromEntries(budgets.map((budget) => [budget, repeat(samples, () => overshoot(budget))])),
  callUs: { armed: repeat(calls, () => callUs({ timeout: 50 })), plain: repeat(calls, () => callUs({})) },
};
process.stdout.write(`${JSON.stringify(result)}\n`);
