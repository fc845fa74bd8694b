/** Kerb's own figures, read from its /metrics. */

/** Samples by name and labels as they are written: `kerb_budget_used{budget="mappings"}`. */
export type Metrics = ReadonlyMap<string, number>;

/** Reads the Prometheus text format, version 0.0.4, as far as Kerb writes it. */
export function parseMetrics(text: string): Metrics {
  const samples = [...text.matchAll(/^(\w+(?:\{[^\n]*\})?) (\S+)$/gm)];
  return new Map(samples.map(([, name = '', value = '']) => [name, Number(value)]));
}

/** The figures of the Kerb whose control plane is at that port. Rejects when it does not answer. */
export async function metricsOf(controlPort: number): Promise<Metrics> {
  const response = await fetch(`http://127.0.0.1:${controlPort}/metrics`);
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`);
  return parseMetrics(await response.text());
}

/** A sample; `null`: there is none of that name. */
export function sampleIn(metrics: Metrics, name: string): number | null {
  return metrics.get(name) ?? null;
}
