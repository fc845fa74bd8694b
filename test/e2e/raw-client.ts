/** A client that writes and reads bytes, for what HTTP clients hide: pipelining, framing, a reader that stops. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** One connection. */
export class RawClient {
  readonly socket: Socket;
  #text = '';
  #ended = false;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
      this.#notify();
    });
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** What has come, as Latin-1. */
  get text(): string {
    return this.#text;
  }

  /** Whether the peer has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Sends the head of a request without body. */
  get(host: string, path = '/', extra = ''): void {
    this.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${extra}\r\n`);
  }

  /** Settles with what has come as soon as `enough` says so; rejects when the connection closes first. */
  async until(enough: (text: string) => boolean): Promise<string> {
    while (!enough(this.text)) {
      if (this.#ended) throw new Error(`the connection closed after ${JSON.stringify(this.text.slice(0, 500))}`);
      await this.#more();
    }
    return this.text;
  }

  /** Settles with everything that came before the peer closed the connection. */
  async closed(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.text;
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  #notify(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #end(): void {
    this.#ended = true;
    this.#notify();
  }
}
