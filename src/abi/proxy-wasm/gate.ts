/** Whether one direction of a stream goes on. */

/** Paused by the answer of a callback; opened by the guest, from this or another callback. */
export class Gate {
  #opening: PromiseWithResolvers<void> | null = null;

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
  }

  /** Settles when the direction may go on. */
  whenOpen(): Promise<void> {
    return this.#opening?.promise ?? Promise.resolve();
  }
}
