/** A client that sends any bytes it likes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Edge } from '../e2e/edge.ts';

/** One connection, with everything that came back on it. */
export class RawClient {
  readonly socket: Socket;
  readonly #watchers = new Set<() => void>();
  #received = '';
  #closed = false;

  constructor(edge: Edge) {
    this.socket = connect({ port: edge.port, host: '127.0.0.1' });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.#received += text;
      this.#notify();
    });
    // A reset is one of the ways in which a connection is refused; `close` follows.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#closed = true;
      this.#notify();
    });
  }

  /** What came back, one character a byte. */
  get received(): string {
    return this.#received;
  }

  /** The status codes that came back, in order. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
  }

  /** Sends bytes (text is Latin-1). */
  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Settles when the connection is open. */
  async open(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    return this;
  }

  /** Settles when the edge has closed the connection. */
  closed(): Promise<this> {
    return this.until(() => this.#closed);
  }

  /** Settles when `look` holds, asked after each piece that comes in; rejects when the connection closes before. */
  async until(look: () => boolean): Promise<this> {
    while (!look()) {
      if (this.#closed) throw new Error(`the connection was closed after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
    return this;
  }

  /** Breaks the connection off. */
  leave(): void {
    this.socket.destroy();
  }

  #notify(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}
