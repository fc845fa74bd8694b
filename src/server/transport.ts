/** The transport: the only importer of uWebSockets.js. */
import { createRequire } from 'node:module';
import type { App, HttpRequest, HttpResponse, us_listen_socket, us_socket_context_t, WebSocket } from 'uWebSockets.js';
import { uwsBinaryPath } from '../setup/uws.js';
import { CLIENT_IDLE_SECONDS, MAX_MESSAGE_BYTES, MAX_TRANSPORT_BACKLOG_BYTES } from './limits.ts';

/** A request as the transport hands it over: valid only until the handler returns. */
export type TransportRequest = HttpRequest;

/** A response channel: valid until it is ended or aborted. */
export type TransportResponse = HttpResponse;

/** A listening socket. */
export type TransportSocket = us_listen_socket;

/** What a WebSocket of the transport tells. Nothing here may throw: an exception ends the process. */
export interface TransportWebSocketEvents {
  /** It is open; valid until {@link closed}. */
  opened(socket: TransportWebSocket): void;
  /** A whole message, whose memory is lent for the length of the call. */
  message(lent: ArrayBuffer, isBinary: boolean): void;
  /** Some of what waited has been taken. */
  drained(): void;
  /** It is closing or lost (1006), with a reason that is lent. It may not be touched any more. */
  closed(code: number, reason: ArrayBuffer): void;
}

/** What a WebSocket carries. The last two are lent from the response channel that it was: see {@link TransportUpgrade.accept}. */
interface Carried {
  readonly events: TransportWebSocketEvents;
  readonly pause: (this: TransportWebSocket) => void;
  readonly resume: (this: TransportWebSocket) => void;
}

/** A WebSocket of the transport. */
export type TransportWebSocket = WebSocket<Carried> & Pick<Carried, 'pause' | 'resume'>;

/** A request that may become a WebSocket, while its response channel is valid. */
export class TransportUpgrade {
  readonly #response: TransportResponse;
  readonly #key: string;
  readonly #context: us_socket_context_t;

  constructor(response: TransportResponse, request: TransportRequest, context: us_socket_context_t) {
    this.#response = response;
    this.#key = request.getHeader('sec-websocket-key');
    this.#context = context;
  }

  /**
   * Makes a WebSocket of the connection, behind the status line and fields that were written, and answers by way of `events`. To be
   * called corked; the response channel is invalid from then on.
   *
   * The transport has no call that stops reading from a WebSocket, but for response channels it has: both are the same kind of socket
   * underneath, which is all that `pause` and `resume` touch. A message of a client is not taken before there is room for it that way.
   */
  accept(protocol: string, events: TransportWebSocketEvents): void {
    // Not bound: they are called on the WebSocket, whose members they become.
    const { pause, resume } = this.#response as Pick<Carried, 'pause' | 'resume'>;
    this.#response.upgrade<Carried>({ events, pause, resume }, this.#key, protocol, '', this.#context);
  }
}

/** Takes requests; `upgrade` is there where one might become a WebSocket. */
export type TransportHandler = (
  response: TransportResponse,
  request: TransportRequest,
  upgrade?: TransportUpgrade,
) => void;

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
  constructor(handle: TransportHandler) {
    this.#app.ws<Carried>('/*', {
      maxPayloadLength: MAX_MESSAGE_BYTES,
      maxBackpressure: MAX_TRANSPORT_BACKLOG_BYTES,
      idleTimeout: CLIENT_IDLE_SECONDS,
      sendPingsAutomatically: true,
      maxLifetime: 0,
      upgrade: (response, request, context) =>
        handle(response, request, new TransportUpgrade(response, request, context)),
      open: (socket) => eventsOf(socket).opened(socket as TransportWebSocket),
      message: (socket, lent, isBinary) => eventsOf(socket).message(lent, isBinary),
      drain: (socket) => eventsOf(socket).drained(),
      close: (socket, code, reason) => eventsOf(socket).closed(code, reason),
    });
    this.#app.any('/*', (response, request) => handle(response, request));
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

function eventsOf(socket: WebSocket<Carried>): TransportWebSocketEvents {
  return socket.getUserData().events;
}
