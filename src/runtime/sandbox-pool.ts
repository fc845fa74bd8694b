/** The sandboxes of one deployment on one thread. */
import type { Abi } from '../abi/abi.ts';
import type { Deployment } from './deployment.ts';
import type { IdleKeeper, IdleSandboxes } from './idle-sandboxes.ts';
import type { Clearing, InitialState } from './initial-state.ts';
import {
  BUSY_AFTER,
  MAX_BUSY_SANDBOXES,
  MAX_IDLE_SANDBOXES,
  MAX_REUSE_AGE_MS,
  MAX_REUSE_MEMORY_SHARE,
  MAX_REUSES,
} from './limits.ts';
import { Sandbox, type SandboxSurroundings } from './sandbox.ts';
import type { Task } from './task.ts';

const PAGE_BYTES = 65_536;

/** Lends sandboxes to requests, last used first, and takes them back clean. */
export class SandboxPool implements IdleKeeper {
  readonly #deployment: Deployment;
  readonly #abi: Abi;
  readonly #surroundings: SandboxSurroundings;
  /** Those of all pools of the thread. */
  readonly #allIdle: IdleSandboxes;
  readonly #idle: Sandbox[] = [];
  /** Sandboxes that requests have. */
  #lent = 0;
  #closed = false;
  /** The state of a new instance: the deployment's image, or one before its start; `null`: it cannot be put back; `undefined`: there has been none yet. */
  #initial: InitialState | null | undefined;

  constructor(deployment: Deployment, abi: Abi, surroundings: SandboxSurroundings, allIdle: IdleSandboxes) {
    this.#deployment = deployment;
    this.#abi = abi;
    this.#surroundings = surroundings;
    this.#allIdle = allIdle;
    this.#initial = deployment.image ?? undefined;
  }

  /** Sandboxes that wait for a request. */
  get idle(): number {
    return this.#idle.length;
  }

  /** A sandbox for `task`; {@link prepare} makes it ready. Throws `CapacityError`. */
  acquire(task: Task): Sandbox {
    const kept = this.#idle.pop();
    if (kept !== undefined) this.#allIdle.remove(kept);
    const sandbox = kept ?? new Sandbox(this.#deployment, this.#abi, this.#surroundings);
    this.#lent += 1;
    sandbox.assign(task);
    return sandbox;
  }

  /** Gives the sandbox an instance if it has none. Answers a promise only when the instance has start-up code to run. */
  prepare(sandbox: Sandbox): void | Promise<void> {
    if (sandbox.warm) return undefined;
    const unstarted = sandbox.renew(this.#abi);
    if (this.#initial === undefined) this.#initial = sandbox.capture();
    return unstarted ? sandbox.start() : undefined;
  }

  /** Takes a sandbox back after a success. */
  release(sandbox: Sandbox): void {
    this.#lent -= 1;
    const isKept = this.#readied(sandbox) && !this.#isFull && this.#allIdle.add(sandbox, this);
    if (isKept) this.#idle.push(sandbox);
    else sandbox.retire();
  }

  /** Takes a sandbox back after anything else: nothing of it is used again. */
  discard(sandbox: Sandbox): void {
    this.#lent -= 1;
    sandbox.guest.reset('instance');
    sandbox.abandon();
  }

  /** It has been idle for long, or for longest where others need its room. */
  drop(sandbox: Sandbox): void {
    const place = this.#idle.indexOf(sandbox);
    if (place < 0) throw new TypeError('a sandbox of another pool');
    this.#idle.splice(place, 1);
    sandbox.retire();
  }

  /** Drops everything idle, memory and all. */
  drain(): void {
    for (const sandbox of this.#takeIdle()) sandbox.abandon();
  }

  /** Drops everything idle now and whatever is released later. */
  close(): void {
    this.#closed = true;
    for (const sandbox of this.#takeIdle()) sandbox.retire();
  }

  #takeIdle(): Sandbox[] {
    for (const sandbox of this.#idle) this.#allIdle.remove(sandbox);
    return this.#idle.splice(0);
  }

  /** Makes a sandbox ready for the next request; answers whether it is worth keeping. */
  #readied(sandbox: Sandbox): boolean {
    if (this.#deployment.isolation === 'request' || this.#isWorn(sandbox))
      return sandbox.wipe(this.#initial ?? null, this.#clearingOf(sandbox));
    sandbox.keep();
    return true;
  }

  /** The few sandboxes of a busy app stay in the cache; of many, or of such as are seldom used, only the memory in use counts. */
  #clearingOf({ served }: Sandbox): Clearing {
    return served >= BUSY_AFTER && this.#lent + this.#idle.length < MAX_BUSY_SANDBOXES ? 'all' : 'written';
  }

  /** Whether an instance has served long enough, or is close to the end of its memory, which a guest that leaks reaches. */
  #isWorn({ uses, ageMs, memoryBytes, grown }: Sandbox): boolean {
    if (uses >= MAX_REUSES || ageMs >= MAX_REUSE_AGE_MS) return true;
    const { memory } = this.#deployment.shape;
    if (memory === null || !grown) return false;
    return memoryBytes >= memory.maximumPages * PAGE_BYTES * MAX_REUSE_MEMORY_SHARE;
  }

  get #isFull(): boolean {
    return this.#closed || this.#idle.length >= MAX_IDLE_SANDBOXES;
  }
}
