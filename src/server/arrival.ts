/** A request as it arrives: everything that the transport lends only for the length of its handler is copied here. */
import { HeaderList } from '../http/headers.ts';
import type { ClientAddress, RequestHead } from '../http/message.ts';
import type { TransportRequest, TransportResponse } from './transport.ts';

/** The client's address, read from the connection when somebody asks; a connection that is gone has none. */
class LazyAddress implements ClientAddress {
  #response: TransportResponse | null;
  #ip = '';
  #port = 0;

  constructor(response: TransportResponse) {
    this.#response = response;
  }

  get ip(): string {
    this.fix();
    return this.#ip;
  }

  get port(): number {
    this.fix();
    return this.#port;
  }

  /** Reads the address now: to be called before the connection's response channel becomes invalid. */
  fix(): void {
    if (this.#response === null) return;
    this.#ip = addressText(new Uint8Array(this.#response.getRemoteAddress()));
    this.#port = this.#response.getRemotePort();
    this.#response = null;
  }

  /** Forgets the connection without having read it. */
  forget(): void {
    this.#response = null;
  }
}

/** The head of a request that has not passed the gate yet. */
export class Arrival implements RequestHead {
  readonly method: string;
  readonly target: string;
  /** The transport speaks 1.1 and answers 1.0 by closing; it does not tell them apart. */
  readonly protocol = 'HTTP/1.1';
  readonly headers = new HeaderList();
  readonly client: LazyAddress;
  /** Milliseconds since the epoch. */
  readonly timeMs = Date.now();
  /** On the clock of `performance.now()`. */
  readonly startMs = performance.now();

  constructor(request: TransportRequest, response: TransportResponse) {
    this.method = request.getCaseSensitiveMethod();
    const query = request.getQuery() as string | undefined;
    const path = request.getUrl();
    this.target = query === undefined || query === '' ? path : `${path}?${query}`;
    this.client = new LazyAddress(response);
    request.forEach((name, value) => this.headers.appendLower(name, value));
  }
}

/** Text of an address in network byte order; IPv4-mapped IPv6 is unwrapped. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return '';
  if (isMapped(bytes)) return bytes.subarray(12).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}
