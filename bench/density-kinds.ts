/** The contenders of benchmark `density` that tenants come alive in. */
import { ROOMY_MIB } from './density-cases.ts';
import { probeFlags } from './heap.ts';
import { startManyThreads } from './servers/many-threads.ts';
import { startManyWorkerd, type ManyServer, type ManyStart } from './servers/many-workerd.ts';
import { startStoredKerb } from './servers/stored-kerb.ts';

/** A contender. */
export interface DensityKind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  readonly note: string;
  /** Tenants that it is started with at most; `Infinity`: any number, one after the other. */
  readonly most: number;
  /** Whether its heaps can be read. */
  readonly heap: 'told' | 'hidden';
  /** Settles when it serves. Rejects with `Absent` when it cannot run here. */
  start(how: DensityStart): Promise<ManyServer>;
}

/** What it is started with. */
export interface DensityStart extends ManyStart {
  /** A data folder of Kerb with the tenants. */
  readonly data: string;
  /** Where it tells its heaps. */
  readonly heapFile: string;
}

/** The contender that the aims are about. */
export const OWN = 'Kerb';

/** Every contender; Kerb first. */
export const DENSITY_KINDS: readonly DensityKind[] = [
  {
    name: OWN,
    tone: 'own',
    note: `one data thread, all budgets, a memory target of ${ROOMY_MIB} MiB, which does not come to bear`,
    most: Infinity,
    heap: 'told',
    start: ({ data, prefix, heapFile }) =>
      startStoredKerb({
        data,
        prefix,
        flags: ['--memory-target', `${ROOMY_MIB}`],
        nodeFlags: probeFlags(heapFile),
      }),
  },
  {
    name: 'workerd, loaded',
    tone: 'peer',
    note: 'an isolate per tenant, loaded by a workerLoader binding at its first request; it may unload those that are not in use',
    most: Infinity,
    heap: 'hidden',
    start: (how) => startManyWorkerd('loaded', how),
  },
  {
    name: 'workerd, listed',
    tone: 'peer',
    note: 'an isolate per tenant, all in its configuration and made before it listens',
    most: 1_000,
    heap: 'hidden',
    start: (how) => startManyWorkerd('listed', how),
  },
  {
    name: 'a Worker per tenant',
    tone: 'peer',
    note: 'node:http; a thread per tenant, started at its first request',
    most: Infinity,
    heap: 'hidden',
    start: (how) => startManyThreads(how),
  },
];
