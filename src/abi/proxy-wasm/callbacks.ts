/** The guest's exports, called one after the other, each in the name of a context. */
import type { Enter } from '../abi.ts';
import type { Scalar } from '../host-function.ts';

/** One call of an export. */
export interface Callback {
  readonly name: string;
  /**
   * The arguments, of which the first is the context; asked for when the call's turn has come, for the guest may have changed much
   * meanwhile. `null`: there is nothing to call for any more.
   */
  readonly prepare: () => readonly [context: number, ...args: Scalar[]] | null;
  /** Told the result before anybody else has a turn. */
  readonly apply?: (result: number) => void;
}

/** How one instance is called for one request. The guest has one stack: who comes while it runs waits for its turn. */
export class Callbacks {
  readonly #enter: Enter;
  readonly #exports: ReadonlySet<string>;
  readonly #begin: (context: number) => void;
  readonly #isOver: () => boolean;
  /** Settles, never with a rejection, when everybody who has asked for a turn so far has had it. */
  #last: Promise<void> = Promise.resolve();
  /** How many have a turn or wait for one. */
  #asking = 0;
  #isEnded = false;
  /** What a call has ended in early: the instance is not entered again. */
  #failure: { readonly error: unknown } | null = null;

  /**
   * @param begin - Told, just before each call, in the name of which context it is.
   * @param isOver - Whether the request has ended, so that the guest would not be entered: whoever has a turn goes on without one.
   */
  constructor(
    enter: Enter,
    exports: ReadonlySet<string>,
    begin: (context: number) => void,
    isOver: () => boolean = () => false,
  ) {
    this.#enter = enter;
    this.#exports = exports;
    this.#begin = begin;
    this.#isOver = isOver;
  }

  /** Whether the guest has an export. */
  has(name: string): boolean {
    return this.#exports.has(name);
  }

  /** Calls an export if there is one, in its turn: first come, first served. Rejects with what any call has ended in early. */
  call({ name, prepare, apply }: Callback): Promise<void> {
    return this.has(name) ? this.#inTurn(() => this.#attempt(name, prepare, apply)) : Promise.resolve();
  }

  /**
   * Says that the guest is called no more: the instance may serve another request. Whoever waits for a turn goes on without one.
   * Settles when the guest does not run; rejects as {@link call}.
   */
  end(): Promise<void> {
    this.#isEnded = true;
    return this.#inTurn(() => this.#failUnlessSound());
  }

  /** Each waits for the one before it alone: a turn wakes nobody but the next. */
  async #inTurn(work: () => Promise<void> | void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#asking === 0 ? null : this.#last;
    this.#last = promise;
    this.#asking += 1;
    if (before !== null) await before;
    try {
      await work();
    } finally {
      this.#asking -= 1;
      resolve();
    }
  }

  async #attempt(name: string, prepare: Callback['prepare'], apply: Callback['apply']): Promise<void> {
    this.#failUnlessSound();
    const args = this.#isEnded || this.#isOver() ? null : prepare();
    if (args !== null) await this.#run(name, args, apply);
  }

  #failUnlessSound(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #run(
    name: string,
    args: readonly [context: number, ...args: Scalar[]],
    apply: Callback['apply'],
  ): Promise<void> {
    try {
      this.#begin(args[0]);
      const result = await this.#enter(name, ...args);
      apply?.(typeof result === 'number' ? result : 0);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }
}
