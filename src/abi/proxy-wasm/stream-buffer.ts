/** What of a body lies before a filter: a chunk, or all that came while it paused. */
import { GuestFault } from '../guest-fault.ts';
import type { Outcome } from '../../outcome.ts';
import { MAX_PAUSED_BYTES } from './limits.ts';

const NOTHING = new Uint8Array(0);
const PAGE_BYTES = 65_536;

/** Bytes of one direction, changed in place by the guest. Their memory is on the request's account. */
export class StreamBuffer {
  readonly #hold: (pages: number) => void;
  /** What a body ends the request as that is larger than may be kept. */
  readonly #outcome: Outcome;
  /** The bytes are `#room[0 .. #length]`. */
  #room: Uint8Array = NOTHING;
  #length = 0;
  /** Whether the guest has ever put another number of bytes in than it took out. */
  resized = false;

  constructor(hold: (pages: number) => void, outcome: Outcome) {
    this.#hold = hold;
    this.#outcome = outcome;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds what has come. Throws {@link GuestFault} when more lies there than may be kept. */
  append(chunk: Uint8Array): void {
    if (this.#length + chunk.length > MAX_PAUSED_BYTES) {
      throw new GuestFault(`a body passes ${MAX_PAUSED_BYTES} bytes while its filter pauses it`, this.#outcome);
    }
    if (this.#length === 0) this.#replace(chunk, chunk.length);
    else this.#splice(this.#length, 0, chunk);
  }

  /** A view of up to `size` bytes from `start` on: to be copied at once. */
  view(start: number, size: number): Uint8Array {
    const begin = Math.min(start, this.#length);
    return this.#room.subarray(begin, Math.min(begin + size, this.#length));
  }

  /**
   * Puts bytes in place of `size` bytes from `start` on: before all with 0 and 0, behind all from the end on. Answers `false`, and
   * changes nothing, when that would be more than may be kept.
   */
  set(start: number, size: number, bytes: Uint8Array): boolean {
    const begin = Math.min(start, this.#length);
    const removed = Math.min(size, this.#length - begin);
    if (this.#length - removed + bytes.length > MAX_PAUSED_BYTES) return false;
    this.resized ||= removed !== bytes.length;
    this.#splice(begin, removed, bytes);
    return true;
  }

  /** Takes everything out. */
  take(): Uint8Array {
    const bytes = this.#room.subarray(0, this.#length);
    this.#replace(NOTHING, 0);
    return bytes;
  }

  #splice(begin: number, removed: number, bytes: Uint8Array): void {
    const length = this.#length - removed + bytes.length;
    const tail = this.#room.subarray(begin + removed, this.#length);
    if (length > this.#room.length || begin + removed < this.#length) {
      // Twice what was there, so that a body in small pieces is not copied whole at each.
      const room = new Uint8Array(Math.min(Math.max(length, 2 * this.#length), MAX_PAUSED_BYTES));
      room.set(this.#room.subarray(0, begin));
      room.set(tail, begin + bytes.length);
      this.#replace(room, length);
    }
    this.#room.set(bytes, begin);
    this.#length = length;
  }

  /** Less than a page is not worth accounting for: nearly every body is. */
  #replace(room: Uint8Array, length: number): void {
    const [before, pages] = [pagesOf(this.#room), pagesOf(room)];
    if (pages !== before) this.#hold(pages - before);
    this.#room = room;
    this.#length = length;
  }
}

function pagesOf({ length }: Uint8Array): number {
  return Math.floor(length / PAGE_BYTES);
}
