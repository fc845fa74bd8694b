/** Why a token is refused, in words that may be told to whoever sent it, and the challenge that tells them (RFC 6750 section 3). */
import { KerbError } from '../errors.ts';

/**
 * Every reason. What is said before the signature is verified tells nothing that the sender does not know: which issuers and key
 * ids exist, and whether only the signature is wrong, look the same. None has a character that a quoted string cannot have.
 */
export const TOKEN_FAULTS = {
  oversize: 'the token is larger than 8 KiB',
  malformed: 'the token is malformed',
  header: 'the token has a header that is not taken',
  type: 'the token is of a type that is not taken',
  signature: 'the token is not signed by a key that is trusted here',
  claims: 'a claim of the token is missing or malformed',
  audience: 'the token is for another audience',
  expired: 'the token has expired',
  early: 'the token is not valid yet',
  lifetime: 'the token lives longer than is taken',
  revoked: 'the token has been revoked',
  used: 'the token was for one use and has been used',
  powerless: 'the token grants nothing here',
} as const;

/** A reason by its name. */
export type TokenFault = keyof typeof TOKEN_FAULTS;

/** The error of a token that is refused: `unauthorized`, its message the reason. */
export function tokenRefused(fault: TokenFault): KerbError {
  return new KerbError('unauthorized', TOKEN_FAULTS[fault]);
}

const REASONS: ReadonlySet<string> = new Set(Object.values(TOKEN_FAULTS));

/**
 * The value of `WWW-Authenticate` for an answer 401: with the reason when a token was refused, without an error code when there was
 * none (RFC 6750 section 3.1). A message that is not one of ours is not passed on.
 */
export function bearerChallenge(refusal: KerbError | null): string {
  if (refusal === null) return 'Bearer realm="kerb"';
  const error = 'Bearer realm="kerb", error="invalid_token"';
  return REASONS.has(refusal.message) ? `${error}, error_description="${refusal.message}"` : error;
}
