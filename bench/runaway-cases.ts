/** The hostile guests of benchmark `runaway`, and how they are deployed. */
import type { KerbApp } from './servers/kerb.ts';
import { MODULES, ROOT } from './servers/server.ts';

/** A hostile guest under a budget. */
export interface RunawayCase {
  readonly attack: Attack;
  readonly budgetMs: number;
  /** Its tenant. */
  readonly tenant: string;
}

/** How each guest tries not to end. */
export const ATTACKS = {
  loop: 'an empty loop',
  tree: 'recursion 64 deep, two calls at each level',
  recursion: 'recursion without bottom; the stack ends it, not the budget',
  fill: '64 MiB memory.fill, over and over',
  'ping-pong': 'a hostcall, over and over',
  start: 'a start function that loops',
} as const;

/** One of the attacks; guests/<name>.wat is its module. */
export type Attack = keyof typeof ATTACKS;

/** CPU budgets in milliseconds. */
export const BUDGETS_MS = [1, 5, 50] as const;

/** The tenant that nothing may happen to. */
export const BYSTANDER = 'bystander';

/** Every attack under every budget. */
export const CASES: readonly RunawayCase[] = (Object.keys(ATTACKS) as Attack[]).flatMap((attack) =>
  BUDGETS_MS.map((budgetMs) => ({ attack, budgetMs, tenant: `${attack}-${budgetMs}ms` })),
);

/** The attackers and the bystander as apps. */
export function runawayApps(): KerbApp[] {
  const attackers = CASES.map(({ attack, budgetMs, tenant }) => ({
    name: tenant,
    module: `${ROOT}bench/guests/${attack}.wasm`,
    // Named, because most of them import nothing by which the ABI could be told.
    manifest: `abi = "http-wasm"\n[limits]\ncpu_ms = ${budgetMs}\nmemory_mb = ${attack === 'fill' ? 64 : 1}\n`,
  }));
  return [...attackers, { name: BYSTANDER, module: MODULES.hello, manifest: '[limits]\nmemory_mb = 1\n' }];
}
