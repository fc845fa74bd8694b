/** Work of one key at a time, in the order in which it came; work of different keys at once. */
export class InTurn {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when everything before it of the same key has ended. Answers what it answers. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    return this.runAll([key], work);
  }

  /**
   * Runs `work` when everything before it of any of these keys has ended. All keys are lined up for at once, so that no two of such works
   * wait for each other. Work must not wait for another turn: to have two, ask for both here.
   */
  runAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.map((key) => this.#last.get(key)).filter((one) => one !== undefined);
    const result = Promise.all(before).then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    for (const key of keys) this.#last.set(key, settled);
    void settled.then(() => {
      for (const key of keys) if (this.#last.get(key) === settled) this.#last.delete(key);
    });
    return result;
  }
}
