/** The metrics that tenants' guests have defined, in the Prometheus text format. */
import type { MetricFigures } from '../capability/shared.ts';
import { MAX_GUEST_SERIES } from './limits.ts';

/** The metrics of one tenant. */
export interface TenantGuestMetrics {
  readonly tenant: string;
  /** The metric of a number, counted from 1; `null`: there are no more. */
  readonly metric: (number: number) => MetricFigures | null;
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

/** The families that have samples, {@link MAX_GUEST_SERIES} samples at most. */
export function guestMetricsText(tenants: Iterable<TenantGuestMetrics>): string {
  const shown = samplesInTurn(tenants);
  return Object.entries(FAMILIES)
    .map(([family, [name, type, help]]) => {
      const lines = shown.filter((sample) => sample.family === family);
      if (lines.length === 0) return '';
      const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      return head + lines.map(({ labels, value }) => `${name}${labels} ${value}\n`).join('');
    })
    .join('');
}

/**
 * A metric of each tenant, then another of each that has more, until there are {@link MAX_GUEST_SERIES} samples: nobody has many where
 * another has none. What is left out is not read. Those of one tenant stand together, in the order in which it has defined them.
 */
function samplesInTurn(tenants: Iterable<TenantGuestMetrics>): readonly Sample[] {
  const shares = Array.from(tenants, ({ tenant, metric }) => ({ tenant, metric, samples: [] as Sample[] }));
  const shown = (): readonly Sample[] => shares.flatMap(({ samples }) => samples);
  let left = MAX_GUEST_SERIES;
  for (let [number, having] = [1, shares]; having.length > 0; number++) {
    having = having.filter(({ tenant, metric, samples }) => {
      const figures = left > 0 ? metric(number) : null;
      const more = figures === null ? [] : samplesOf(tenant, figures);
      if (more.length <= left) samples.push(...more);
      left -= more.length;
      return more.length > 0;
    });
  }
  return shown();
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
