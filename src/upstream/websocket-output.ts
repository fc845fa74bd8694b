/** What is written to a WebSocket within one turn of the event loop, gathered. */
import type { Writable } from 'node:stream';
import type { FrameSink } from './websocket-frames.ts';
import { GATHERED_FRAME_BYTES, OUTPUT_BLOCK_BYTES } from './limits.ts';

/**
 * Copies small pieces into blocks and writes these when the turn is over. A socket keeps some hundred bytes for each write, and whoever
 * sends the messages chooses how small they are: one read of empty ones would else take a hundred times its size.
 */
export class FrameOutput implements FrameSink {
  readonly #socket: Writable;
  #block: Buffer | null = null;
  #used = 0;
  #turn: NodeJS.Immediate | null = null;

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
    this.#turn ??= setImmediate(() => this.flush());
  }

  /** Writes what is gathered, now. */
  flush(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    const [block, used] = [this.#block, this.#used];
    [this.#block, this.#used] = [null, 0];
    if (block !== null && this.#socket.writable) this.#socket.write(block.subarray(0, used));
  }
}
