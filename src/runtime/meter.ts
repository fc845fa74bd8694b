/** Measures how fast something is used up: a bucket that leaks. */
export class Meter {
  readonly #perMs: number;
  #level = 0;
  #atMs = 0;

  /** @param perMs - How much a millisecond takes off. */
  constructor(perMs: number) {
    this.#perMs = perMs;
  }

  /** What is in it at `nowMs`, on a clock that does not go back. */
  level(nowMs: number): number {
    return Math.max(0, this.#level - (nowMs - this.#atMs) * this.#perMs);
  }

  /** Adds to it. */
  add(amount: number, nowMs: number): void {
    this.#level = this.level(nowMs) + amount;
    this.#atMs = nowMs;
  }
}
