/** Tokens that a tenant has signed (RFC 7519): the guest says what it claims, the host who says so, for whom, and for how long. */
import { MAX_SIGNED_CLAIMS_BYTES } from './limits.ts';
import { signedWith, type SigningKey } from './signing-key.ts';
import { readObject } from './strict-json.ts';

/** What every token of an issuer says. */
export interface SigningTerms {
  readonly issuer: string;
  readonly audience: string;
  /** The longest life, and that of a token for which none is asked. */
  readonly ttlSeconds: number;
}

/** What is asked for. */
export interface ClaimsToSign {
  /** A JSON object. */
  readonly claims: Uint8Array;
  /** 0: as long as may be. */
  readonly ttlSeconds: number;
}

/** Why nothing is signed: no JSON object or too large a one; a claim that is the host's; too long a life. */
export type ClaimsFault = 'claims' | 'reserved' | 'lifetime';

/** Claims that the host makes (RFC 7519 section 4.1): a guest that could write them could sign for another, or for ever. */
const RESERVED = ['iss', 'aud', 'iat', 'exp'] as const;

/**
 * What is wrong with claims; `null`: nothing. `sub`, `nbf`, `jti` and everything else are the guest's to choose.
 */
export function claimsFault({ claims, ttlSeconds }: ClaimsToSign, terms: SigningTerms): ClaimsFault | null {
  const members = claims.length > MAX_SIGNED_CLAIMS_BYTES ? null : readObject(claims);
  if (members === null) return 'claims';
  if (RESERVED.some((name) => members.has(name))) return 'reserved';
  const isLife = Number.isSafeInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds <= terms.ttlSeconds;
  return isLife ? null : 'lifetime';
}

/**
 * Signs claims that have no fault; they stay as the guest wrote them, behind those of the host. Times are whole seconds, rounded down.
 *
 * @param nowMs - Milliseconds since the epoch.
 */
export function signClaims(key: SigningKey, asked: ClaimsToSign, terms: SigningTerms, nowMs: number): Promise<string> {
  const iat = Math.floor(nowMs / 1_000);
  const exp = iat + (asked.ttlSeconds === 0 ? terms.ttlSeconds : asked.ttlSeconds);
  const head = JSON.stringify({ iss: terms.issuer, aud: terms.audience, iat, exp }).slice(0, -1);
  const body = Buffer.from(asked.claims).toString().trim().slice(1);
  const separator = body.trim() === '}' ? '' : ',';
  return signedWith(key, Buffer.from(`${head}${separator}${body}`));
}
