/** The heads of HTTP messages as the rest of Kerb sees them. */
import type { HeaderList } from './headers.ts';

/** Where a client is. */
export interface ClientAddress {
  /** IPv4 dotted or IPv6 without brackets; an IPv4-mapped IPv6 address is unwrapped. */
  readonly ip: string;
  readonly port: number;
}

/** The head of a request (RFC 9112 §3), past the request gate: its parts are valid and consistent. */
export interface RequestHead {
  /** Case-sensitive method, a token. */
  readonly method: string;
  /** Origin-form request target: an absolute path and, after `?`, a query. Visible ASCII only. */
  readonly target: string;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1';
  readonly headers: HeaderList;
  readonly client: ClientAddress;
}

/** The head of a response. */
export interface ResponseHead {
  /** 200 to 599. */
  readonly status: number;
  readonly headers: HeaderList;
}
