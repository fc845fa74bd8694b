/** One sandbox: a linear memory, an import object and, while it is in use, an instance in them. */
import type { Abi, AbiGuest, Enter, GuestHost } from '../abi/abi.ts';
import { GuestMemory } from '../abi/guest-memory.ts';
import type { Deployment, ModuleShape } from './deployment.ts';
import { Entrance } from './entrance.ts';
import { MAX_CLEARED_BYTES, MAX_PASSED_ON_BYTES } from './limits.ts';
import {
  captureState,
  clear,
  placeState,
  restoreState,
  stateGlobals,
  type Clearing,
  type InitialState,
} from './initial-state.ts';
import { link } from './linker.ts';
import type { LiveMemories, LiveMemory } from './live-memories.ts';
import { Reentry } from './reentry.ts';
import type { Scheduler } from './scheduler.ts';
import { filledBlocks, imageOf, type Snapshot, type StartUpWitness } from './start-image.ts';
import type { SpareStacks } from './spare-stacks.ts';
import type { Task } from './task.ts';
import { trap } from './trap.ts';
import type { WatchdogLink } from './watchdog.ts';

/** What guests without a memory have: nothing, shared, because each memory reserves address space. */
const NO_MEMORY = new WebAssembly.Memory({ initial: 0, maximum: 0 });

/** What sandboxes of one thread share. */
export interface SandboxSurroundings {
  readonly scheduler: Scheduler;
  readonly memories: LiveMemories;
  readonly stacks: SpareStacks;
  readonly watchdog: WatchdogLink;
  /** Hears of each call of a host function before it is made, and may throw; absent: nobody asks. */
  readonly onCall?: (module: string, name: string) => void;
  /** The host services of a sandbox. */
  hostFor(deployment: Deployment, memory: GuestMemory, task: () => Task): GuestHost;
}

/** Of a module without start-up code. */
const NOTHING_TO_KEEP: Snapshot = { kind: 'none', why: null };

/**
 * A sandbox serves one request at a time, of one deployment all its life. Its memory is zero before an instance is put into
 * it; an instance that has failed is never entered again.
 */
export class Sandbox {
  readonly guest: AbiGuest;
  readonly #deployment: Deployment;
  readonly #scheduler: Scheduler;
  readonly #memories: LiveMemories;
  readonly #memory: LiveMemory | null;
  readonly #guestMemory: GuestMemory;
  readonly #imports: WebAssembly.Imports;
  readonly #exports: ReadonlySet<string>;
  /** The whole memory, as long as it is not grown. */
  readonly #bytes: Buffer;
  readonly #initialBytes: number;
  #instance: WebAssembly.Instance | null = null;
  #globals: readonly WebAssembly.Global[] = [];
  /** Whether the instance is as new: whatever a new one has to be started with, it has too. */
  #pristine = false;
  readonly #entrance: Entrance;
  #task: Task | null = null;
  readonly #watchdog: WatchdogLink;
  /** What the hostcall just made has to wait for. */
  #deferred: Promise<unknown> | null = null;
  readonly #tally = { hostcalls: 0 };
  readonly #reentry = new Reentry();
  #madeMs = 0;
  /** Requests that the present instance has served. */
  uses = 0;
  /** Requests that it has served with any instance. */
  served = 0;

  /** Throws `CapacityError` when there is no room for its memory. */
  constructor(deployment: Deployment, abi: Abi, surroundings: SandboxSurroundings) {
    const { shape } = deployment;
    this.#deployment = deployment;
    this.#scheduler = surroundings.scheduler;
    this.#memories = surroundings.memories;
    this.#watchdog = surroundings.watchdog;
    this.#memory =
      shape.memory === null
        ? null
        : surroundings.memories.create(
            deployment.image?.memoryPages ?? shape.memory.initialPages,
            shape.memory.maximumPages,
            deployment.slot,
          );
    const linear = this.#memory?.memory ?? NO_MEMORY;
    this.#bytes = Buffer.from(linear.buffer);
    this.#initialBytes = this.#bytes.length;
    this.#guestMemory = new GuestMemory(linear);
    const host = surroundings.hostFor(deployment, this.#guestMemory, () => this.#taskAtHand());
    this.guest = abi.createGuest(host, new Set(shape.imports.map(({ module }) => module)), (name, ...args) =>
      this.#reentry.enter(this.#instance?.exports[name], args),
    );
    this.#exports = new Set(shape.exports);
    this.#entrance = new Entrance({
      scheduler: surroundings.scheduler,
      stacks: surroundings.stacks,
      task: () => this.#taskAtHand(),
      exported: (name) => this.#instance?.exports[name],
    });
    this.#imports = link(shape, this.guest.imports, {
      epoch: surroundings.watchdog.epoch,
      tally: this.#tally,
      ...(surroundings.onCall === undefined ? {} : { onCall: surroundings.onCall }),
      memory: this.#memory?.memory ?? null,
      fail: (error) => this.#fail(error),
      defer: (work) => {
        this.#reentry.refuseWait();
        this.#deferred = work;
        this.#watchdog.setWait();
      },
      wait: () => this.#wait(),
      interrupt: () => this.#reentry.goOn(this.#scheduler.interrupt(this.#taskAtHand()), this.#taskAtHand()),
      yield: () => this.#scheduler.yield(this.#taskAtHand()),
      grow: (pages) => this.#grow(pages),
    });
  }

  /** Bytes of its linear memory now. */
  get memoryBytes(): number {
    return this.#memory?.bytes ?? 0;
  }

  /** Whether its memory is larger than that of a new one. */
  get grown(): boolean {
    return this.memoryBytes !== this.#initialBytes;
  }

  /** How long ago its instance was made, or put back. */
  get ageMs(): number {
    return performance.now() - this.#madeMs;
  }

  /** Calls of host functions by the request at hand, or the last one. */
  get hostcalls(): number {
    return this.#tally.hostcalls;
  }

  /** Whether there is an instance, used or not: none has to be made. */
  get made(): boolean {
    return this.#instance !== null;
  }

  /** Whether its instance has served a request and goes on from there. */
  get warm(): boolean {
    return this.#instance !== null && !this.#pristine;
  }

  /** Takes on a request. */
  assign(task: Task): void {
    this.#task = task;
    task.holder = this;
    this.#tally.hostcalls = 0;
    this.uses += 1;
    this.served += 1;
  }

  /** Goes on with another account of the same request. */
  goOn(task: Task): void {
    this.#task = task;
    task.holder = this;
  }

  /**
   * Sees to it that there is an instance as new: the one that was put back, or another in the zeroed memory, made on the account
   * of the request at hand, with the deployment's image in it. Throws what instantiation throws. Answers whether the instance still has
   * something to {@link start} with.
   */
  renew(abi: Abi): boolean {
    const { module, shape, image } = this.#deployment;
    if (this.#instance === null) {
      const task = this.#taskAtHand();
      this.#scheduler.beginWork(task);
      this.#instance = new WebAssembly.Instance(module, this.#imports);
      this.#globals = stateGlobals(this.#instance, shape.stateExports ?? []);
      if (image !== null) placeState(image, this.#bytes, this.#globals);
      this.#scheduler.end(task);
    }
    this.#pristine = false;
    this.#madeMs = performance.now();
    if (image === null) return abi.configures || startsUp(shape, abi);
    this.guest.started.resume(image.left);
    return abi.configures;
  }

  /**
   * Starts a new instance, which serves nobody, and takes its image for others: that of its start-up code. `witness` has heard of every
   * call of a host function since the sandbox was made. Rejects as {@link start}, and throws what instantiation throws.
   *
   * @param until - With `image` it ends there, and the instance is not configured.
   */
  async rehearse(abi: Abi, witness: StartUpWitness, until: 'start-up' | 'image'): Promise<Snapshot> {
    this.renew(abi);
    const snapshot = startsUp(this.#deployment.shape, abi) ? await this.#snapshot(witness) : NOTHING_TO_KEEP;
    if (until === 'start-up') await this.#configure();
    return snapshot;
  }

  async #snapshot(witness: StartUpWitness): Promise<Snapshot> {
    const filled = filledBlocks(this.#bytes);
    await this.#initialise();
    const { stateExports } = this.#deployment.shape;
    const memory = Buffer.from((this.#memory?.memory ?? NO_MEMORY).buffer);
    const { started } = this.guest;
    // What a guest does without memory that the process had not is not what its next instance would do.
    if (this.#taskAtHand().growthRefused !== null) witness.object('its memory could not be grown');
    const left = started.reasonAgainst();
    if (left !== null) witness.object(left);
    return imageOf({ memory, globals: this.#globals, stateExports, started, filled }, witness.reason);
  }

  /** The state of the instance, which must be as new; `null` when it cannot be put back. */
  capture(): InitialState | null {
    const { stateExports } = this.#deployment.shape;
    if (stateExports === null || this.#initialBytes > MAX_CLEARED_BYTES) return null;
    return captureState(this.#bytes, this.#globals);
  }

  /**
   * Runs the start section and the ABI's start-up exports, unless the deployment's image is what they have left, and configures the
   * instance; all on the budgets of the request at hand.
   */
  async start(): Promise<void> {
    if (this.#deployment.image === null) await this.#initialise();
    await this.#configure();
  }

  async #configure(): Promise<void> {
    await this.guest.configure?.(this.enter, this.#exports);
    this.#taskAtHand().fault = null;
  }

  async #initialise(): Promise<void> {
    const { startExport } = this.#deployment.shape;
    if (startExport !== null) await this.enter(startExport);
    await this.guest.start(this.enter, this.#exports);
    // An orderly exit (`proc_exit` with 0) is forgiven, and must not explain a later trap.
    this.#taskAtHand().fault = null;
  }

  /** See {@link Entrance.enter}. */
  get enter(): Enter {
    return this.#entrance.enter;
  }

  /** Makes the sandbox ready for another request that goes on with its instance. */
  keep(): void {
    this.guest.reset('exchange');
    this.#task = null;
  }

  /**
   * Makes the sandbox ready for another request that finds nothing of the last: puts `initial` back, or without it drops the
   * instance and zeroes the memory. Answers `false` when the sandbox is not worth keeping: its memory was grown or is large.
   */
  wipe(initial: InitialState | null, clearing: Clearing): boolean {
    this.guest.reset('instance');
    this.#task = null;
    this.uses = 0;
    if (this.grown || this.#initialBytes > MAX_CLEARED_BYTES) return false;
    if (initial !== null) {
      restoreState(initial, this.#bytes, this.#globals, clearing);
      this.#pristine = true;
      return true;
    }
    this.#instance = null;
    this.#entrance.forget();
    clear(this.#bytes, 0, this.#initialBytes, clearing);
    return true;
  }

  /** What `memory.grow` answers: the number of pages before, or -1. */
  #grow(pages: number): number {
    const grown = this.#memory?.grow(pages) ?? 'maximum';
    if (typeof grown === 'number') return grown;
    this.#taskAtHand().growthRefused ??= grown === 'maximum' ? 'memory_limit' : 'capacity';
    return -1;
  }

  /** Says that it is not used again, and nor is its memory. */
  abandon(): void {
    this.#memories.abandon(this.memoryBytes);
  }

  /**
   * Says that it is not used again after a success. Its memory goes to others where nothing can reach it any more: no entry into the guest
   * is under way, and neither the host nor a later entry finds the instance.
   */
  retire(): void {
    this.guest.reset('instance');
    this.#task = null;
    this.#instance = null;
    this.#globals = [];
    this.#entrance.forget();
    this.#guestMemory.release();
    const isFit = this.#entrance.inside === 0 && !this.grown && this.#initialBytes <= MAX_PASSED_ON_BYTES;
    if (this.#memory === null || !isFit) return this.abandon();
    clear(this.#bytes, 0, this.#initialBytes, 'written');
    this.#memories.recycle(this.#memory);
  }

  #wait(): Promise<unknown> {
    this.#watchdog.clearWait();
    const work = this.#deferred ?? Promise.resolve();
    this.#deferred = null;
    return this.#scheduler.wait(this.#taskAtHand(), work);
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

/** Whether new instances have code that runs before their first request: a start section, or start-up exports of the ABI. */
export function startsUp({ startExport, exports }: ModuleShape, abi: Pick<Abi, 'initialises'>): boolean {
  return startExport !== null || abi.initialises(new Set(exports));
}
