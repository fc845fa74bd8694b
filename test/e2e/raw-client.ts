/** A client that writes and reads bytes, for what HTTP clients hide or refuse: pipelining, framing, a reader that stops. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** Whoever listens on a port of this machine. */
export interface Listening {
  readonly port: number;
}

/** One connection, with everything that came back on it. */
export class RawClient {
  readonly socket: Socket;
  readonly #watchers = new Set<() => void>();
  #received = '';
  #ended = false;

  constructor({ port }: Listening) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.#received += text;
      this.#notify();
    });
    // A reset is one of the ways in which a connection is refused; `close` follows.
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#ended = true;
      this.#notify();
    });
  }

  /** A client whose connection is open. Rejects when it is refused. */
  static async open(peer: Listening): Promise<RawClient> {
    return new RawClient(peer).open();
  }

  /** What came back, one character a byte. */
  get received(): string {
    return this.#received;
  }

  /** The status codes that came back, in order. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
  }

  /** Whether the peer has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Sends bytes (text is Latin-1). */
  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Sends the head of a request without body. */
  get(host: string, path = '/', extra = ''): this {
    return this.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${extra}\r\n`);
  }

  /** Settles when the connection is open. */
  async open(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    return this;
  }

  /** Settles when the peer has closed the connection, with everything that came before. */
  closed(): Promise<string> {
    return this.until(() => this.#ended);
  }

  /**
   * Settles when `enough` says so of what came back, asked after each piece, with all of it; rejects when the connection closes
   * before.
   */
  async until(enough: (received: string) => boolean): Promise<string> {
    while (!enough(this.#received)) {
      if (this.#ended) throw new Error(`the connection was closed after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#watchers.add(resolve);
      });
    }
    return this.#received;
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

/** A client that announces a body to an app and sends none of it, or only its beginning. */
export function unfinished(
  edge: Listening,
  app: string,
  framing = 'Content-Length: 9000000',
  beginning = '',
): RawClient {
  return new RawClient(edge).send(`POST / HTTP/1.1\r\nHost: ${app}.localhost\r\n${framing}\r\n\r\n${beginning}`);
}
