/** Counts requests under way: those that are worked on, and refusals on their way out, which take no room from the others. */

/** What a request counts as: it is worked on, or its answer is read; or it is refused, and its sender may still be sending. */
type Stage = 'working' | 'refused';

/** One request's count. Each of its methods may be called at any time, {@link over} once. */
export interface Place {
  /** From now on it counts as a refusal. Answers whether there is room for that; without, its connection is to be broken off. */
  refuse(): boolean;
  /** It counts no more. */
  over(): void;
}

/** Every request that has come and is not over. */
export class UnderWay {
  readonly #counts: Record<Stage, number> = { working: 0, refused: 0 };
  readonly #mostRefused: number;
  readonly #idle: (() => void)[] = [];

  /** @param mostRefused - Refusals on their way out at once. */
  constructor(mostRefused: number) {
    this.#mostRefused = mostRefused;
  }

  /** Requests that are worked on, or whose answers are being read. */
  get working(): number {
    return this.#counts.working;
  }

  /** Counts a request as worked on. */
  enter(): Place {
    let stage: Stage = 'working';
    this.#counts.working += 1;
    return {
      refuse: () => {
        this.#counts[stage] -= 1;
        stage = 'refused';
        this.#counts.refused += 1;
        return this.#counts.refused <= this.#mostRefused;
      },
      over: () => {
        this.#counts[stage] -= 1;
        if (this.#count === 0) for (const tell of this.#idle.splice(0)) tell();
      },
    };
  }

  /** Settles when nothing is under way. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) resolve();
      else this.#idle.push(resolve);
    });
  }

  get #count(): number {
    return this.#counts.working + this.#counts.refused;
  }
}
