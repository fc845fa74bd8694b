/** The handshake by which a backend is asked to switch to WebSocket (RFC 6455 §4.1). */
import { randomBytes } from 'node:crypto';
import type { HeaderList } from '../http/headers.ts';
import { offeredProtocols, switchFault, WEBSOCKET_VERSION } from '../http/websocket.ts';

/**
 * One handshake: a key of our own and the subprotocols of the request. The client's key and extensions do not go further, so that
 * nothing is negotiated which the relay between does not speak.
 */
export class Handshake {
  readonly #key = randomBytes(16).toString('base64');
  readonly #offered: readonly string[];

  /** @param headers - The request's fields, for the subprotocols that it offers. */
  constructor(headers: HeaderList) {
    this.#offered = offeredProtocols(headers);
  }

  /** Fields that go out, names and values in turn, beside `Connection` and `Upgrade`, which are the transport's. */
  get fields(): readonly string[] {
    return ['Sec-WebSocket-Version', WEBSOCKET_VERSION, 'Sec-WebSocket-Key', this.#key];
  }

  /** What is wrong with the fields of a 101, or `null`. */
  fault(headers: HeaderList): string | null {
    return switchFault(headers, this.#key, this.#offered);
  }
}
