/** Reads request bodies into memory: within their limit, within what all bodies and those of one caller may take, within a time. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { whenOver, type Answer } from './answer.ts';
import { tooLarge } from './body.ts';
import type { ApiLimits } from './limits.ts';
import { badRequest, Refusal, tooMany } from './refusal.ts';
import type { Stream } from './route.ts';

type ReaderLimits = Pick<ApiLimits, 'bodyBytesInAll' | 'bodyBytesPerCaller' | 'requestsPerCaller' | 'bodyMs'>;

interface Share {
  requests: number;
  bytes: number;
}

/** A request whose body is to be read. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Bytes of its body. */
  readonly length: number;
  /** Who shares: a tenant's tokens together have no more than one. */
  readonly caller: string;
}

/** Counts what a request holds beside its body. Throws 429 when that is too much. */
export type Hold = (bytes: number) => void;

/** Requests that are worked on, or whose answers are not read yet, each with what it holds in memory. */
export class BodyReader {
  readonly #limits: ReaderLimits;
  readonly #shares = new Map<string, Share>();
  #held = 0;

  constructor(limits: ReaderLimits) {
    this.#limits = limits;
  }

  /**
   * Sets the body's bytes aside until `use` has settled and its answer is read, and hands `use` the body and what counts a large answer.
   * A sender that leaves gives nothing back while its request is still worked on. A stream is counted elsewhere once it is open. Rejects with 429 when too much is under way, 408
   * (RFC 9110 §15.5.9) when the body comes too slowly, 400 when it ends early, and as `use` does.
   */
  async with<T extends Answer | Stream>(
    incoming: Incoming,
    use: (bytes: Uint8Array<ArrayBuffer>, hold: Hold) => Promise<T>,
  ): Promise<T> {
    const { request, response, length, caller } = incoming;
    const share = this.#enter(caller);
    let bytes = 0;
    const hold: Hold = (more) => {
      this.#grow(share, more);
      bytes += more;
    };
    const leave = (): void => this.#leave(caller, share, bytes);
    try {
      hold(length);
      const result = await use(await this.#read(request, length), hold);
      if ('follow' in result) leave();
      else whenOver(response, leave);
      return result;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #enter(caller: string): Share {
    const share = this.#shares.get(caller) ?? { requests: 0, bytes: 0 };
    if (share.requests >= this.#limits.requestsPerCaller) {
      throw tooMany('too many requests of one tenant at once; wait for an answer before the next', 2);
    }
    share.requests += 1;
    this.#shares.set(caller, share);
    return share;
  }

  #grow(share: Share, bytes: number): void {
    const { bodyBytesInAll, bodyBytesPerCaller } = this.#limits;
    if (share.bytes + bytes > bodyBytesPerCaller || this.#held + bytes > bodyBytesInAll) {
      throw tooMany('too many large bodies at once; wait for an answer before the next', 5);
    }
    share.bytes += bytes;
    this.#held += bytes;
  }

  #leave(caller: string, share: Share, bytes: number): void {
    this.#held -= bytes;
    share.bytes -= bytes;
    share.requests -= 1;
    if (share.requests === 0) this.#shares.delete(caller);
  }

  #read(request: IncomingMessage, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length === 0) return Promise.resolve(new Uint8Array(0));
    // Whoever left while the token was checked is not heard of again.
    if (request.destroyed) return Promise.reject(badRequest('the body ended before its content-length'));
    return new Promise((resolve, reject) => {
      const bytes = new Uint8Array(length);
      let filled = 0;
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        request.off('data', take).off('end', end).off('close', cut).off('error', cut);
        act();
      };
      const take = (chunk: Buffer): void => {
        if (filled + chunk.byteLength > length) return settle(() => reject(tooLarge(length)));
        bytes.set(chunk, filled);
        filled += chunk.byteLength;
      };
      const end = (): void => (filled === length ? settle(() => resolve(bytes)) : cut());
      const cut = (): void => settle(() => reject(badRequest('the body ended before its content-length')));
      const late = new Refusal(408, 'bad_request', 'the body came too slowly; send it again');
      const timer = setTimeout(() => settle(() => reject(late)), this.#limits.bodyMs);
      request.on('data', take).on('end', end).on('close', cut).on('error', cut);
    });
  }
}
