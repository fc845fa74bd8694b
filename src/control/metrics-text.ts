/** Metrics in the Prometheus text format, version 0.0.4. */
import type { Outcome } from '../outcome.ts';

/** Figures of one tenant. */
export interface TenantMetrics {
  readonly tenant: string;
  readonly inFlight: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly cpuUs: number;
}

/** Figures of the process. */
export interface ProcessMetrics {
  readonly deployments: number;
  readonly threads: readonly { readonly requests: number; readonly memories: number; readonly idleBytes: number }[];
  readonly residentBytes: number;
  readonly droppedLogBatches: number;
}

/** One family: its header lines and its samples. */
function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => `${name}${sample}\n`).join('')}`;
}

/** Tenant names are `[a-z0-9-]` and outcomes a closed list: neither needs escaping. */
export function metricsText(process: ProcessMetrics, tenants: readonly TenantMetrics[]): string {
  const requests = tenants.flatMap(({ tenant, outcomes }) =>
    Object.entries(outcomes)
      .filter(([, count]) => count > 0)
      .map(([outcome, count]) => `{tenant="${tenant}",outcome="${outcome}"} ${count}`),
  );
  const perTenant = (value: (metrics: TenantMetrics) => string | number): string[] =>
    tenants.map((metrics) => `{tenant="${metrics.tenant}"} ${value(metrics)}`);
  const perThread = (value: (thread: ProcessMetrics['threads'][number]) => number): string[] =>
    process.threads.map((thread, number) => `{thread="${number}"} ${value(thread)}`);
  return [
    family('kerb_requests_total', 'counter', 'Ended requests by tenant and outcome.', requests),
    family(
      'kerb_requests_in_flight',
      'gauge',
      'Requests in flight by tenant.',
      perTenant(({ inFlight }) => inFlight),
    ),
    family(
      'kerb_cpu_seconds_total',
      'counter',
      'CPU time inside guests by tenant.',
      perTenant(({ cpuUs }) => cpuUs / 1e6),
    ),
    family('kerb_deployments', 'gauge', 'Deployments in force.', [` ${process.deployments}`]),
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
    family('kerb_resident_bytes', 'gauge', 'Resident memory of the process.', [` ${process.residentBytes}`]),
    family('kerb_log_batches_dropped_total', 'counter', 'Batches of log lines that no reader took.', [
      ` ${process.droppedLogBatches}`,
    ]),
  ].join('');
}
