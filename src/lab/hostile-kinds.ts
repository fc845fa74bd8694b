/** The hostile guests: what each tries, under which budgets, and how Kerb may end it. */
import type { Outcome } from '../outcome.ts';

/** A hostile guest. */
export interface HostileKind {
  /** Of its module: `guests/<name>.wasm`. */
  readonly name: string;
  /** What it tries, for people. */
  readonly tries: string;
  /** Lines of its kerb.toml after `name` and `main`. */
  readonly manifest: string;
  /** How its requests end. Whatever it does, it may also be refused before it begins, see {@link REFUSALS}. */
  readonly ends: readonly Outcome[];
}

/** Refusals that say nothing of a guest: the tenant or the process has enough to do. */
export const REFUSALS: ReadonlySet<string> = new Set<Outcome>([
  'capacity',
  'concurrency_limit',
  'cpu_quota',
  'draining',
]);

/** Named, because most of them import nothing by which the ABI could be told. */
const ABI = 'abi = "http-wasm"\n';

/** The kinds, in turn for one hostile tenant after the other. */
export const HOSTILE_KINDS: readonly HostileKind[] = Object.freeze<HostileKind[]>([
  { name: 'loop', tries: 'an empty loop', manifest: `${ABI}[limits]\nmemory_mb = 1\n`, ends: ['cpu_limit'] },
  {
    name: 'recurse',
    tries: 'recursion without bottom',
    manifest: `${ABI}[limits]\nmemory_mb = 1\n`,
    ends: ['stack_limit'],
  },
  {
    name: 'grow',
    tries: 'all memory that there is',
    manifest: `${ABI}[limits]\nmemory_mb = 16\n`,
    ends: ['memory_limit'],
  },
  {
    name: 'fill',
    tries: '16 MiB filled over and over',
    manifest: `${ABI}[limits]\nmemory_mb = 16\n`,
    ends: ['cpu_limit'],
  },
  { name: 'trap', tries: 'a trap at once', manifest: `${ABI}[limits]\nmemory_mb = 1\n`, ends: ['guest_trap'] },
  {
    name: 'flood',
    tries: 'a flood of log lines',
    manifest: `${ABI}[limits]\nmemory_mb = 1\nwall_ms = 2000\n`,
    ends: ['cpu_limit', 'wall_limit'],
  },
]);
