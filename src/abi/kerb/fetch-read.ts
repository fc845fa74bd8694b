/** One read of the body of a fetch's answer. */
import { BodyError } from '../../http/body.ts';
import type { GuestMemory } from '../guest-memory.ts';
import { ERRNO } from './errno.ts';
import type { Fetch } from './fetch.ts';

type Chunk = Uint8Array | null;

/** Puts what comes into guest memory, unless the fetch was closed meanwhile: the memory may belong to another request by then. */
export class FetchRead {
  readonly #memory: GuestMemory;
  readonly #fetch: Fetch;
  readonly #buf: number;

  constructor(memory: GuestMemory, fetch: Fetch, buf: number) {
    this.#memory = memory;
    this.#fetch = fetch;
    this.#buf = buf;
  }

  /** The number of bytes written, 0 at the end, `broken` or `cancelled`. */
  run(chunk: Chunk | Promise<Chunk>): number | Promise<number> {
    if (!(chunk instanceof Promise)) return this.#take(chunk);
    return chunk.then(
      (late) => this.#take(late),
      (error: unknown) => this.#fail(error),
    );
  }

  #take(chunk: Chunk): number {
    if (this.#fetch.stage !== 'answered') return ERRNO.cancelled;
    if (chunk === null) return 0;
    this.#memory.write(this.#buf, chunk);
    return chunk.length;
  }

  #fail(error: unknown): number {
    if (this.#fetch.stage !== 'answered') return ERRNO.cancelled;
    if (error instanceof BodyError) return ERRNO.broken;
    throw error;
  }
}
