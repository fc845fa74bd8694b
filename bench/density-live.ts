/** The part of `density` that brings tenants to life, in Kerb and in its peers, as far as each goes. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DENSITY_KINDS, type DensityKind } from './density-kinds.ts';
import { LANES, LIVE, STOP } from './density-cases.ts';
import type { LiveRound, LiveSample, LiveSeries } from './density-figures.ts';
import type { GeneratedTenant } from './generated-tenants.ts';
import { heapBytesOf } from './heap.ts';
import { turnOrder } from './measurement.ts';
import { memoryUseOf } from './memory-use.ts';
import { metricsOf, sampleIn } from './metrics.ts';
import type { AbsentPeer, RunOptions } from './report.ts';
import type { ManyServer } from './servers/many-workerd.ts';
import { Absent } from './servers/server.ts';
import { runVisits } from './visits-run.ts';
import { faultsAmong, firstBytesOf } from './visits.ts';

/** Tenants that are asked between two looks at memory: few where each may take tens of MiB. */
const BATCH = { own: 1_000, peer: 50 } as const;
/** Before memory is read: what was only needed meanwhile is given back by then. */
const SETTLE_MS = 1_000;

/** What tenants are brought to life from. */
export interface LiveStage {
  readonly folder: string;
  readonly data: string;
  readonly modules: string;
  readonly tenants: readonly GeneratedTenant[];
}

/** How. */
export interface LivePlan extends Pick<RunOptions, 'scale' | 'say'> {
  readonly rounds: number;
}

/** Brings tenants to life in every contender in turn. Rejects when Kerb does not run; a peer that cannot is named as absent. */
export async function measureLive(
  stage: LiveStage,
  plan: LivePlan,
): Promise<{ readonly live: LiveSeries[]; readonly absent: AbsentPeer[] }> {
  const rounds = DENSITY_KINDS.map((): LiveRound[] => []);
  const absent: AbsentPeer[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    for (const at of turnOrder(DENSITY_KINDS.length, round)) {
      const kind = DENSITY_KINDS[at] as DensityKind;
      if (absent.some(({ name }) => name === kind.name)) continue;
      plan.say(`${kind.name}: round ${round + 1} of ${plan.rounds}`);
      try {
        rounds[at]?.push(await liveRound(kind, stage, plan));
      } catch (error) {
        if (kind.tone === 'own') throw error;
        absent.push({
          name: kind.name,
          reason: error instanceof Absent ? error.message : `it failed: ${String(error)}`,
        });
      }
    }
  }
  const live = DENSITY_KINDS.map(({ name, tone }, at) => ({ server: name, tone, rounds: rounds[at] ?? [] }));
  return { live: live.filter((series) => series.rounds.length > 0), absent };
}

async function liveRound(kind: DensityKind, stage: LiveStage, plan: LivePlan): Promise<LiveRound> {
  const counts = countsFor(kind, LIVE[plan.scale]);
  const idle = kind.most === Infinity ? null : await idleWithOne(kind, stage);
  const { server, heapFile } = await start(kind, stage, Math.min(kind.most, Math.max(...counts)));
  const heapBytes = async (): Promise<number | null> =>
    kind.heap === 'told' ? await heapBytesOf(server.process.pid, heapFile) : null;
  try {
    await settle();
    const before = { idle: idle ?? (await memoryUseOf(server.process.pid)), idleHeapBytes: await heapBytes() };
    const life = new Life(server, stage.tenants, kind);
    const samples: LiveSample[] = [];
    for (const count of counts) {
      await life.bring(count);
      await settle();
      samples.push({ ...(await life.sample()), heapBytes: await heapBytes(), awake: await awakeIn(server) });
      plan.say(`${kind.name}: ${life.tenants} live`);
      if (life.stopped !== null) break;
    }
    return { ...before, samples, stopped: life.stopped ?? endOf(kind, counts) };
  } finally {
    await server.process.stop();
  }
}

/** Where tenants are all there from the start, less than all of them is nothing to look at. */
function countsFor({ most }: DensityKind, counts: readonly number[]): number[] {
  const taken = counts.filter((count) => count <= most);
  return most === Infinity ? taken : taken.slice(-1);
}

function endOf({ most }: DensityKind, counts: readonly number[]): string | null {
  return most === Infinity ? null : `not taken beyond ${counts.at(-1)}`;
}

/** What a server of one tenant has: where all are there from the start there is no before. */
async function idleWithOne(kind: DensityKind, stage: LiveStage): Promise<LiveRound['idle']> {
  const { server } = await start(kind, stage, 1);
  try {
    await settle();
    return await memoryUseOf(server.process.pid);
  } finally {
    await server.process.stop();
  }
}

async function start(
  kind: DensityKind,
  { folder, data, modules, tenants }: LiveStage,
  count: number,
): Promise<{ readonly server: ManyServer; readonly heapFile: string }> {
  const own = mkdtempSync(join(folder, 'server-'));
  const heapFile = join(own, 'heap.txt');
  const names = tenants.slice(0, count).map(({ name }) => name);
  return { server: await kind.start({ folder: own, tenants: names, modules, data, prefix: [], heapFile }), heapFile };
}

/** Tenants of one server that come to life one after the other. */
class Life {
  readonly #server: ManyServer;
  readonly #tenants: readonly GeneratedTenant[];
  readonly #batch: number;
  readonly #startMs = performance.now();
  #live = 0;
  #firstMs: number[] = [];
  #errors = 0;
  #stopped: string | null = null;

  constructor(server: ManyServer, tenants: readonly GeneratedTenant[], { tone }: DensityKind) {
    this.#server = server;
    this.#tenants = tenants;
    this.#batch = BATCH[tone];
  }

  /** Tenants that have been asked. */
  get tenants(): number {
    return this.#live;
  }

  /** Why no more are asked; `null`: they may be. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** Asks until `count` tenants have been asked, or there is a reason to stop. */
  async bring(count: number): Promise<void> {
    while (this.#live < count && this.#stopped === null) {
      const to = Math.min(count, this.#live + this.#batch);
      await this.#ask(this.#tenants.slice(this.#live, to));
      this.#live = to;
      this.#stopped = this.#batch === BATCH.own ? null : await this.#reason();
    }
  }

  /** How it is now; what was asked since the last sample. */
  async sample(): Promise<Omit<LiveSample, 'heapBytes' | 'awake'>> {
    const firstMs = this.#firstMs;
    this.#firstMs = [];
    const seconds = (performance.now() - this.#startMs) / 1000;
    const use = await memoryUseOf(this.#server.process.pid);
    return { tenants: this.#live, use, firstMs, seconds, errors: this.#errors };
  }

  async #ask(tenants: readonly GeneratedTenant[]): Promise<void> {
    const targets = tenants.map(({ target }) => target);
    const order = { kind: 'in turn', lanes: LANES, places: targets.map((_, place) => place) } as const;
    const visited = { kind: 'listed', targets } as const;
    const { result } = await runVisits({ port: this.#server.port, visited, order }, this.#server.process.pid, []);
    this.#firstMs.push(...firstBytesOf(result));
    this.#errors += faultsAmong(result);
  }

  async #reason(): Promise<string | null> {
    const { residentMib } = await memoryUseOf(this.#server.process.pid);
    const seconds = (performance.now() - this.#startMs) / 1000;
    if (residentMib > STOP.residentMib) return `stopped: above ${STOP.residentMib} MiB`;
    return seconds > STOP.seconds ? `stopped: after ${STOP.seconds} s` : null;
  }
}

/** What Kerb says of itself; `null`: it is a peer. */
async function awakeIn(server: ManyServer): Promise<number | null> {
  const controlPort: unknown = Reflect.get(server, 'controlPort');
  return typeof controlPort === 'number' ? sampleIn(await metricsOf(controlPort), 'kerb_tenants_awake') : null;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

/** The contenders that a note is due for. */
export function notesOfKinds(absent: readonly AbsentPeer[]): string[] {
  const present = DENSITY_KINDS.filter(({ name }) => !absent.some((peer) => peer.name === name));
  return present.map(({ name, note }) => `${name}: ${note}.`);
}
