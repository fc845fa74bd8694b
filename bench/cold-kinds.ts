/** The contenders of benchmark `cold`. */
import { startManyThreads } from './servers/many-threads.ts';
import { startManyWorkerd, type ManyServer, type ManyStart } from './servers/many-workerd.ts';
import { startStoredKerb } from './servers/stored-kerb.ts';

/** A contender. */
export interface ColdKind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  readonly note: string;
  /** Tenants of a case that it takes at most, so that a run fits in memory and time. */
  readonly most: number;
  /** Settles when it serves. Rejects with `Absent` when it cannot run here. */
  start(how: ColdStart): Promise<ManyServer>;
}

/** What it is started with. */
export interface ColdStart extends ManyStart {
  /** A data folder of Kerb with the tenants. */
  readonly data: string;
}

/** The contender that the aims are about. */
export const OWN = 'Kerb';

/** A thread takes about 20 MiB: so many of them fit on a small machine. */
const MOST_THREADS = 150;

/** Every contender; Kerb first. */
export const COLD_KINDS: readonly ColdKind[] = [
  {
    name: OWN,
    tone: 'own',
    note: 'one data thread; tenants are in its store; a first request reads what the module was rewritten to at its deploy, compiles and instantiates it, with all budgets',
    most: Infinity,
    start: ({ data, prefix }) => startStoredKerb({ data, prefix }),
  },
  {
    name: 'workerd, loaded',
    tone: 'peer',
    note: 'a router loads a tenant’s worker by its workerLoader binding at the first request, the module from a disk service: an isolate, a compilation and an instance, as at Kerb',
    most: Infinity,
    start: (how) => startManyWorkerd('loaded', how),
  },
  {
    name: 'workerd, listed',
    tone: 'peer',
    note: 'all tenants in its configuration: it makes every isolate and compiles every module before it listens (see start), so that the first request only instantiates',
    most: Infinity,
    start: (how) => startManyWorkerd('listed', how),
  },
  {
    name: 'a Worker per tenant',
    tone: 'peer',
    note: `node:http; a thread is started, and reads, compiles and instantiates the module, at the first request; at most ${MOST_THREADS} tenants`,
    most: MOST_THREADS,
    start: (how) => startManyThreads(how),
  },
];
