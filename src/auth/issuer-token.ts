/** Tokens of an issuer that a tenant trusts: whether one is valid (RFC 7519, RFC 8725). What it allows is the tenant's business. */
import { hasSignatureOf, JwsRefused, readCompact, type CompactJws } from './compact-jws.ts';
import { CLOCK_SKEW_MS, MAX_AUDIENCES, MAX_TOKEN_BYTES } from './limits.ts';
import type { VerifyingKey } from './public-key.ts';
import { readObject } from './strict-json.ts';

/** Whom a tenant trusts. */
export interface TrustedIssuer {
  /** Its `iss`, exactly. */
  readonly issuer: string;
  /** The `aud` that tokens for this tenant have. */
  readonly audience: string;
  readonly keys: {
    /** The key of a `kid`, or `null`. */
    key(kid: string): Promise<VerifyingKey | null>;
    /** Whether there are keys at all. */
    readonly isKnown: boolean;
  };
}

/** Why a token is not valid: it is none of this issuer for this audience; it is over, or not valid yet; or nobody can tell. */
export type IssuerTokenFault = 'invalid' | 'expired' | 'no_keys';

/** The claims of a token, JSON as its issuer wrote it, or why there are none. */
export type IssuerTokenVerdict =
  | { readonly kind: 'valid'; readonly claims: Uint8Array }
  | { readonly kind: 'refused'; readonly fault: IssuerTokenFault };

/** Explicitly typed texts of other kinds are not taken for tokens (RFC 8725 section 3.11); most issuers' tokens have this or none. */
const TYPES: ReadonlySet<string | null> = new Set([null, 'jwt', 'at+jwt']);

/**
 * Verifies a token. Nothing in it is believed before its signature fits a key of the issuer, with that key's own algorithm; it must
 * have a `kid`, the issuer's `iss`, the audience among its `aud`, and an `exp`.
 *
 * @param nowMs - Milliseconds since the epoch.
 */
export async function verifyIssuerToken(
  token: string,
  { issuer, audience, keys }: TrustedIssuer,
  nowMs: number,
): Promise<IssuerTokenVerdict> {
  const jws = readable(token);
  const claims = jws === null ? null : readObject(jws.payload);
  if (jws === null || claims === null || jws.kid === null || !TYPES.has(jws.typ)) return refusal('invalid');
  const key = await keys.key(jws.kid);
  if (key === null) return refusal(keys.isKnown ? 'invalid' : 'no_keys');
  if (!(await hasSignatureOf(jws, key))) return refusal('invalid');
  if (claims.get('iss') !== issuer || !isFor(claims.get('aud'), audience)) return refusal('invalid');
  const fault = timeFault(claims, nowMs);
  return fault === null ? { kind: 'valid', claims: jws.payload } : refusal(fault);
}

function refusal(fault: IssuerTokenFault): IssuerTokenVerdict {
  return { kind: 'refused', fault };
}

function readable(token: string): CompactJws | null {
  if (token.length > MAX_TOKEN_BYTES) return null;
  try {
    return readCompact(token);
  } catch (error) {
    if (error instanceof JwsRefused) return null;
    throw error;
  }
}

/** RFC 7519 section 4.1.3: one audience, or a list with it. */
function isFor(given: unknown, audience: string): boolean {
  if (Array.isArray(given)) return given.length <= MAX_AUDIENCES && given.includes(audience);
  return given === audience;
}

/** RFC 7519 sections 4.1.4 to 4.1.6. Another clock may be ahead for `nbf` and `iat`; a token that is over is over. */
function timeFault(claims: ReadonlyMap<string, unknown>, nowMs: number): IssuerTokenFault | null {
  const expiry = claims.get('exp');
  if (typeof expiry !== 'number') return 'invalid';
  if (expiry * 1_000 <= nowMs) return 'expired';
  for (const name of ['nbf', 'iat']) {
    const date = claims.get(name);
    if (date !== undefined && typeof date !== 'number') return 'invalid';
    if (date !== undefined && date * 1_000 > nowMs + CLOCK_SKEW_MS) return 'expired';
  }
  return null;
}
