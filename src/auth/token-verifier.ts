/** From the text of a bearer token to who sends it (RFC 8725): nothing that a token says is believed before its signature fits. */
import { hasSignatureOf, JwsRefused, readCompact, type CompactJws } from './compact-jws.ts';
import { MAX_TOKEN_BYTES } from './limits.ts';
import type { TokenLog } from './ports.ts';
import type { Identity } from './scopes.ts';
import { readObject } from './strict-json.ts';
import { checkTimes, readClaims, type Claims } from './token-claims.ts';
import { tokenRefused } from './token-faults.ts';
import type { TokenSource } from './token-source.ts';

/** RFC 7519 section 5.1, RFC 9068 section 2.1. Other signed texts, such as identity assertions, are not access tokens. */
const TYPES: ReadonlySet<string | null> = new Set(['jwt', 'at+jwt']);

/** What a verifier rests on. */
export interface VerifierParts {
  /** Issuers, each `issuer` once. */
  readonly sources: readonly TokenSource[];
  readonly log: TokenLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Verifies tokens. */
export class TokenVerifier {
  readonly #sources: ReadonlyMap<string, TokenSource>;
  readonly #log: TokenLog;
  readonly #now: () => number;

  /** Throws a `TypeError` when two sources have the same issuer. */
  constructor({ sources, log, now }: VerifierParts) {
    this.#sources = new Map(sources.map((source) => [source.issuer, source]));
    if (this.#sources.size !== sources.length) throw new TypeError('two token sources with the same issuer');
    this.#log = log;
    this.#now = now;
  }

  /**
   * Who a token speaks for. A token for one use is used up by it. Rejects with `unauthorized`; the message is one of
   * {@link ./token-faults.ts TOKEN_FAULTS} and holds nothing of the token. What the log throws comes through.
   */
  async verify(token: string): Promise<Identity> {
    const jws = read(token);
    const payload = readObject(jws.payload);
    if (payload === null) throw tokenRefused('malformed');
    const source = await this.#signerOf(jws, payload.get('iss'));
    const claims = readClaims(payload);
    if (!claims.audiences.includes(source.audience)) throw tokenRefused('audience');
    checkTimes(claims, source.maxLifetimeMs, this.#now());
    const identity = source.identify(claims);
    this.#admit(source, claims, identity);
    return identity;
  }

  /** The issuer that a text claims to be of, once a key of that issuer proves it: another issuer's key is no proof. */
  async #signerOf(jws: CompactJws, issuer: unknown): Promise<TokenSource> {
    const source = typeof issuer === 'string' ? this.#sources.get(issuer) : undefined;
    if (source === undefined || jws.kid === null) throw tokenRefused('signature');
    const key = await source.key(jws.kid);
    if (key === null || !(await hasSignatureOf(jws, key))) throw tokenRefused('signature');
    return source;
  }

  /** Revocation and single use. Synchronous: of the same token sent twice at once, one is used. */
  #admit({ isLogged }: TokenSource, { once, issuedMs }: Claims, identity: Identity): void {
    const { tokenId: id, subject, tenant, scopes, expiresMs } = identity;
    const record = this.#log.token(id);
    if (record === null && isLogged) throw tokenRefused('revoked');
    if (record !== null && record.revokedMs !== null) throw tokenRefused(once ? 'used' : 'revoked');
    if (!once) return;
    if (record === null)
      this.#log.addToken({
        id,
        subject,
        tenant,
        scopes,
        createdMs: issuedMs,
        expiresMs,
        revokedMs: null,
        mintedBy: null,
      });
    if (!this.#log.revokeToken(id, this.#now())) throw tokenRefused('used');
  }
}

function read(token: string): CompactJws {
  if (token.length > MAX_TOKEN_BYTES) throw tokenRefused('oversize');
  const jws = readable(token);
  if (!TYPES.has(jws.typ)) throw tokenRefused('type');
  return jws;
}

function readable(token: string): CompactJws {
  try {
    return readCompact(token);
  } catch (error) {
    if (error instanceof JwsRefused) throw tokenRefused(error.fault);
    throw error;
  }
}
