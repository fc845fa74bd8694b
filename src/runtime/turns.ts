/** Spreads work that cannot be interrupted over turns of the event loop, so that sockets are served in between. */
export class Turns {
  readonly #msPerTurn: number;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #planned = false;

  /** @param msPerTurn - Work begins in a turn until so much was done in it. */
  constructor(msPerTurn: number) {
    this.#msPerTurn = msPerTurn;
  }

  /** Answers a promise of a turn with time left, in the order of calls; `undefined` when that is this turn. */
  wait(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#spentMs < this.#msPerTurn) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#plan();
    });
  }

  /** Says how much was done in this turn. */
  spend(ms: number): void {
    this.#spentMs += ms;
    this.#plan();
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#spentMs = 0;
      // One only: what it does is known when its turn is over.
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#plan();
    });
  }
}
