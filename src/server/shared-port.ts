/** The port that all data threads listen on: looked for first, because the transport shares a port without asking whose it is. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { KerbError } from '../errors.ts';

/** A port of an address, for listeners that share it (`SO_REUSEPORT`). */
export class SharedPort {
  readonly host: string;
  readonly port: number;
  /** What keeps a port that was chosen here from everybody who does not share it, until the listeners are there. */
  #hold: Server | null;

  private constructor(host: string, port: number, hold: Server | null) {
    this.host = host;
    this.port = port;
    this.#hold = hold;
  }

  /**
   * Finds a port: for 0 any free one, which stays free for its listeners until {@link release}; nobody knows it before. One that is
   * named is looked at and let go: whoever listens before there is something to serve would have clients wait. Rejects with
   * `cannot_listen` when somebody listens there, or the address is not ours.
   */
  static async find(host: string, port: number): Promise<SharedPort> {
    const server = await listening(host, port);
    const found = (server.address() as AddressInfo).port;
    if (port === 0) return new SharedPort(host, found, server.unref());
    await closed(server);
    return new SharedPort(host, found, null);
  }

  /** Looks once more: a port that is not held may be another's by now. Rejects as {@link find}. */
  async look(): Promise<void> {
    if (this.#hold === null) await closed(await listening(this.host, this.port));
  }

  /** Leaves the port to its listeners. Idempotent. */
  async release(): Promise<void> {
    const hold = this.#hold;
    this.#hold = null;
    if (hold !== null) await closed(hold);
  }
}

/** The error for an address that cannot be listened on. */
export function cannotListen(host: string, port: number, reason: string): KerbError {
  return new KerbError('cannot_listen', `cannot listen on ${host}:${port}: ${reason}`);
}

function listening(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Somebody who tries every port is no client.
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, reasonOf(error))));
    server.listen({ host, port, exclusive: true, reusePort: port === 0 }, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return 'another process listens there; stop it, or choose another --edge-port';
  if (error.code === 'EACCES') return 'this user may not listen there; choose an --edge-port above 1023';
  return error.message;
}
