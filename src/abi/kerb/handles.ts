/** Handles: numbers by which a guest names what the host has opened for the request at hand. */

/** Low bits count; those above say the kind, so that a handle of one kind is none of another. */
const COUNT_BITS = 24;
const COUNTS = 2 ** COUNT_BITS;

/** Kinds of things that have handles. */
export const HANDLE_KIND = { kv: 1 } as const;

/** One of {@link HANDLE_KIND}. */
export type HandleKind = (typeof HANDLE_KIND)[keyof typeof HANDLE_KIND];

/** A number that a guest got for something of its request. */
export type Handle = number & { readonly __handle: HandleKind };

/**
 * What one sandbox has open of one kind. Numbers go on over {@link clear}: a handle that a warm instance kept from another request
 * names nothing.
 */
export class HandleTable<T> {
  readonly #kind: HandleKind;
  readonly #most: number;
  readonly #open = new Map<number, T>();
  #count = 0;

  /** @param most - How many may be open. */
  constructor(kind: HandleKind, most: number) {
    this.#kind = kind;
    this.#most = most;
  }

  /** A handle for `thing`; `null`: too many are open. */
  add(thing: T): Handle | null {
    if (this.#open.size >= this.#most) return null;
    this.#count = (this.#count + 1) % COUNTS;
    const handle = (this.#kind << COUNT_BITS) | this.#count;
    this.#open.set(handle, thing);
    return handle as Handle;
  }

  /** What a number names; `undefined`: nothing of this kind that is open. */
  get(handle: number): T | undefined {
    return this.#open.get(handle);
  }

  /** Answers whether it was open. */
  close(handle: number): boolean {
    return this.#open.delete(handle);
  }

  /** Closes everything. */
  clear(): void {
    this.#open.clear();
  }
}
