/** A body that says with each chunk whether it is the last. */
import type { BodySource } from '../../http/body.ts';
import { CHUNK_BYTES } from './limits.ts';

/** A piece of a body. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** Whether the body ends with it. It may be known only after the last byte has come: the last piece is empty then. */
  readonly last: boolean;
}

type Chunk = Uint8Array | null;

/** Reads one chunk ahead. A body that is wholly at hand comes in one piece, up to {@link CHUNK_BYTES}. */
export class Lookahead {
  readonly #source: BodySource;
  #next: Chunk | Promise<Chunk> | undefined;
  #over = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Settles when {@link take} has something to give, and with what it would reject. */
  async ready(): Promise<void> {
    this.#next ??= this.#read();
    await this.#next;
  }

  /** The next piece. Rejects as the body does. Not asked again after the last one. */
  async take(): Promise<Piece> {
    const first = this.#next ?? this.#read();
    const pieces = [await first];
    this.#next = undefined;
    for (let bytes = pieces[0]?.length ?? 0; pieces.at(-1) !== null && bytes < CHUNK_BYTES;) {
      const more = this.#read(CHUNK_BYTES - bytes);
      if (more instanceof Promise) {
        // Somebody may never ask again: its failure is told to whoever does.
        more.catch(() => undefined);
        this.#next = more;
        break;
      }
      pieces.push(more);
      bytes += more?.length ?? 0;
    }
    if (this.#next === undefined && pieces.at(-1) !== null) this.#peek();
    this.#over = pieces.at(-1) === null || this.#next === null;
    return { bytes: joined(pieces.filter((piece) => piece !== null)), last: this.#over };
  }

  cancel(): void {
    this.#source.cancel();
  }

  #peek(): void {
    const more = this.#read();
    if (more instanceof Promise) more.catch(() => undefined);
    this.#next = more;
  }

  #read(maxBytes: number = CHUNK_BYTES): Chunk | Promise<Chunk> {
    return this.#over ? null : this.#source.read(maxBytes);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}
