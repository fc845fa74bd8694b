/** Runs visits to a server and reads what it used meanwhile. */
import { runGenerator, type GeneratorRun } from './traffic-run.ts';
import type { VisitPlan, VisitResult } from './visits.ts';

/** Visits with the server's account of the time. */
export interface VisitsRun extends GeneratorRun {
  readonly result: VisitResult;
}

/** A thousand threads take a while to start. */
const TIMEOUT_MS = 300_000;

/** Makes the visits of a plan to the server with process id `serverPid`. Rejects when the generator fails. */
export async function runVisits(plan: VisitPlan, serverPid: number, prefix: readonly string[]): Promise<VisitsRun> {
  const run = await runGenerator({ program: 'visits-program.ts', plan, prefix, timeoutMs: TIMEOUT_MS }, serverPid);
  return { ...run, result: run.result as VisitResult };
}
