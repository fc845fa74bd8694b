/** A body that can be had again from its begin, as long as not much of it was read: for filters that may be skipped. */
import { PrefixedSource, type BodySource } from '../http/body.ts';
import { MAX_RECORDED_BYTES } from './limits.ts';

/** Reads on in another body, and keeps what that gave. Whoever reads here may give up: the body stays until its fate is settled. */
export class RecordedBody implements BodySource {
  readonly #body: BodySource;
  /** `null`: nothing is kept any more. */
  #kept: Uint8Array[] | null = [];
  #bytes = 0;
  #settled = false;
  #cancelled = false;

  constructor(body: BodySource) {
    this.#body = body;
  }

  read(maxBytes: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#cancelled) return null;
    const chunk = this.#body.read(maxBytes);
    return chunk instanceof Promise ? chunk.then((late) => this.#keep(late)) : this.#keep(chunk);
  }

  cancel(): void {
    this.#cancelled = true;
    if (this.#settled) this.#body.cancel();
  }

  /** Says that the body will not be wanted again: from now on it is read, and given up, as if nothing stood between. */
  settle(): void {
    this.#settled = true;
    this.#kept = null;
    if (this.#cancelled) this.#body.cancel();
  }

  /** Gives the body up. */
  drop(): void {
    this.#cancelled = true;
    this.settle();
  }

  /** The body from its begin, to be called once, when nobody reads here any more; `null`: too much was read. */
  replay(): BodySource | null {
    const kept = this.#kept;
    this.#kept = null;
    this.#settled = true;
    return kept === null ? null : new PrefixedSource(Buffer.concat(kept), this.#body);
  }

  #keep(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk === null || this.#kept === null) return chunk;
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_RECORDED_BYTES) this.#kept = null;
    // A copy: the reader may change what it was given.
    else this.#kept.push(Uint8Array.from(chunk));
    return chunk;
  }
}
