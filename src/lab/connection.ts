/** A kept connection of the load: one request at a time, over a raw socket, so that every byte of an answer is seen. */
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
  #from = '';

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens it. Rejects when it cannot be opened. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
      const parser = new ResponseParser((answer) => this.#answer(answer));
      socket.on('connect', () => {
        this.#socket = socket;
        this.#from = `${socket.localAddress}:${socket.localPort}`;
        resolve();
      });
      socket.on('data', (chunk: Buffer) => {
        try {
          parser.push(chunk);
        } catch {
          socket.destroy(); // What cannot be read as an answer is none.
        }
      });
      socket.on('error', reject);
      socket.on('close', () => {
        this.#socket = null;
        this.#answer(null);
      });
    });
  }

  /** Its own address and port. */
  get from(): string {
    return this.#from;
  }

  /** Whether a request can be sent. */
  get isOpen(): boolean {
    return this.#socket !== null;
  }

  /** Sends a request; the one before it has been answered. */
  ask(request: string, answered: Answered): void {
    if (this.#socket === null) return answered(null);
    this.#answered = answered;
    this.#socket.write(request, 'latin1');
  }

  /** Ends it; what it was asked gets no answer. */
  close(): void {
    this.#socket?.destroy();
  }

  #answer(answer: Answer | null): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(answer);
  }
}
