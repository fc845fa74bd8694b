/** The transport: the only importer of uWebSockets.js. */
import { createRequire } from 'node:module';
import type { App, HttpRequest, HttpResponse, us_listen_socket } from 'uWebSockets.js';
import { uwsBinaryPath } from '../setup/uws.js';

/** A request as the transport hands it over: valid only until the handler returns. */
export type TransportRequest = HttpRequest;

/** A response channel: valid until it is ended or aborted. */
export type TransportResponse = HttpResponse;

/** A listening socket. */
export type TransportSocket = us_listen_socket;

/** The functions of uWebSockets.js that Kerb uses. */
interface UWebSockets {
  App: typeof App;
  us_listen_socket_close(socket: us_listen_socket): void;
  us_socket_local_port(socket: us_listen_socket): number;
  _cfg(option: 'silent'): void;
}

const uws = createRequire(import.meta.url)(uwsBinaryPath()) as UWebSockets;
// Without it every response carries a field that names the transport.
uws._cfg('silent');

/** One HTTP server of a thread. */
export class Transport {
  readonly #app = uws.App();
  #socket: us_listen_socket | null = null;

  /**
   * @param handle - Gets every request. It copies what it needs from `request` before it returns, registers `onAborted` if it
   *   does not answer at once, and never throws: an exception here ends the process.
   */
  constructor(handle: (response: TransportResponse, request: TransportRequest) => void) {
    this.#app.any('/*', handle);
  }

  /** Listens; several threads may share a port. Answers the port, or `null` when the address cannot be had. */
  listen(host: string, port: number): number | null {
    this.#app.listen(host, port, (socket) => {
      this.#socket = socket === false ? null : socket;
    });
    return this.#socket === null ? null : uws.us_socket_local_port(this.#socket);
  }

  /** Takes no more connections; those there are live on. */
  stopListening(): void {
    if (this.#socket !== null) uws.us_listen_socket_close(this.#socket);
    this.#socket = null;
  }

  /** Closes every connection, at once. */
  close(): void {
    this.#socket = null;
    this.#app.close();
  }
}
