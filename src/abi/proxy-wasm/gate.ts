/** Whether one direction of a stream goes on. */
import { waitAmong } from './diversion.ts';

/** Paused by the answer of a callback; opened by the guest, from this or another callback. */
export class Gate {
  #opening: PromiseWithResolvers<void> | null = null;
  /** Who waits for something else too. */
  readonly #waits = new Set<() => void>();

  get paused(): boolean {
    return this.#opening !== null;
  }

  pause(): void {
    this.#opening ??= Promise.withResolvers<void>();
  }

  /** Lets the direction go on. Without a pause nothing happens. */
  open(): void {
    this.#opening?.resolve();
    this.#opening = null;
    for (const goOn of this.#waits) goOn();
    this.#waits.clear();
  }

  /** Settles when the direction may go on. */
  whenOpen(): Promise<void> {
    return this.#opening?.promise ?? Promise.resolve();
  }

  /**
   * Settles as `wait`, or when the direction may go on, if that comes first. A gate that stays shut keeps nothing of a wait that is over,
   * as a promise does of each `Promise.race` with it.
   */
  whenOpenOr(wait: Promise<void>): Promise<void> {
    if (this.paused) return waitAmong(this.#waits, wait, ({ resolve }) => resolve);
    wait.catch(() => undefined);
    return Promise.resolve();
  }
}
