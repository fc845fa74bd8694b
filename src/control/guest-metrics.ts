/** The metrics that tenants' guests have defined, in the Prometheus text format. */
import type { MetricFigures } from '../capability/shared.ts';
import { MAX_GUEST_SERIES } from './limits.ts';

/** The metrics of one tenant. */
export interface TenantGuestMetrics {
  readonly tenant: string;
  readonly metrics: readonly MetricFigures[];
}

/** Names of families, with their types and help. Names of metrics are the guests' own, so they are labels. */
const FAMILIES = {
  counter: ['kerb_guest_counter_total', 'counter', 'Counters that guests have defined, by tenant and name.'],
  gauge: ['kerb_guest_gauge', 'gauge', 'Gauges that guests have defined, by tenant and name.'],
  sum: ['kerb_guest_histogram_sum', 'counter', 'What was told to histograms that guests have defined, added up.'],
  count: ['kerb_guest_histogram_count', 'counter', 'How often something was told to them.'],
} as const;

/** One sample of a family. */
interface Sample {
  readonly family: keyof typeof FAMILIES;
  readonly labels: string;
  readonly value: bigint;
}

/** The families that have samples, {@link MAX_GUEST_SERIES} samples at most: those of tenants that come later are left out. */
export function guestMetricsText(tenants: Iterable<TenantGuestMetrics>): string {
  const samples: Sample[] = [];
  for (const { tenant, metrics } of tenants) samples.push(...metrics.flatMap((figures) => samplesOf(tenant, figures)));
  const shown = samples.slice(0, MAX_GUEST_SERIES);
  return Object.entries(FAMILIES)
    .map(([family, [name, type, help]]) => {
      const lines = shown.filter((sample) => sample.family === family);
      if (lines.length === 0) return '';
      const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      return head + lines.map(({ labels, value }) => `${name}${labels} ${value}\n`).join('');
    })
    .join('');
}

function samplesOf(tenant: string, { kind, name, value, count }: MetricFigures): Sample[] {
  const labels = `{tenant="${tenant}",name="${escaped(name)}"}`;
  if (kind !== 'histogram') return [{ family: kind, labels, value }];
  return [
    { family: 'sum', labels, value },
    { family: 'count', labels, value: count },
  ];
}

/** A label's value: on one line, and ending where it ends. */
function escaped(name: string): string {
  return name.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
