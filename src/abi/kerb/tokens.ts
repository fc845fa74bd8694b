/** The tokens that one request has had verified and signed. */
import type { TokenIssuer, TokenSigner } from '../../capability/jwt.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { ERRNO, ERRNO_OF_SIGNING_FAULT, ERRNO_OF_TOKEN_FAULT } from './errno.ts';
import { MAX_SIGNATURES, MAX_VERIFICATIONS, SIGNATURE_CPU_MS, VERIFICATION_CPU_MS } from './limits.ts';

/** Where a result goes. */
export interface ResultBuffer {
  readonly buf: number;
  readonly limit: number;
}

/** What is to be signed. */
export interface Claims {
  readonly bytes: Uint8Array;
  readonly ttlSeconds: number;
}

/** Verifies and signs for one request at a time; what comes after its end reaches nobody. */
export class Tokens {
  readonly #host: Pick<GuestHost, 'memory' | 'log' | 'charge'>;
  #exchange: Exchange | null = null;
  #verified = 0;
  #signed = 0;

  constructor(host: Pick<GuestHost, 'memory' | 'log' | 'charge'>) {
    this.#host = host;
  }

  /** Takes on a request. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#verified = 0;
    this.#signed = 0;
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
  verify(name: string, token: string, into: ResultBuffer): number | Promise<number> {
    if (this.#exchange === null) return ERRNO.no_request;
    const issuer = this.#exchange.issuer(name);
    if (issuer === null) return ERRNO.not_granted;
    if (this.#verified >= MAX_VERIFICATIONS) return ERRNO.too_many;
    this.#verified += 1;
    this.#host.charge(VERIFICATION_CPU_MS);
    return this.#verify(issuer, token, into, this.#exchange);
  }

  /**
   * Has claims signed and writes the token where it fits. Answers its length, or `no_request`, `not_granted`, `too_many`, `invalid`,
   * `forbidden`, `no_keys`, `cancelled`; the tenant's log has the reason. Costs {@link SIGNATURE_CPU_MS}, as {@link verify} does.
   */
  sign(name: string, claims: Claims, into: ResultBuffer): number | Promise<number> {
    if (this.#exchange === null) return ERRNO.no_request;
    const signer = this.#exchange.signer(name);
    if (signer === null) return ERRNO.not_granted;
    if (this.#signed >= MAX_SIGNATURES) return ERRNO.too_many;
    this.#signed += 1;
    this.#host.charge(SIGNATURE_CPU_MS);
    return this.#sign(signer, claims, into, this.#exchange);
  }

  /** Guest memory may belong to another request after the wait: then it is left alone. */
  async #verify(issuer: TokenIssuer, token: string, { buf, limit }: ResultBuffer, exchange: Exchange): Promise<number> {
    const verdict = await issuer.verify(token);
    if (this.#exchange !== exchange) return ERRNO.cancelled;
    if (verdict.kind === 'refused') return ERRNO_OF_TOKEN_FAULT[verdict.fault];
    return this.#host.memory.writeBytes(buf, limit, verdict.claims);
  }

  /** As {@link #verify}. */
  async #sign(signer: TokenSigner, claims: Claims, { buf, limit }: ResultBuffer, exchange: Exchange): Promise<number> {
    const verdict = await signer.sign(claims.bytes, claims.ttlSeconds);
    if (this.#exchange !== exchange) return ERRNO.cancelled;
    if (verdict.kind === 'signed') return this.#host.memory.writeText(buf, limit, verdict.token);
    this.#host.log('warn', `kerb_jwt.sign: ${verdict.why}`);
    return ERRNO_OF_SIGNING_FAULT[verdict.fault];
  }
}
