import { describe, expect, it } from 'vitest';
import { CACHE_OUTCOMES, type CacheOutcome } from '../../../src/cache/outcome.ts';
import { metricsText, type ProcessMetrics, type TenantMetrics } from '../../../src/control/metrics-text.ts';
import { OUTCOME_NAMES, type Outcome } from '../../../src/outcome.ts';

const PROCESS: ProcessMetrics = {
  deployments: 2,
  resting: { awake: 31, resting: 32, awakeBytes: 33, woken: 34, unwoken: 35, rested: 36 },
  threads: [
    { requests: 1, memories: 2, idleBytes: 3, heapBytes: 41, cacheBytes: 2_048, cacheEntries: 3 },
    { requests: 4, memories: 5, idleBytes: 6, heapBytes: 42, cacheBytes: 2_048, cacheEntries: 3 },
  ],
  residentBytes: 7,
  heapBytes: 40,
  droppedLogBatches: 8,
  budgets: {
    requests: { used: 9, ceiling: 10, refused: 11 },
    memories: { used: 12, ceiling: 13, refused: 14 },
    memory_pages: { used: 25, ceiling: 26, refused: 27 },
    sockets: { used: 28, ceiling: 29, refused: 30 },
    resident_mib: { used: 15, ceiling: 16, refused: 17 },
    mappings: { used: 18, ceiling: 19, refused: 20 },
    code_mib: { used: 21, ceiling: 22, refused: 23 },
    websockets: { used: 28, ceiling: 29, refused: 30 },
  },
  types: 24,
};

function tenant(name: string, outcomes: Partial<Record<Outcome, number>>, cpuUs: number): TenantMetrics {
  const all = Object.fromEntries(OUTCOME_NAMES.map((outcome) => [outcome, outcomes[outcome] ?? 0]));
  const cache = Object.fromEntries(CACHE_OUTCOMES.map((outcome) => [outcome, outcome === 'stale-error' ? 6 : 0]));
  return {
    tenant: name,
    inFlight: 3,
    webSockets: 4,
    memoryPages: 2,
    outcomes: all as Record<Outcome, number>,
    cache: cache as Record<CacheOutcome, number>,
    cpuUs,
  };
}

const TEXT = metricsText(PROCESS, [tenant('a', { ok: 5, guest_trap: 1 }, 1_500_000), tenant('b', {}, 0)]);

describe('the text', () => {
  it('has each family once, with help and type before its samples', () => {
    const families = [...TEXT.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name]) => name);
    expect(new Set(families).size).toBe(families.length);
    for (const name of families)
      expect(TEXT).toMatch(new RegExp(`# HELP ${name} .+\\n# TYPE ${name} (counter|gauge)\\n(${name}[{ ]|# HELP|$)`));
  });

  it('is samples and comments only, each a line of the format', () => {
    for (const line of TEXT.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="[a-z0-9_-]+"(,[a-z]+="[a-z_-]+")*\})? [0-9.e+-]+)$/,
      );
    }
    expect(TEXT.endsWith('\n')).toBe(true);
  });

  it('counts outcomes that happened, by tenant', () => {
    expect(TEXT.match(/^kerb_requests_total\{.*$/gm)).toEqual([
      'kerb_requests_total{tenant="a",outcome="ok"} 5',
      'kerb_requests_total{tenant="a",outcome="guest_trap"} 1',
    ]);
  });

  it('counts what the cache did, and what each thread stores', () => {
    expect(TEXT.match(/^kerb_cache_requests_total\{.*$/gm)).toEqual([
      'kerb_cache_requests_total{tenant="a",outcome="stale-error"} 6',
      'kerb_cache_requests_total{tenant="b",outcome="stale-error"} 6',
    ]);
    expect(TEXT).toContain('kerb_cache_bytes{thread="1"} 2048\n');
    expect(TEXT).toContain('kerb_cache_entries{thread="0"} 3\n');
  });

  it('shows CPU in seconds, requests in flight, threads and the process', () => {
    for (const line of [
      'kerb_cpu_seconds_total{tenant="a"} 1.5',
      'kerb_cpu_seconds_total{tenant="b"} 0',
      'kerb_requests_in_flight{tenant="a"} 3',
      'kerb_websockets{tenant="b"} 4',
      'kerb_deployments 2',
      'kerb_memory_bytes{tenant="a"} 131072',
      'kerb_thread_requests{thread="0"} 1',
      'kerb_thread_memories{thread="1"} 5',
      'kerb_thread_idle_bytes{thread="1"} 6',
      'kerb_heap_bytes{thread="main"} 40',
      'kerb_heap_bytes{thread="1"} 42',
      'kerb_resident_bytes 7',
      'kerb_log_batches_dropped_total 8',
      'kerb_budget_used{budget="requests"} 9',
      'kerb_budget_ceiling{budget="memories"} 13',
      'kerb_budget_refused_total{budget="code_mib"} 23',
      'kerb_module_types 24',
    ]) {
      expect(TEXT.split('\n')).toContain(line);
    }
  });
});
