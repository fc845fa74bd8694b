/** A kept connection of a load: one request at a time, over a raw socket, so that every byte of an answer is seen. */
import { connect, type Socket } from 'node:net';
import type { Answer } from './exchange.ts';
import { ResponseParser } from './response-parser.ts';

/** Gets the answer; `null`: the connection broke, or what came is no answer. */
export type Answered = (answer: Answer | null) => void;

/** A connection to a server on this machine. */
export class Connection {
  readonly #port: number;
  #socket: Socket | null = null;
  #answered: Answered | null = null;
  #firstByteMs = 0;
  #from = '';

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens it. Rejects when it cannot be opened, or is closed meanwhile. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
      this.#socket = socket;
      const parser = new ResponseParser((answer) => this.#answer(answer));
      socket.on('connect', () => {
        this.#from = `${socket.localAddress}:${socket.localPort}`;
        resolve();
      });
      socket.on('data', (chunk: Buffer) => {
        if (this.#firstByteMs === 0) this.#firstByteMs = performance.now();
        try {
          parser.push(chunk);
        } catch {
          socket.destroy(); // What cannot be read as an answer is none.
        }
      });
      socket.on('error', reject);
      socket.on('close', () => {
        this.#answer(null);
        reject(new Error('the connection is closed'));
      });
    });
  }

  /** Its own address and port; empty before it is open. */
  get from(): string {
    return this.#from;
  }

  /** When the first byte of the last answer came, on the clock of `performance.now()`; 0: none has come. */
  get firstByteMs(): number {
    return this.#firstByteMs;
  }

  /** Whether a request can be sent. */
  get isOpen(): boolean {
    return this.#socket?.readyState === 'open';
  }

  /** Sends a request; the one before it has been answered. A connection that is not open answers `null` at once. */
  ask(request: string, answered: Answered): void {
    this.#firstByteMs = 0;
    if (this.#socket === null || !this.isOpen) return answered(null);
    this.#answered = answered;
    this.#socket.write(request, 'latin1');
  }

  /** Ends it; who waits for an answer is not told any more. */
  close(): void {
    this.#answered = null;
    this.#socket?.destroy();
  }

  #answer(answer: Answer | null): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(answer);
  }
}
