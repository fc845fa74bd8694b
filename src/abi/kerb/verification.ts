/** The tokens that one request has had verified. */
import type { TokenIssuer } from '../../capability/jwt.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { ERRNO, ERRNO_OF_TOKEN_FAULT } from './errno.ts';
import { MAX_VERIFICATIONS, VERIFICATION_CPU_MS } from './limits.ts';

/** Where claims go. */
export interface ClaimsBuffer {
  readonly buf: number;
  readonly limit: number;
}

/** Verifies for one request at a time; what comes after its end reaches nobody. */
export class Verifications {
  readonly #host: GuestHost;
  #exchange: Exchange | null = null;
  #used = 0;

  constructor(host: GuestHost) {
    this.#host = host;
  }

  /** Takes on a request. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#used = 0;
  }

  /** Forgets it. */
  end(): void {
    this.#exchange = null;
  }

  /**
   * Verifies a token and writes its claims where they fit. Answers their length, or `no_request`, `not_granted`, `too_many`,
   * `bad_token`, `expired`, `no_keys`, `cancelled`. Costs {@link VERIFICATION_CPU_MS} of the request's CPU time; throws what
   * {@link GuestHost.charge} throws, before anything is verified.
   */
  verify(name: string, token: string, into: ClaimsBuffer): number | Promise<number> {
    if (this.#exchange === null) return ERRNO.no_request;
    const issuer = this.#exchange.issuer(name);
    if (issuer === null) return ERRNO.not_granted;
    if (this.#used >= MAX_VERIFICATIONS) return ERRNO.too_many;
    this.#used += 1;
    this.#host.charge(VERIFICATION_CPU_MS);
    return this.#verify(issuer, token, into, this.#exchange);
  }

  /** Guest memory may belong to another request after the wait: then it is left alone. */
  async #verify(issuer: TokenIssuer, token: string, { buf, limit }: ClaimsBuffer, exchange: Exchange): Promise<number> {
    const verdict = await issuer.verify(token);
    if (this.#exchange !== exchange) return ERRNO.cancelled;
    if (verdict.kind === 'refused') return ERRNO_OF_TOKEN_FAULT[verdict.fault];
    return this.#host.memory.writeBytes(buf, limit, verdict.claims);
  }
}
