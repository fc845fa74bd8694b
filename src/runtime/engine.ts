/** Runs exchanges through guests: one engine per data thread. */
import { getHeapStatistics } from 'node:v8';
import { ABIS } from '../abi/detect.ts';
import type { Abi, Exchange, GuestHost, Reply } from '../abi/abi.ts';
import { GuestFault } from '../abi/guest-fault.ts';
import type { GuestMemory } from '../abi/guest-memory.ts';
import { NO_GEO, type Geo } from '../capability/geo.ts';
import { NO_KV, type KvSource } from '../capability/kv.ts';
import { NO_OBJECTS, type ObjectCacheSource } from '../capability/object-cache.ts';
import { NO_COST, type Cost } from './cost.ts';
import { CpuQuotas } from './cpu-quota.ts';
import type { Deployment } from './deployment.ts';
import { guestHost, type GuestLogSink } from './guest-host.ts';
import { IdleSandboxes } from './idle-sandboxes.ts';
import {
  COMMON_TASKS_SHARE,
  MODEST_TASKS,
  HEAP_LOOK_MS,
  IDLE_DROPS_PER_SWEEP,
  IDLE_MEMORIES_SHARE,
  IDLE_SWEEP_MS,
  INSTANTIATION_MS_PER_TURN,
  MAX_IDLE_BYTES,
  MAX_IDLE_MS,
  MAX_LIVE_MEMORIES,
  MAX_LOG_CHARS,
} from './limits.ts';
import { LiveMemories } from './live-memories.ts';
import { MemoryLedger } from './memory-ledger.ts';
import type { Pressure } from './process-gauge.ts';
import type { ProcessBudgets } from './process-budgets.ts';
import { ownRates, type RateTable } from './rate-table.ts';
import { hearing, type Rehearsal, type RehearsalPurpose } from './rehearsal.ts';
import { Refusal } from './refusal.ts';
import { Relief } from './relief.ts';
import type { Sandbox, SandboxSurroundings } from './sandbox.ts';
import { SandboxPool } from './sandbox-pool.ts';
import { Scheduler, SLICE_MS } from './scheduler.ts';
import { StartUpWitness, type Snapshot } from './start-image.ts';
import { SpareStacks } from './spare-stacks.ts';
import type { Task } from './task.ts';
import { Turns } from './turns.ts';
import type { TenantCounters } from './tenant-counters.ts';
import { failureOf, type Failure } from './verdict.ts';
import type { WatchdogLink } from './watchdog.ts';

export type { Rehearsal, RehearsalPurpose } from './rehearsal.ts';

const PAGE_BYTES = 65_536;

/** What became of an exchange in its guest. */
export type Run =
  | { readonly outcome: 'ok'; readonly reply: Reply; readonly cost: Cost }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly cost: Cost };

/** What an engine is built on. */
export interface EngineOptions {
  readonly watchdog: WatchdogLink;
  readonly budgets: ProcessBudgets;
  readonly counters: TenantCounters;
  /** Data threads that share them. */
  readonly threads: number;
  /** How long a guest runs before others get a turn; by default {@link SLICE_MS}. */
  readonly sliceMs?: number;
  readonly log: GuestLogSink;
  /** Key-value stores; by default none answers. */
  readonly kv?: KvSource;
  /** Object caches; by default none answers. */
  readonly objects?: ObjectCacheSource;
  /** Rate counters; by default the engine's own. */
  readonly rates?: RateTable;
  /** Where addresses are; by default nobody knows. */
  readonly geo?: Geo;
}

/** The engine of one data thread. */
export class Engine {
  readonly scheduler: Scheduler;
  readonly #memories: LiveMemories;
  readonly #relief: Relief;
  readonly #stacks = new SpareStacks();
  readonly #budgets: ProcessBudgets;
  readonly #ledger: MemoryLedger;
  readonly #surroundings: SandboxSurroundings;
  readonly #pools = new Map<number, SandboxPool>();
  readonly #idle: IdleSandboxes;
  readonly #counters: TenantCounters;
  readonly #quotas: CpuQuotas;
  readonly #log: GuestLogSink;
  readonly #turns = new Turns(INSTANTIATION_MS_PER_TURN);
  readonly #timers: readonly NodeJS.Timeout[];

  constructor({
    watchdog,
    budgets,
    counters,
    threads,
    sliceMs = SLICE_MS,
    log,
    kv = NO_KV,
    objects = NO_OBJECTS,
    rates = ownRates(),
    geo = NO_GEO,
  }: EngineOptions) {
    this.scheduler = new Scheduler(watchdog, {
      sliceMs,
      onCpu: (tenant, ms) => counters.addCpu(tenant, Math.round(ms * 1000)),
    });
    this.#budgets = budgets;
    this.#log = log;
    this.#counters = counters;
    this.#quotas = new CpuQuotas(counters);
    this.#ledger = new MemoryLedger(budgets, counters);
    this.#memories = new LiveMemories(this.#ledger, threads);
    this.#relief = new Relief(this.scheduler, this.#memories);
    const sandboxes = Math.floor((MAX_LIVE_MEMORIES * IDLE_MEMORIES_SHARE) / threads);
    this.#idle = new IdleSandboxes({ sandboxes, bytes: MAX_IDLE_BYTES });
    this.#surroundings = {
      scheduler: this.scheduler,
      memories: this.#memories,
      stacks: this.#stacks,
      watchdog,
      hostFor: (deployment: Deployment, memory: GuestMemory, task: () => Task): GuestHost =>
        guestHost(deployment, memory, task, {
          log,
          charge: (of, cpuMs) => this.scheduler.charge(of, cpuMs),
          kv,
          objects,
          rates: (slot, madeMs) => rates.of(slot, madeMs),
          geo,
          hold: (pages) => this.#hold(task(), pages),
        }),
    };
    this.#timers = [
      setInterval(() => this.#sweep(), IDLE_SWEEP_MS).unref(),
      setInterval(() => this.lookAtHeap(getHeapStatistics()), HEAP_LOOK_MS).unref(),
    ];
  }

  /** Opens the account of a request. Throws a `Refusal` when its tenant or the process has no room for it. */
  open(deployment: Deployment): Task {
    this.#quotas.admit(deployment, performance.now());
    // With nothing in flight there is nothing to wait for: refusing everybody would then never end.
    if (this.#budgets.read('requests').used > 0) this.#budgets.admit('resident_mib');
    this.#budgets.admit('mappings');
    if (this.#relief.greedy.has(deployment.slot)) throw this.#budgets.refusal('resident_mib');
    if (!this.#pools.has(deployment.id)) this.#budgets.admit('code_mib');
    this.#takePlace(deployment.slot);
    return this.scheduler.open(deployment.budgets, deployment.slot);
  }

  #takePlace(tenant: number): void {
    const { used, ceiling } = this.#budgets.read('requests');
    if (used >= ceiling * COMMON_TASKS_SHARE && this.#counters.inFlight(tenant) > MODEST_TASKS)
      throw this.#budgets.refusal('requests');
    this.#budgets.take('requests');
  }

  /** Carries an exchange through a guest of `deployment`, on the account of `task`, and closes the account. Never rejects. */
  async run(deployment: Deployment, task: Task, exchange: Exchange): Promise<Run> {
    let pool: SandboxPool | null = null;
    let sandbox: Sandbox | null = null;
    try {
      const place = this.scheduler.admit(task);
      if (place !== undefined) await place;
      pool = this.#poolOf(deployment);
      sandbox = pool.acquire(task);
      if (!sandbox.made) await this.#turns.wait();
      // Last before the guest is entered, or others would take the stack meanwhile.
      const room = this.#stacks.room();
      if (room !== undefined) await room;
      const starting = this.#prepare(pool, sandbox, task);
      if (starting !== undefined) await starting;
      const reply = await sandbox.guest.handle(sandbox.enter, exchange);
      this.#close(task);
      const cost = costOf(task, sandbox);
      pool.release(sandbox);
      return { outcome: 'ok', reply, cost };
    } catch (error) {
      const failure = failureOf(error, task);
      const last = sandbox?.guest.parting ? await this.#part(sandbox, task) : task;
      this.#close(last);
      if (sandbox !== null) pool?.discard(sandbox);
      return { outcome: 'failed', failure, cost: costOf(last, sandbox) };
    }
  }

  /**
   * Has a guest told that its request has ended early, on what is left of its budgets. Answers the account that is to be closed. How the
   * guest takes it changes nothing. Never rejects.
   */
  async #part(sandbox: Sandbox, task: Task): Promise<Task> {
    const rest = this.scheduler.openRest(task);
    task.holder = null;
    if (rest === null) return task;
    sandbox.goOn(rest);
    await sandbox.guest.parting?.(sandbox.enter).catch(() => undefined);
    return rest;
  }

  /** Closes the account of a request that runs no guest. */
  drop(task: Task): void {
    this.#close(task);
  }

  /** Writes a line of Kerb's own to a tenant's log. */
  tell({ tenant, version }: Deployment, message: string): void {
    if (this.#log.keeps('warn')) this.#log.write(tenant, 'warn', message.slice(0, MAX_LOG_CHARS), version);
  }

  /**
   * Starts an instance of each guest of `deployment`, for an image only of the last in the chain, as its first request would, on the same
   * budgets; takes their images, and drops them. Answers what that last one cost, or why one cannot start. Never rejects.
   */
  async rehearse(deployment: Deployment, purpose: RehearsalPurpose = 'start-up'): Promise<Rehearsal> {
    const rehearsal = await this.#rehearse(deployment, purpose);
    if (purpose === 'image' || rehearsal.outcome === 'failed') return rehearsal;
    const filters: Snapshot[] = [];
    for (const filter of deployment.filters ?? []) {
      const started = await this.#rehearse(filter, purpose);
      if (started.outcome === 'failed') return started;
      filters.push(started.snapshot);
    }
    return { ...rehearsal, filters };
  }

  async #rehearse(deployment: Deployment, purpose: RehearsalPurpose): Promise<Rehearsal> {
    let task: Task | null = null;
    let sandbox: Sandbox | null = null;
    // Nothing is kept for another request.
    const [abi, witness] = [abiOf(deployment), new StartUpWitness()];
    const surroundings = { ...this.#surroundings, onCall: hearing(witness, purpose) };
    const pool = new SandboxPool(deployment, abi, surroundings, new IdleSandboxes({ sandboxes: 0, bytes: 0 }));
    try {
      task = this.open(deployment);
      await this.scheduler.admit(task);
      sandbox = pool.acquire(task);
      await this.#turns.wait();
      await this.#stacks.room();
      if (task.verdict !== null) throw new GuestFault('the request has ended', task.verdict);
      const snapshot = await sandbox.rehearse(abi, witness, purpose);
      if (task.cpuMs > 0) this.#turns.spend(task.cpuMs);
      if (task.cpuMs >= task.cpuBudgetMs) throw new GuestFault('the start-up has used its CPU time', 'cpu_limit');
      return { outcome: 'ok', snapshot, cost: costOf(task, sandbox) };
    } catch (error) {
      if (task === null) return { outcome: 'failed', failure: refusalOf(error), cost: NO_COST };
      return { outcome: 'failed', failure: failureOf(error, task), cost: costOf(task, sandbox) };
    } finally {
      if (task !== null) this.#close(task);
      if (sandbox !== null) pool.discard(sandbox);
      // After the guest has let go of what it had open: a write that it waited for leaves its pages to the request's end.
      if (task !== null) this.free(task);
    }
  }

  /** Gives back what the host kept for a request, once nobody needs it: with the last byte of its response. */
  free(task: Task): void {
    for (const companion of task.companions) this.free(companion);
    task.settled = true;
    if (task.heldPages === 0) return;
    this.#ledger.shrink(task.tenant, task.heldPages);
    this.#memories.abandon(task.heldPages * PAGE_BYTES);
    task.heldPages = 0;
  }

  /** Forgets a deployment that takes no more requests: idle sandboxes go now, busy ones when they are done. */
  retire(id: number): void {
    this.#pools.get(id)?.close();
    this.#pools.delete(id);
  }

  /** Has the memory that nobody uses collected soon. */
  tidy(): void {
    this.#memories.drain();
    this.#memories.collect();
  }

  /** Answers to the pressure on resident memory ({@link Relief.answer}). */
  relieve(pressure: Pressure): void {
    this.#relief.answer(pressure, () => {
      const { bytes } = this.#idle;
      for (const pool of this.#pools.values()) pool.drain();
      return bytes + this.#memories.drain();
    });
  }

  /** Ends requests when the heap is nearly full ({@link Relief.lookAtHeap}). */
  lookAtHeap(heap: Parameters<Relief['lookAtHeap']>[0]): void {
    this.#relief.lookAtHeap(heap);
  }

  /** Figures for metrics. */
  usage(): { readonly tasks: number; readonly memories: number; readonly idleBytes: number } {
    return {
      tasks: this.scheduler.tasks.size,
      memories: this.#memories.alive,
      idleBytes: this.#idle.bytes,
    };
  }

  /** Ends everything that still runs, as `draining`, and stops the engine's timers. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const task of this.scheduler.tasks) this.scheduler.cancel(task, 'draining');
    for (const id of this.#pools.keys()) this.retire(id);
    this.#memories.close();
  }

  #poolOf(deployment: Deployment): SandboxPool {
    const known = this.#pools.get(deployment.id);
    if (known !== undefined) return known;
    const pool = new SandboxPool(deployment, abiOf(deployment), this.#surroundings, this.#idle);
    this.#pools.set(deployment.id, pool);
    return pool;
  }

  /** Puts what the host keeps for a request on its tenant's account, as pages of memory. Throws `CapacityError`. */
  #hold(task: Task, pages: number): void {
    if (task.settled) return;
    if (pages < 0) {
      this.#ledger.shrink(task.tenant, -pages);
      this.#memories.abandon(-pages * PAGE_BYTES);
    } else {
      const refusal = this.#ledger.grow(task.tenant, pages);
      if (refusal !== null) throw refusal;
    }
    task.heldPages += pages;
  }

  /** Gives the sandbox an instance, on the request's account: instantiation cannot be interrupted, but it is paid for. */
  #prepare(pool: SandboxPool, sandbox: Sandbox, task: Task): void | Promise<void> {
    if (task.verdict !== null) throw new GuestFault('the request has ended', task.verdict);
    const starting = pool.prepare(sandbox);
    if (task.cpuMs > 0) this.#turns.spend(task.cpuMs);
    if (task.cpuMs >= task.cpuBudgetMs) task.condemn('cpu_limit');
    return starting;
  }

  #close(task: Task): void {
    this.scheduler.close(task);
    task.holder = null;
    this.#budgets.give('requests', 1);
  }

  #sweep(): void {
    this.#idle.sweep(performance.now() - MAX_IDLE_MS, IDLE_DROPS_PER_SWEEP);
    this.#memories.sweep();
  }
}

function abiOf({ abi: name }: Deployment): Abi {
  const abi = ABIS.get(name);
  if (abi === undefined) throw new TypeError(`no ABI ${name}`);
  return abi;
}

/** Why there was no room for a request. */
function refusalOf(error: unknown): Failure {
  if (error instanceof Refusal) return { outcome: error.outcome, detail: error.message };
  throw error;
}

function costOf(task: Task, sandbox: Sandbox | null): Cost {
  const { cpuMs, waitMs, slices } = task;
  if (sandbox === null) return { cpuMs, waitMs, slices, hostcalls: 0, memoryBytes: 0, instance: 'none' };
  const instance = sandbox.uses > 1 ? 'reused' : 'fresh';
  return { cpuMs, waitMs, slices, hostcalls: sandbox.hostcalls, memoryBytes: sandbox.memoryBytes, instance };
}
