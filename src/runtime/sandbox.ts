/** One sandbox: a linear memory, an import object and, while it is in use, an instance in them. */
import type { Abi, AbiGuest, Enter, GuestHost } from '../abi/abi.ts';
import { GuestFault } from '../abi/guest-fault.ts';
import { GuestMemory } from '../abi/guest-memory.ts';
import type { Scalar } from '../abi/host-function.ts';
import type { Deployment } from './deployment.ts';
import { MAX_CLEARED_BYTES } from './limits.ts';
import { link } from './linker.ts';
import type { LiveMemories } from './live-memories.ts';
import type { Scheduler } from './scheduler.ts';
import type { Task } from './task.ts';
import { trap } from './trap.ts';
import type { WatchdogLink } from './watchdog.ts';

/** Bytes of one page of linear memory. */
const PAGE_BYTES = 65_536;

/** What guests without a memory have: nothing, shared, because each memory reserves address space. */
const NO_MEMORY = new WebAssembly.Memory({ initial: 0, maximum: 0 });

/** What sandboxes of one thread share. */
export interface SandboxSurroundings {
  readonly scheduler: Scheduler;
  readonly memories: LiveMemories;
  readonly watchdog: WatchdogLink;
  /** The host services of a sandbox. */
  hostFor(deployment: Deployment, memory: GuestMemory, task: () => Task): GuestHost;
}

type Export = (...args: Scalar[]) => Promise<unknown>;

/**
 * A sandbox serves one request at a time, of one deployment all its life. Its memory is zero before an instance is put into
 * it; an instance that ended in anything but success is never entered again.
 */
export class Sandbox {
  readonly guest: AbiGuest;
  readonly #deployment: Deployment;
  readonly #scheduler: Scheduler;
  readonly #memory: WebAssembly.Memory | null;
  readonly #imports: WebAssembly.Imports;
  readonly #exports: ReadonlySet<string>;
  #instance: WebAssembly.Instance | null = null;
  readonly #entries = new Map<string, Export>();
  #task: Task | null = null;
  readonly #watchdog: WatchdogLink;
  /** What the hostcall just made has to wait for. */
  #deferred: Promise<unknown> | null = null;
  /** Requests that the present instance has served. */
  uses = 0;
  /** Counts sweeps of the pool since the sandbox was last used. */
  idleSweeps = 0;

  /** Throws `CapacityError` when there is no room for its memory. */
  constructor(deployment: Deployment, abi: Abi, surroundings: SandboxSurroundings) {
    const { shape } = deployment;
    this.#deployment = deployment;
    this.#scheduler = surroundings.scheduler;
    this.#watchdog = surroundings.watchdog;
    this.#memory =
      shape.memory === null ? null : surroundings.memories.create(shape.memory.initialPages, shape.memory.maximumPages);
    const memory = new GuestMemory(this.#memory ?? NO_MEMORY);
    const host = surroundings.hostFor(deployment, memory, () => this.#taskAtHand());
    this.guest = abi.createGuest(host, new Set(shape.imports.map(({ module }) => module)));
    this.#exports = new Set(shape.exports);
    this.#imports = link(shape, this.guest.imports, {
      epoch: surroundings.watchdog.epoch,
      memory: this.#memory,
      fail: (error) => this.#fail(error),
      defer: (work) => {
        this.#deferred = work;
        this.#watchdog.setWait();
      },
      wait: () => this.#wait(),
      interrupt: () => this.#scheduler.interrupt(this.#taskAtHand()),
      yield: () => this.#scheduler.yield(this.#taskAtHand()),
      refusedGrowth: () => {
        this.#taskAtHand().growthRefused = true;
      },
    });
  }

  /** Bytes of its linear memory now. */
  get memoryBytes(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** Whether an instance is alive in it, so that the next request finds the state of the last. */
  get warm(): boolean {
    return this.#instance !== null;
  }

  /** Takes on a request. */
  assign(task: Task): void {
    this.#task = task;
    this.uses += 1;
    this.idleSweeps = 0;
  }

  /**
   * Puts a fresh instance into the zeroed memory. Throws what instantiation throws. Answers whether the instance still has
   * to {@link start}.
   */
  instantiate(abi: Abi): boolean {
    this.#instance = new WebAssembly.Instance(this.#deployment.module, this.#imports);
    return this.#deployment.shape.startExport !== null || abi.initialises(this.#exports);
  }

  /** Runs the start section and the ABI's start-up exports, on the budgets of the request at hand. */
  async start(): Promise<void> {
    const { startExport } = this.#deployment.shape;
    if (startExport !== null) await this.enter(startExport);
    await this.guest.start(this.enter, this.#exports);
  }

  /**
   * Enters an export on a stack of its own, in a slice of the request at hand. Rejects with the fault that a host function
   * noted, or with the trap or exception that ended the guest.
   */
  readonly enter: Enter = (name, ...args) => {
    const task = this.#taskAtHand();
    if (task.verdict !== null) return Promise.reject(new GuestFault('the request has ended', task.verdict));
    const entry = this.#entry(name);
    this.#scheduler.begin(task);
    const running = entry(...args);
    this.#scheduler.end(task);
    // A guest that neither slept nor failed in a hostcall has ended: its promise is settled and says all there is.
    return task.sleep === null && task.fault === null ? running : this.#finish(running, task);
  };

  /**
   * Makes the sandbox ready for another request of its deployment: keeps the instance (`keep`), or drops it and zeroes the
   * memory. Answers `false` when the sandbox is not worth keeping: its memory was grown or is large.
   */
  reset(instance: 'keep' | 'drop'): boolean {
    this.guest.reset();
    this.#task = null;
    if (instance === 'keep') return true;
    this.#instance = null;
    this.#entries.clear();
    this.uses = 0;
    if (this.#memory === null) return true;
    const { buffer } = this.#memory;
    const initial = (this.#deployment.shape.memory?.initialPages ?? 0) * PAGE_BYTES;
    if (buffer.byteLength !== initial || initial > MAX_CLEARED_BYTES) return false;
    new Uint8Array(buffer).fill(0);
    return true;
  }

  #wait(): Promise<unknown> {
    this.#watchdog.clearWait();
    const work = this.#deferred ?? Promise.resolve();
    this.#deferred = null;
    return this.#scheduler.wait(this.#taskAtHand(), work);
  }

  async #finish(running: Promise<unknown>, task: Task): Promise<unknown> {
    try {
      return await running;
    } catch (error) {
      throw task.fault ?? error;
    } finally {
      this.#scheduler.end(task);
    }
  }

  /** An export, wrapped once per instance. Reads the ABI's names only: any other export is live guest code. */
  #entry(name: string): Export {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const exported = this.#instance?.exports[name];
    if (typeof exported !== 'function') throw new GuestFault(`the module does not export ${name}`);
    const entry = WebAssembly.promising(exported) as Export;
    this.#entries.set(name, entry);
    return entry;
  }

  #fail(error: unknown): never {
    this.#taskAtHand().fault ??= error;
    return trap();
  }

  #taskAtHand(): Task {
    if (this.#task === null) throw new TypeError('a sandbox without a request is running');
    return this.#task;
  }
}
