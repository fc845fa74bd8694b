/** Random choices that are the same in every run. Pure. */
import { randomFrom, type Random } from '../src/lab/random.ts';

/** A sequence of choices from a seed, a whole number. */
export class Choices {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** 32 random bits, as a signed number. */
  bits(): number {
    return Math.floor(this.#random() * 2 ** 32) | 0;
  }

  /** From 0 to 1, the 1 excluded. */
  share(): number {
    return this.#random();
  }

  /** A whole number from 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}
