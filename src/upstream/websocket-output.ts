/** What is written to a WebSocket, gathered while the socket is busy and for at least one turn of the event loop. */
import type { Writable } from 'node:stream';
import type { FrameSink } from './websocket-frames.ts';
import { GATHERED_FRAME_BYTES, OUTPUT_BLOCK_BYTES } from './limits.ts';

/**
 * Copies small pieces into blocks, and writes one when it is full, or when the turn is over and the socket has taken what it had before.
 * A socket keeps some hundred bytes for each write, and its block, whole; whoever sends the messages chooses how small they are and how
 * far apart they come: they would else take a thousand times their size.
 */
export class FrameOutput implements FrameSink {
  readonly #socket: Writable;
  #block: Buffer | null = null;
  #used = 0;
  #turn: NodeJS.Immediate | null = null;
  /** Blocks that the socket has not taken yet. */
  #waiting = 0;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /** Without effect: everything is corked until the turn is over. */
  cork(): void {}
  /** As {@link cork}. */
  uncork(): void {}

  /** Takes a piece of a frame; a large one is the socket's from now on. */
  write(piece: Uint8Array): void {
    if (piece.length > GATHERED_FRAME_BYTES) {
      this.flush();
      this.#socket.write(piece);
      return;
    }
    if (this.#used + piece.length > OUTPUT_BLOCK_BYTES) this.flush();
    this.#block ??= Buffer.allocUnsafeSlow(OUTPUT_BLOCK_BYTES);
    this.#block.set(piece, this.#used);
    this.#used += piece.length;
    if (this.#waiting === 0) this.#turn ??= setImmediate(() => this.flush());
  }

  /** Writes what is gathered, now. */
  flush(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    const [block, used] = [this.#block, this.#used];
    [this.#block, this.#used] = [null, 0];
    if (block === null || !this.#socket.writable) return;
    this.#waiting += 1;
    this.#socket.write(block.subarray(0, used), () => this.#taken());
  }

  /** The socket has taken a block, or is gone. */
  #taken(): void {
    this.#waiting -= 1;
    if (this.#waiting === 0) this.flush();
  }
}
