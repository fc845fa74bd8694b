/** A response that a filter answers with itself. */
import { BytesSource } from '../../http/body.ts';
import { HeaderList } from '../../http/headers.ts';
import type { BackendResponse } from '../../capability/backend.ts';

/** What `proxy_send_local_response` was given, checked. Thrown to whoever waits for anything else of the stream. */
export class LocalResponse extends Error {
  override readonly name = 'LocalResponse';
  readonly #status: number;
  readonly #headers: HeaderList;
  readonly #body: Uint8Array;

  constructor(status: number, headers: HeaderList, body: Uint8Array) {
    super('the filter answers itself');
    this.#status = status;
    this.#headers = headers;
    this.#body = body;
  }

  /** The same as a backend would have answered it. */
  toResponse(): BackendResponse {
    return {
      status: this.#status,
      headers: this.#headers,
      body: new BytesSource(this.#body),
      trailers: new HeaderList(),
    };
  }
}
