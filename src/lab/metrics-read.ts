/** Kerb's metrics as the lab reads them: Prometheus text, as far as it is about the process and not about tenants. Pure. */

/** What of `/metrics` the lab looks at; `null`: this Kerb does not tell. */
export interface ServerMetrics {
  /** Linear memories alive, and bytes of those that are idle. */
  readonly memories: number | null;
  readonly idleBytes: number | null;
  /** Used bytes of the JavaScript heaps of the main thread and the data threads. */
  readonly heapBytes: number | null;
  readonly deployments: number | null;
  /** Tenants that are loaded, and those that their next request wakes; how often one was woken, and put to rest. */
  readonly awake: number | null;
  readonly resting: number | null;
  readonly wakes: number | null;
  readonly rests: number | null;
  /** Of each budget of the process: what is used, where refusing begins, how often that happened. */
  readonly budgets: Readonly<
    Record<string, { readonly used: number; readonly ceiling: number; readonly refused: number }>
  >;
}

/** A sample whose labels name no tenant. */
const SAMPLE = /^(kerb_[a-z_]+)(?:\{(?!tenant=)([^}]*)\})? (\S+)$/gm;

/** Reads the text of `/metrics`. What is in no sample is `null`. */
export function readMetrics(text: string): ServerMetrics {
  const sums = new Map<string, number>();
  const budgets: Record<string, { used: number; ceiling: number; refused: number }> = {};
  for (const [, name = '', labels = '', value = ''] of text.matchAll(SAMPLE)) {
    const number = Number(value);
    for (const one of [name, `${name}{${labels}}`]) sums.set(one, (sums.get(one) ?? 0) + number);
    const [, part] = /^kerb_budget_(used|ceiling|refused)/.exec(name) ?? [];
    const [, budget] = /^budget="([a-z_]+)"$/.exec(labels) ?? [];
    if (part === undefined || budget === undefined) continue;
    const figures = (budgets[budget] ??= { used: 0, ceiling: 0, refused: 0 });
    figures[part as 'used' | 'ceiling' | 'refused'] = number;
  }
  const sum = (name: string): number | null => sums.get(name) ?? null;
  return {
    memories: sum('kerb_thread_memories'),
    idleBytes: sum('kerb_thread_idle_bytes'),
    heapBytes: sum('kerb_heap_bytes'),
    deployments: sum('kerb_deployments'),
    awake: sum('kerb_tenants_awake'),
    resting: sum('kerb_tenants_resting'),
    wakes: sum('kerb_wakes_total{result="woken"}'),
    rests: sum('kerb_rests_total'),
    budgets,
  };
}
