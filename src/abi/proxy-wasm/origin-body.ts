/** The body of a next handler's answer: that it breaks off is the origin's fault, not the client's. */
import { BodyError, type BodySource } from '../../http/body.ts';
import { GuestFault } from '../guest-fault.ts';

/** Rejects with a {@link GuestFault} `backend_error` where the body within breaks off. */
export class OriginBody implements BodySource {
  readonly #body: BodySource;

  constructor(body: BodySource) {
    this.#body = body;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    const chunk = this.#body.read(maxBytes);
    return chunk instanceof Promise ? chunk.catch(explain) : chunk;
  }

  cancel(): void {
    this.#body.cancel();
  }
}

function explain(error: unknown): never {
  if (error instanceof BodyError) throw new GuestFault('the origin broke off its response', 'backend_error');
  throw error;
}
