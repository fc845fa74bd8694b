/** Metrics in the Prometheus text format, version 0.0.4. */
import type { CacheOutcome } from '../cache/outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { RestingFigures } from './resting.ts';
import type { BudgetFigures, ProcessBudget } from '../runtime/process-budgets.ts';

/** Figures of one tenant. */
export interface TenantMetrics {
  readonly tenant: string;
  readonly inFlight: number;
  readonly webSockets: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly cache: Readonly<Record<CacheOutcome, number>>;
  readonly cpuUs: number;
  readonly memoryPages: number;
}

/** Figures of one data thread. */
export interface ThreadMetrics {
  readonly requests: number;
  readonly memories: number;
  readonly idleBytes: number;
  readonly heapBytes: number;
  readonly cacheBytes: number;
  readonly cacheEntries: number;
}

/** Figures of the process. */
export interface ProcessMetrics {
  readonly deployments: number;
  readonly resting: RestingFigures;
  readonly threads: readonly ThreadMetrics[];
  readonly residentBytes: number;
  /** Of the main thread. */
  readonly heapBytes: number;
  readonly budgets: Readonly<Record<ProcessBudget, BudgetFigures>>;
  /** Distinct function types that V8 has seen. */
  readonly types: number;
  readonly droppedLogBatches: number;
}

/** One family: its header lines and its samples. */
function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join('')}`;
}

function restingFamilies({ awake, awakeBytes, resting, woken, unwoken, rested }: RestingFigures): string[] {
  return [
    family('kerb_tenants_awake', 'gauge', 'Stored tenants that are loaded.', [` ${awake}`]),
    family('kerb_tenants_resting', 'gauge', 'Stored tenants that their next request wakes.', [` ${resting}`]),
    family('kerb_awake_bytes', 'gauge', 'What the loaded ones take, estimated.', [` ${awakeBytes}`]),
    family('kerb_wakes_total', 'counter', 'Tenants woken for requests, by result.', [
      `{result="woken"} ${woken}`,
      `{result="failed"} ${unwoken}`,
    ]),
    family('kerb_rests_total', 'counter', 'Tenants put to rest to have their memory.', [` ${rested}`]),
  ];
}

/** Tenant names are `[a-z0-9-]` and outcomes a closed list: neither needs escaping. */
export function metricsText(process: ProcessMetrics, tenants: readonly TenantMetrics[]): string {
  const byOutcome = (counts: (metrics: TenantMetrics) => Readonly<Record<string, number>>): string[] =>
    tenants.flatMap((metrics) =>
      Object.entries(counts(metrics))
        .filter(([, count]) => count > 0)
        .map(([outcome, count]) => `{tenant="${metrics.tenant}",outcome="${outcome}"} ${count}`),
    );
  const perTenant = (value: (metrics: TenantMetrics) => string | number): string[] =>
    tenants.map((metrics) => `{tenant="${metrics.tenant}"} ${value(metrics)}`);
  const perThread = (value: (thread: ThreadMetrics) => number): string[] =>
    process.threads.map((thread, number) => `{thread="${number}"} ${value(thread)}`);
  const perBudget = (value: (figures: BudgetFigures) => number): string[] =>
    Object.entries(process.budgets).map(([budget, figures]) => `{budget="${budget}"} ${value(figures)}`);
  return [
    family(
      'kerb_requests_total',
      'counter',
      'Ended requests by tenant and outcome.',
      byOutcome(({ outcomes }) => outcomes),
    ),
    family(
      'kerb_cache_requests_total',
      'counter',
      'Requests to backends by tenant and what the cache did.',
      byOutcome(({ cache }) => cache),
    ),
    family(
      'kerb_requests_in_flight',
      'gauge',
      'Requests in flight by tenant.',
      perTenant(({ inFlight }) => inFlight),
    ),
    family(
      'kerb_websockets',
      'gauge',
      'Open WebSockets by tenant, handshakes included.',
      perTenant(({ webSockets }) => webSockets),
    ),
    family(
      'kerb_cpu_seconds_total',
      'counter',
      'CPU time inside guests by tenant.',
      perTenant(({ cpuUs }) => cpuUs / 1e6),
    ),
    family(
      'kerb_memory_bytes',
      'gauge',
      'Linear memory that exists for a tenant.',
      perTenant(({ memoryPages }) => memoryPages * 65_536),
    ),
    family('kerb_deployments', 'gauge', 'Deployments in force.', [` ${process.deployments}`]),
    ...restingFamilies(process.resting),
    family(
      'kerb_thread_requests',
      'gauge',
      'Requests in guests by data thread.',
      perThread(({ requests: n }) => n),
    ),
    family(
      'kerb_thread_memories',
      'gauge',
      'Linear memories alive by data thread.',
      perThread(({ memories }) => memories),
    ),
    family(
      'kerb_thread_idle_bytes',
      'gauge',
      'Idle linear memory kept by data thread.',
      perThread(({ idleBytes }) => idleBytes),
    ),
    family(
      'kerb_cache_bytes',
      'gauge',
      'Stored responses by the data thread that owns them.',
      perThread(({ cacheBytes }) => cacheBytes),
    ),
    family(
      'kerb_cache_entries',
      'gauge',
      'Number of stored responses by the data thread that owns them.',
      perThread(({ cacheEntries }) => cacheEntries),
    ),
    family('kerb_heap_bytes', 'gauge', 'Used JavaScript heap by thread.', [
      `{thread="main"} ${process.heapBytes}`,
      ...perThread(({ heapBytes }) => heapBytes),
    ]),
    family('kerb_resident_bytes', 'gauge', 'Resident memory of the process.', [` ${process.residentBytes}`]),
    family(
      'kerb_budget_used',
      'gauge',
      'What the process uses of each of its budgets.',
      perBudget(({ used }) => used),
    ),
    family(
      'kerb_budget_ceiling',
      'gauge',
      'Where the process begins to refuse.',
      perBudget(({ ceiling }) => ceiling),
    ),
    family(
      'kerb_budget_refused_total',
      'counter',
      'Requests refused as capacity, by the budget that was used up.',
      perBudget(({ refused }) => refused),
    ),
    family('kerb_module_types', 'gauge', 'Distinct function types that the engine has seen and keeps.', [
      ` ${process.types}`,
    ]),
    family('kerb_log_batches_dropped_total', 'counter', 'Batches of log lines that no reader took.', [
      ` ${process.droppedLogBatches}`,
    ]),
  ].join('');
}
