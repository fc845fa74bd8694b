/** A run of the lab: tenants are stocked, a Kerb is started over them, loaded and looked at, and what was found is put together. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { TELL_MS } from './limits.ts';
import type { Fault, LoadReport } from './load.ts';
import type { LoadNews, LoadThreadOptions } from './load-thread.ts';
import type { ServerMetrics } from './metrics-read.ts';
import { recordOf, type Found } from './findings.ts';
import { phasesOf } from './phases.ts';
import type { LabLook, LabRecord, LabSettings, LabStart } from './record.ts';
import { LabServer, type LabServerOptions, type ServerLook } from './server.ts';
import { stock } from './stock.ts';
import { addTally, emptyTally, PHASES, type PhaseName, type Tally } from './tally.ts';
import { tailOf } from './quantile.ts';
import { labTenants, stockApps } from './tenants.ts';

/** Who follows a run. */
export interface LabEvents {
  /** What is done now. */
  readonly onStage: (what: string) => void;
  /** Another second is over, of so many. */
  readonly onLook: (look: LabLook, sum: Tally) => void;
}

/** What a run needs beside its settings. */
export interface LabPlace {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends it early; then it rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

const BYTES_PER_PAGE = 65_536;

/** Runs the lab; settles with what was found, also when the server has ended by itself. Rejects when it cannot be started. */
export async function runLab(settings: LabSettings, place: LabPlace, events: LabEvents): Promise<LabRecord> {
  events.onStage('measuring a Kerb without tenants');
  const empty = await lookWithoutTenants({ ...serverOptions(settings, place), folder: join(place.folder, 'empty') });
  place.signal.throwIfAborted();
  events.onStage(`storing ${settings.tenants} tenants`);
  const stockMs = await stockTenants(settings, place);
  place.signal.throwIfAborted();
  events.onStage('starting Kerb over them');
  const server = await LabServer.start(serverOptions(settings, place));
  try {
    const before = await idleLook(server);
    const start = { empty: startFigures(empty), stocked: startFigures(before), startMs: server.startMs, stockMs };
    place.signal.throwIfAborted();
    events.onStage(`sending ${settings.rate} requests a second for ${settings.seconds} s`);
    const course = new Course(settings, server, events, before.metrics);
    await course.run(place.signal);
    events.onStage('ending Kerb');
    return recordOf(settings, { start, ...course.found, ...(await endOf(server, course.died)) });
  } finally {
    await server.stop();
  }
}

function serverOptions({ threads, memoryTargetMib }: LabSettings, { folder, env }: LabPlace): LabServerOptions {
  return { folder, env, threads, memoryTargetMib };
}

async function stockTenants(settings: LabSettings, { folder }: LabPlace): Promise<number> {
  const began = performance.now();
  await mkdir(folder, { recursive: true });
  await stock(join(folder, 'data'), stockApps(labTenants(settings)));
  return performance.now() - began;
}

async function lookWithoutTenants(options: LabServerOptions): Promise<ServerLook> {
  const server = await LabServer.start(options);
  const look = await idleLook(server);
  await server.stop();
  return look;
}

function startFigures({ residentBytes, mappings, metrics }: ServerLook): LabStart['empty'] {
  const codeMib = metrics?.budgets['code_mib']?.used ?? null;
  return { residentBytes, mappings, codeMib, awake: metrics?.awake ?? null };
}

/** A look a while after the start, when what the start left over is collected. */
async function idleLook(server: LabServer): Promise<ServerLook> {
  await new Promise((resolve) => setTimeout(resolve, 2 * TELL_MS));
  return server.look();
}

async function endOf(server: LabServer, died: number | null): Promise<Pick<Found, 'server'>> {
  const exitCode = died ?? (await server.stop());
  return { server: { exitCode, aborts: died !== null || exitCode !== 0 ? 1 : 0, log: [...server.log] } };
}

/** The load and the looks, second by second. */
class Course {
  readonly #settings: LabSettings;
  readonly #server: LabServer;
  readonly #events: LabEvents;
  readonly #looks: LabLook[] = [];
  readonly #tallies = new Map(PHASES.map((name): [PhaseName, Tally] => [name, emptyTally(name)]));
  /** Everything, for who follows. */
  readonly #sum = emptyTally('calm');
  #faults: readonly Fault[] = [];
  #metrics: ServerMetrics | null;
  #died: number | null = null;
  #beganMs = 0;

  /** @param before - What Kerb told of itself last. */
  constructor(settings: LabSettings, server: LabServer, events: LabEvents, before: ServerMetrics | null) {
    this.#settings = settings;
    this.#server = server;
    this.#events = events;
    this.#metrics = before;
  }

  /** The exit code of a server that has ended by itself; `null`: it has not. */
  get died(): number | null {
    return this.#died;
  }

  get found(): Pick<Found, 'looks' | 'tallies' | 'faults' | 'metrics'> {
    return { looks: this.#looks, tallies: this.#tallies, faults: this.#faults, metrics: this.#metrics };
  }

  /** Settles when the load is over or the server has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { seed, rate, hostileRate, shape, exponent } = this.#settings;
    const plan = {
      port: this.#server.port,
      phases: phasesOf(this.#settings),
      seed,
      rate,
      hostileRate,
      shape,
      exponent,
    };
    const workerData: LoadThreadOptions = { plan, tenants: this.#settings };
    const thread = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData });
    const { promise: over, resolve, reject } = Promise.withResolvers<void>();
    let hearing: Promise<unknown> = Promise.resolve();
    thread.on('message', ({ kind, report }: LoadNews) => {
      hearing = hearing.then(() => this.#hear(report)).then(kind === 'over' ? resolve : undefined, reject);
    });
    thread.on('error', reject);
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    const death = this.#server.ended.then((code) => {
      this.#died = code;
    });
    this.#beganMs = performance.now();
    try {
      await Promise.race([over, death]);
    } finally {
      signal.removeEventListener('abort', abort);
      await thread.terminate();
    }
  }

  async #hear(report: LoadReport): Promise<void> {
    const look = await this.#server.look();
    const isTold = look.metrics !== this.#metrics;
    this.#metrics = look.metrics;
    const now = emptyTally('calm');
    for (const tally of report.tallies) {
      addTally(now, tally);
      addTally(this.#tallies.get(tally.phase) as Tally, tally);
    }
    addTally(this.#sum, now);
    this.#faults = report.faults;
    const { wakes = null, rests = null } = (isTold ? look.metrics : null) ?? {};
    const seen = { ...this.#lookOf(look, now, report), wakes, rests };
    this.#looks.push(seen);
    this.#events.onLook(seen, this.#sum);
  }

  #lookOf(
    { metrics, ...figures }: ServerLook,
    now: Tally,
    { awake, inFlight }: LoadReport,
  ): Omit<LabLook, 'wakes' | 'rests'> {
    const atS = (performance.now() - this.#beganMs) / 1_000;
    const { sent, refused, wrong, unexpected, lost } = now;
    const pages = metrics?.budgets['memory_pages']?.used ?? null;
    return {
      atS,
      phase: this.#phaseAt(atS),
      ...figures,
      heapBytes: metrics?.heapBytes ?? null,
      linearBytes: pages === null ? null : pages * BYTES_PER_PAGE,
      memories: metrics?.memories ?? null,
      codeMib: metrics?.budgets['code_mib']?.used ?? null,
      seen: awake,
      awake: metrics?.awake ?? null,
      cold: now.coldMs.length,
      warm: now.warmMs.length,
      coldTail: tailOf(now.coldMs),
      warmTail: tailOf(now.warmMs),
      hostileEnded: Object.values(now.hostile).reduce((sum, count) => sum + count, 0),
      sent,
      refused,
      wrong,
      unexpected,
      lost,
      inFlight,
    };
  }

  #phaseAt(atS: number): LabLook['phase'] {
    let end = 0;
    return phasesOf(this.#settings).find(({ ms }) => atS * 1_000 < (end += ms))?.name ?? 'over';
  }
}
