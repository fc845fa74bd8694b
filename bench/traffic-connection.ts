/** A kept connection of the traffic generator: one request at a time, as plain text over a raw socket. */
import { connect, type Socket } from 'node:net';
import { ResponseParser, type Response } from './response-parser.ts';

/** Gets the answer; `null`: the connection broke. */
export type Answered = (response: Response | null) => void;

/** Connections that are being opened at once: servers' queues for them are short. */
const CONNECTING = 128;

/** A connection to a server on this machine. */
export class TrafficConnection {
  readonly #port: number;
  #socket: Socket | null = null;
  #answered: Answered | null = null;
  #firstByteMs = 0;
  #from = '';

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens it. Rejects when it cannot be opened. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const parser = new ResponseParser((response) => this.#answer(response));
      const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
      this.#socket = socket;
      socket.on('connect', () => {
        this.#from = `${socket.localAddress}:${socket.localPort}`;
        resolve();
      });
      socket.on('data', (chunk: Buffer) => {
        if (this.#firstByteMs === 0) this.#firstByteMs = performance.now();
        parser.push(chunk);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        this.#socket = null;
        this.#answer(null);
      });
    });
  }

  /** Sends a request; the one before it has been answered. A connection that the server has closed answers `null` at once. */
  ask(text: string, answered: Answered): void {
    if (this.#socket === null) return answered(null);
    this.#answered = answered;
    this.#firstByteMs = 0;
    this.#socket.write(text, 'latin1');
  }

  /** When the first byte of the last answer came, on the clock of `performance.now()`; 0: none has come. */
  get firstByteMs(): number {
    return this.#firstByteMs;
  }

  /** Its own address and port. */
  get from(): string {
    return this.#from;
  }

  close(): void {
    this.#answered = null;
    this.#socket?.destroy();
  }

  #answer(response: Response | null): void {
    const answered = this.#answered;
    this.#answered = null;
    answered?.(response);
  }
}

/** Opens `count` connections, some at a time. Rejects when one cannot be opened. */
export async function openConnections(port: number, count: number): Promise<TrafficConnection[]> {
  const connections = Array.from({ length: count }, () => new TrafficConnection(port));
  const left = connections.values();
  const openSome = async (): Promise<void> => {
    for (const connection of left) await connection.open();
  };
  await Promise.all(Array.from({ length: Math.min(count, CONNECTING) }, openSome));
  return connections;
}

/** A GET request as it goes over the wire. */
export function requestText(host: string, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
}
