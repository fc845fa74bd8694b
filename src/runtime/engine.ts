/** Runs exchanges through guests: one engine per data thread. */
import { ABIS } from '../abi/detect.ts';
import type { Exchange, GuestHost, Reply } from '../abi/abi.ts';
import type { GuestMemory } from '../abi/guest-memory.ts';
import type { Deployment } from './deployment.ts';
import { guestHost, type GuestLogSink } from './guest-host.ts';
import { IDLE_SWEEP_MS, MAX_IDLE_BYTES, MAX_TASKS } from './limits.ts';
import { CapacityError, LiveMemories } from './live-memories.ts';
import type { Sandbox, SandboxSurroundings } from './sandbox.ts';
import { SandboxPool, type IdleBytes } from './sandbox-pool.ts';
import { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';
import { failureOf, type Failure } from './verdict.ts';
import type { WatchdogLink } from './watchdog.ts';

/** What became of an exchange in its guest. */
export type Run =
  | { readonly outcome: 'ok'; readonly reply: Reply; readonly cost: Cost }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly cost: Cost };

/** What a request cost. */
export interface Cost {
  /** CPU time inside the guest. */
  readonly cpuMs: number;
  /** Linear memory at the end. */
  readonly memoryBytes: number;
  /** Whether the instance had served a request before. */
  readonly instance: 'fresh' | 'reused' | 'none';
}

/** What an engine is built on. */
export interface EngineOptions {
  readonly watchdog: WatchdogLink;
  readonly threads: number;
  readonly log: GuestLogSink;
}

/** The engine of one data thread. */
export class Engine {
  readonly scheduler: Scheduler;
  readonly #memories: LiveMemories;
  readonly #maxTasks: number;
  readonly #surroundings: SandboxSurroundings;
  readonly #pools = new Map<number, SandboxPool>();
  readonly #idleBytes: IdleBytes = { bytes: 0, limit: MAX_IDLE_BYTES };
  readonly #sweeper: NodeJS.Timeout;

  constructor({ watchdog, threads, log }: EngineOptions) {
    this.scheduler = new Scheduler(watchdog);
    this.#memories = new LiveMemories(threads);
    this.#maxTasks = Math.floor(MAX_TASKS / threads);
    this.#surroundings = {
      scheduler: this.scheduler,
      memories: this.#memories,
      watchdog,
      hostFor: (deployment: Deployment, memory: GuestMemory, task: () => Task): GuestHost =>
        guestHost(deployment, memory, task, log),
    };
    this.#sweeper = setInterval(() => this.#sweep(), IDLE_SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Opens the account of a request. Throws {@link CapacityError} when the thread carries as many as it can. */
  open(deployment: Deployment): Task {
    if (this.scheduler.tasks.size >= this.#maxTasks) throw new CapacityError('too many requests in flight');
    return this.scheduler.open(deployment.budgets);
  }

  /** Carries an exchange through a guest of `deployment`, on the account of `task`, and closes the account. Never rejects. */
  async run(deployment: Deployment, task: Task, exchange: Exchange): Promise<Run> {
    let pool: SandboxPool | null = null;
    let sandbox: Sandbox | null = null;
    try {
      pool = this.#poolOf(deployment);
      sandbox = pool.acquire(task);
      const starting = pool.prepare(sandbox);
      if (starting !== undefined) await starting;
      const reply = await sandbox.guest.handle(sandbox.enter, exchange);
      this.scheduler.close(task);
      const cost = costOf(task, sandbox);
      pool.release(sandbox);
      return { outcome: 'ok', reply, cost };
    } catch (error) {
      this.scheduler.close(task);
      const failure = failureOf(error, task);
      if (sandbox !== null) pool?.discard(sandbox);
      return { outcome: 'failed', failure, cost: costOf(task, sandbox) };
    }
  }

  /** Forgets a deployment that takes no more requests: idle sandboxes go now, busy ones when they are done. */
  retire(id: number): void {
    this.#pools.get(id)?.close();
    this.#pools.delete(id);
  }

  /** Figures for metrics. */
  usage(): { readonly tasks: number; readonly memories: number; readonly idleBytes: number } {
    return {
      tasks: this.scheduler.tasks.size,
      memories: this.#memories.alive,
      idleBytes: this.#idleBytes.bytes,
    };
  }

  /** Ends everything that still runs, as `draining`, and stops the engine's timers. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const task of this.scheduler.tasks) this.scheduler.cancel(task, 'draining');
    for (const id of this.#pools.keys()) this.retire(id);
  }

  #poolOf(deployment: Deployment): SandboxPool {
    const known = this.#pools.get(deployment.id);
    if (known !== undefined) return known;
    const abi = ABIS.get(deployment.abi);
    if (abi === undefined) throw new TypeError(`no ABI ${deployment.abi}`);
    const pool = new SandboxPool(deployment, abi, this.#surroundings, this.#idleBytes);
    this.#pools.set(deployment.id, pool);
    return pool;
  }

  #sweep(): void {
    for (const pool of this.#pools.values()) pool.sweep();
  }
}

function costOf(task: Task, sandbox: Sandbox | null): Cost {
  if (sandbox === null) return { cpuMs: task.cpuMs, memoryBytes: 0, instance: 'none' };
  return { cpuMs: task.cpuMs, memoryBytes: sandbox.memoryBytes, instance: sandbox.uses > 1 ? 'reused' : 'fresh' };
}
