/** The port through which a tenant reaches a backend of its manifest. */
import type { BodySource } from '../http/body.ts';
import type { HeaderList } from '../http/headers.ts';
import type { TokenIssuer, TokenSigner } from './jwt.ts';
import type { BackendWebSocket } from './websocket.ts';

/** Whom a request is made for: what the host tells the backend about the client. No guest can set or change it. */
export interface ForwardedFor {
  /** The client's address as `X-Forwarded-For` spells it: IPv4 dotted, IPv6 without brackets. */
  readonly for: string;
  /** The scheme of the client's request. */
  readonly proto: 'http' | 'https';
  /** The Host of the client's request, with its port. */
  readonly host: string;
  /** The `CDN-Loop` values of the client's request, joined by commas; absent when it had none (RFC 8586). */
  readonly cdnLoop?: string | undefined;
}

/** A request to a backend. Hop-by-hop fields, `Host` and framing are the port's business: it drops and sets them. */
export interface BackendRequest {
  readonly method: string;
  /** Origin-form target, appended to the backend's base path. */
  readonly target: string;
  readonly headers: HeaderList;
  /** `null`: no body. Read as the backend takes it, and cancelled when the exchange ends before its end. */
  readonly body: BodySource | null;
  /** Bytes that `body` will give, where that is known; otherwise the body goes in chunks. Other sizes fail the exchange. */
  readonly contentLength?: number | undefined;
  /**
   * With it, `X-Forwarded-For`, `-Proto`, `-Host` and `Forwarded` say what it says, whatever `headers` has. Without it, no
   * client is behind the request, and those of `headers` are dropped. `CDN-Loop` is its value, or else that of `headers`.
   */
  readonly forwarded?: ForwardedFor | undefined;
  /** Ends the exchange early: the connection is given up and pending reads reject. */
  readonly signal: AbortSignal;
  /**
   * With it, the request goes out as a WebSocket handshake (RFC 6455 §4.1). Where the backend switches, it is called with the socket,
   * whose owner it makes, before the answer is given: a 101 with no content. Any other answer is one like every other.
   */
  readonly onSwitch?: ((socket: BackendWebSocket) => void) | undefined;
}

/** A backend's answer. Hop-by-hop fields are removed. */
export interface BackendResponse {
  readonly status: number;
  readonly headers: HeaderList;
  /** Decoded of framing, not of `Content-Encoding`. */
  readonly body: BodySource;
  /** Trailer fields; empty until `body` has answered `null`. */
  readonly trailers: HeaderList;
}

/** Why a backend did not answer. */
export type BackendFault =
  /** Every address of its host is one that this tenant may not reach. */
  | 'refused_address'
  /** Its host has no address, or none could be looked up. */
  | 'dns'
  /** The connection could not be made, or was lost. */
  | 'connect'
  /** It took too long to connect, to answer, or between two pieces of its answer. */
  | 'timeout'
  /** Its answer is not HTTP/1.1, or the request is not one that may be sent. */
  | 'protocol'
  /** The caller gave up, the request's body broke off, or the backend was closed. */
  | 'aborted'
  /** Too many requests wait for a connection to it, or there is no room for another one: for the app, or in the process. */
  | 'overloaded'
  /** It failed so often that it is left alone for a while. */
  | 'resting'
  /** The request at hand has made as many requests to backends as it may. */
  | 'budget';

/** A backend that did not answer. The message is for the tenant's log, never for the client. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly fault: BackendFault;

  constructor(fault: BackendFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** One backend that a tenant was granted. */
export interface Backend {
  /** Sends a request and answers with the head once it is there. Rejects with {@link BackendError}, nothing else. */
  fetch(request: BackendRequest): Promise<BackendResponse>;
}

/** Everything that one request may reach. */
export interface Backends {
  /** The backend that "next" goes to; `null` when the tenant has none. */
  readonly origin: Backend | null;
  /** The backend of that name; `null` when the tenant was granted none. */
  backend(name: string): Backend | null;
  /** The token issuer of that name; `null` when the tenant trusts none. */
  issuer(name: string): TokenIssuer | null;
  /** What signs as the issuer of that name; `null`: the tenant was granted none. */
  signer(name: string): TokenSigner | null;
}
