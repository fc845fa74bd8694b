/** Interleaved measurement: every server in every round, so that a slow minute of the machine is everybody's. */
import { cpuSecondsOf } from './cpu-time.ts';
import { applyLoad, loadScript, type LoadResult } from './load.ts';
import { ask, faultsOf } from './response-check.ts';
import type { Server, ServerKind } from './servers/server.ts';
import { hostsOf, type Workload } from './workload.ts';

/** A server that runs. */
export interface Contender {
  readonly kind: ServerKind;
  readonly server: Server;
}

/** One run of one server. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly requestsPerCpuSecond: number;
  readonly p99Us: number;
}

/** All rounds of one server under one workload. */
export interface Series {
  readonly workload: string;
  readonly server: string;
  readonly tone: 'own' | 'peer';
  /** By round; `null`: the run had errors and does not count. */
  readonly samples: readonly (Sample | null)[];
  /** Errors of all rounds. */
  readonly errors: number;
}

/** How it is measured. */
export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Words before the load generator's command line. */
  readonly loadPrefix: readonly string[];
  /** Takes a line about the progress. */
  readonly say: (line: string) => void;
}

/** Proves that all contenders answer alike, warms them up, measures them in turns, and proves it again. Rejects when one errs. */
export async function measure(contenders: readonly Contender[], workload: Workload, plan: Plan): Promise<Series[]> {
  await proveAll(contenders, workload);
  const runs = contenders.map(() => [] as (Sample | null)[]);
  const errors = contenders.map(() => 0);
  for (const { server } of contenders) await run(server, workload, plan.warmUpSeconds, plan);
  for (let round = 0; round < plan.rounds; round++) {
    plan.say(`${workload.name}: round ${round + 1} of ${plan.rounds}`);
    for (const at of turnOrder(contenders.length, round)) {
      const { sample, failed } = await run((contenders[at] as Contender).server, workload, plan.seconds, plan);
      runs[at]?.push(sample);
      errors[at] = (errors[at] ?? 0) + failed;
    }
  }
  await proveAll(contenders, workload);
  return contenders.map(({ kind }, at) => ({
    workload: workload.name,
    server: kind.name,
    tone: kind.tone,
    samples: runs[at] ?? [],
    errors: errors[at] ?? 0,
  }));
}

/** Who comes when: each round begins with another, so that nobody always follows the same neighbour first. */
export function turnOrder(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, at) => (at + round) % count);
}

/** What a run amounts to; `null` when it had errors, no answer at all, or too little CPU time to be read (under 20 ms). */
export function sampleOf({ requests, seconds, errors, p99Us }: LoadResult, cpuSeconds: number): Sample | null {
  if (errors > 0 || requests === 0 || cpuSeconds < 0.02) return null;
  return { requestsPerSecond: requests / seconds, requestsPerCpuSecond: requests / cpuSeconds, p99Us };
}

async function run(
  server: Server,
  { app, connections }: Workload,
  seconds: number,
  { loadPrefix }: Plan,
): Promise<{ sample: Sample | null; failed: number }> {
  const before = cpuSecondsOf(server.pid);
  const load = { port: server.portOf(app), script: loadScript(app), connections, seconds, prefix: loadPrefix };
  const result = await applyLoad(load);
  const cpuSeconds = cpuSecondsOf(server.pid) - before;
  server.tidy?.();
  return { sample: sampleOf(result, cpuSeconds), failed: result.errors };
}

async function proveAll(contenders: readonly Contender[], { app }: Workload): Promise<void> {
  for (const { kind, server } of contenders) {
    for (const host of hostsOf(app)) {
      const faults = faultsOf(await ask(server.portOf(app), app, host), app);
      if (faults.length > 0) throw new Error(`${kind.name} answers ${host} differently: ${faults.join('; ')}`);
    }
  }
}
