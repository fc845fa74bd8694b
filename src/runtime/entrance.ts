/** The way into a guest: its exports, each entered on a stack of its own, in slices of the request at hand. */
import type { Enter } from '../abi/abi.ts';
import { GuestFault } from '../abi/guest-fault.ts';
import type { Scalar } from '../abi/host-function.ts';
import type { Scheduler } from './scheduler.ts';
import type { SpareStacks } from './spare-stacks.ts';
import type { Task } from './task.ts';

type Export = (...args: Scalar[]) => Promise<unknown>;

/** What it works with. */
export interface EntranceOptions {
  readonly scheduler: Scheduler;
  readonly stacks: SpareStacks;
  /** The request at hand. Throws TypeError when there is none. */
  readonly task: () => Task;
  /** An export of the instance that there is now. */
  readonly exported: (name: string) => unknown;
}

/** The entrance of one sandbox. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #entries = new Map<string, Export>();
  #inside = 0;

  constructor(options: EntranceOptions) {
    this.#options = options;
  }

  /** Entries that have not ended. */
  get inside(): number {
    return this.#inside;
  }

  /**
   * Enters an export. Rejects with the fault that a host function noted, or with the trap or exception that ended the guest. Throws
   * {@link GuestFault} for one that the instance does not have.
   */
  readonly enter: Enter = (name, ...args) => {
    const task = this.#options.task();
    if (task.verdict !== null) return Promise.reject(new GuestFault('the request has ended', task.verdict));
    const entry = this.#entry(name);
    this.#options.scheduler.begin(task);
    const running = entry(...args);
    this.#options.scheduler.end(task);
    // A guest that neither slept nor failed in a hostcall has ended: its promise is settled and says all there is.
    if (task.sleep !== null) return this.#finishLater(running, task);
    return task.fault === null ? running : this.#finish(running, task);
  };

  /** Forgets the exports of an instance that is not entered again. */
  forget(): void {
    this.#entries.clear();
  }

  #finishLater(running: Promise<unknown>, task: Task): Promise<unknown> {
    this.#options.stacks.took();
    // Before anything else that waits for the guest: each moment later may be the moment that V8 frees a stack.
    void running.then(this.#gave, this.#gave);
    return this.#finish(running, task);
  }

  readonly #gave = (): void => this.#options.stacks.gave();

  async #finish(running: Promise<unknown>, task: Task): Promise<unknown> {
    this.#inside += 1;
    try {
      return await running;
    } catch (error) {
      throw task.fault ?? error;
    } finally {
      this.#inside -= 1;
      this.#options.scheduler.end(task);
    }
  }

  /** An export, wrapped once per instance. Reads the ABI's names only: any other export is live guest code. */
  #entry(name: string): Export {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const exported = this.#options.exported(name);
    if (typeof exported !== 'function') throw new GuestFault(`the module does not export ${name}`);
    const entry = WebAssembly.promising(exported) as Export;
    this.#entries.set(name, entry);
    return entry;
  }
}
