/** The clock behind CPU budgets: a thread that, each millisecond, asks every running guest to look at its budget. */
import { Worker } from 'node:worker_threads';
import { WAIT_WORD } from '../instrument/sandbox-imports.ts';

/** Milliseconds between two looks. */
export const TICK_MS = 1;

/** Ticks without a running guest after which the watchdog parks. */
export const IDLE_TICKS = 20;

/** Places in the control words: word 0 says whether the watchdog is parked, word 1 + n whether data thread n runs a guest. */
export const PARKED = 0;
export const FIRST_ACTIVE = 1;

/** What the watchdog thread and the data threads share. Crosses threads by structured clone. */
export interface WatchdogShare {
  readonly control: Int32Array<SharedArrayBuffer>;
  /** Per data thread a one-page shared memory; its first i32 is the epoch word that instrumented guests load. */
  readonly epochs: readonly WebAssembly.Memory[];
}

/** The watchdog as the main thread owns it. */
export class Watchdog {
  readonly share: WatchdogShare;
  readonly #worker: Worker;

  constructor(threads: number) {
    const control = new Int32Array(new SharedArrayBuffer(4 * (FIRST_ACTIVE + threads)));
    const epochs = Array.from(
      { length: threads },
      () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    );
    this.share = { control, epochs };
    this.#worker = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData: this.share });
  }

  /** Calls `report` if the thread dies: budgets are then no longer enforced, and the process must end. */
  onFailure(report: (error: unknown) => void): void {
    this.#worker.on('error', report);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The watchdog as one data thread sees it. */
export class WatchdogLink {
  readonly epoch: WebAssembly.Memory;
  readonly #word: Int32Array;
  readonly #waitWord: Int32Array;
  readonly #control: Int32Array;
  readonly #active: number;

  constructor(share: WatchdogShare, thread: number) {
    const epoch = share.epochs[thread];
    if (epoch === undefined) throw new TypeError(`no epoch memory for data thread ${thread}`);
    this.epoch = epoch;
    this.#word = new Int32Array(epoch.buffer, 0, 1);
    this.#waitWord = new Int32Array(epoch.buffer, WAIT_WORD, 1);
    this.#control = share.control;
    this.#active = FIRST_ACTIVE + thread;
  }

  /** Says that a guest runs; wakes the watchdog if it is parked. Two atomic accesses: on the path of every request. */
  arm(): void {
    Atomics.store(this.#control, this.#active, 1);
    if (Atomics.load(this.#control, PARKED) === 0) return;
    Atomics.store(this.#control, PARKED, 0);
    Atomics.notify(this.#control, PARKED);
  }

  /** Says that no guest runs. */
  disarm(): void {
    Atomics.store(this.#control, this.#active, 0);
  }

  /** Says to the guest that the hostcall which it is returning from has to wait. Only this thread and its guests look. */
  setWait(): void {
    this.#waitWord[0] = 1;
  }

  /** Takes that back. */
  clearWait(): void {
    this.#waitWord[0] = 0;
  }

  /** Takes the request to look back: without it a hoisted loop would leave and re-enter for ever. */
  clear(): void {
    Atomics.store(this.#word, 0, 0);
  }
}
