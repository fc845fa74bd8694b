/** Keeps the stacks of guests that were suspended: V8 frees none that it does not keep for reuse itself. */

/**
 * `(module (import "" "wait" (func)) (func (export "park") call 0))`, section by section.
 */
const PARKING = Buffer.from(
  [
    '0061736d01000000', // magic, version
    '010401600000', // type 0: () -> ()
    '020901000477616974' + '0000', // import "" "wait" of type 0
    '03020100', // function 1 of type 0
    '07080104' + '7061726b' + '0001', // export "park", function 1
    '0a0601040010000b', // its body: call 0, end
  ].join(''),
  'hex',
);

/**
 * Stacks that V8 keeps for reuse at most, on the safe side. It keeps 4 MiB of them, each as large as the flag in
 * `setup/commands.js` says and 40 KiB more: 13 of 296 KiB.
 */
const MOST_SPARE = 8;

/** Stacks parked per thread. Each takes two mappings and some 8 KB; more are left to V8. */
const MAX_PARKED = 1_000;

/**
 * A stack that V8 frees leaves its addresses and its page tables behind for ever: 0.3 MB and 0.6 KB of the process, for every
 * guest that was suspended. It frees one when more than it keeps are out of use at once, that is whenever many guests waited and
 * fewer do now. So before that happens a spare one is occupied by a parked call, which does nothing, until it is needed again.
 */
export class SpareStacks {
  readonly #park: () => Promise<unknown>;
  /** How each parked call is told to end. */
  readonly #leave: (() => void)[] = [];
  /** Their ends, in the same order. */
  readonly #left: Promise<unknown>[] = [];
  /** Stacks that V8 keeps for reuse now. */
  #spare = 0;
  /** The last of those who wait for a parked stack. */
  #turn: Promise<void> | null = null;

  constructor() {
    const wait = new WebAssembly.Suspending(() => new Promise<void>((resolve) => void this.#leave.push(resolve)));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(PARKING), { '': { wait } });
    this.#park = WebAssembly.promising(exports['park']) as () => Promise<unknown>;
  }

  /** Stacks that are parked. */
  get parked(): number {
    return this.#leave.length;
  }

  /**
   * Asked before a guest is entered. Answers a promise when none is spare and some are parked, or others wait for one: it settles
   * when there is a stack for this guest.
   */
  room(): Promise<void> | undefined {
    if (this.#turn === null && (this.#spare > 0 || this.#leave.length === 0)) return undefined;
    const turn = (this.#turn ?? Promise.resolve())
      .then(() => this.#unpark())
      .then(() => {
        if (this.#turn === turn) this.#turn = null;
      });
    this.#turn = turn;
    return turn;
  }

  /** Notes that a guest keeps its stack, because it waits. */
  took(): void {
    if (this.#spare > 0) this.#spare -= 1;
  }

  /** Notes that the guest has ended, and its stack is out of use. */
  gave(): void {
    if (this.#spare === MOST_SPARE && this.#leave.length < MAX_PARKED) this.#left.push(this.#park());
    else this.#spare = Math.min(this.#spare + 1, MOST_SPARE);
  }

  /** Ends one parked call, if that is needed: the next one follows when the guest that asked for it has been entered. */
  async #unpark(): Promise<void> {
    if (this.#spare > 0) return;
    this.#leave.pop()?.();
    await this.#left.pop();
    this.#spare += 1;
  }
}
