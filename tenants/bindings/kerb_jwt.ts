/** Kerb's kerb_jwt for AssemblyScript guests: tokens of the issuers that the manifest trusts, and signs as. */

@external("kerb_jwt", "verify")
declare function verify(
  issuer: usize, issuerLength: u32, token: usize, tokenLength: u32, buf: usize, limit: u32,
): i32;

@external("kerb_jwt", "sign")
declare function sign(
  issuer: usize, issuerLength: u32, claims: usize, claimsLength: u32, ttlSeconds: u32, buf: usize, limit: u32,
): i32;

/** No token, not signed by the issuer, or not for this audience. */
export const ERR_BAD_TOKEN: i32 = -17;
/** Over, or not valid yet. */
export const ERR_EXPIRED: i32 = -18;
/** The issuer's keys cannot be had now, or the key to sign with. */
export const ERR_NO_KEYS: i32 = -19;

/** The longest token, and the longest claims that one can have. */
const MAX_CLAIMS = 8192;

/** What verifyToken or signToken found wrong, or 0. */
export let tokenError: i32 = 0;

/** The claims, JSON, of a token without "Bearer"; null when it is not valid, and `tokenError` then says why. */
export function verifyToken(issuer: string, token: string): string | null {
  const i = String.UTF8.encode(issuer);
  const t = String.UTF8.encode(token);
  const claims = new ArrayBuffer(MAX_CLAIMS);
  const start = changetype<usize>(claims);
  const length = verify(changetype<usize>(i), i.byteLength, changetype<usize>(t), t.byteLength, start, MAX_CLAIMS);
  tokenError = length < 0 ? length : 0;
  return length < 0 ? null : String.UTF8.decodeUnsafe(start, length);
}

/**
 * A token with these claims, a JSON object without iss, aud, iat and exp, which the host adds; null when none is signed, and `tokenError`
 * then says why. A life of 0 seconds: that of the manifest.
 */
export function signToken(issuer: string, claims: string, ttlSeconds: u32 = 0): string | null {
  const i = String.UTF8.encode(issuer);
  const c = String.UTF8.encode(claims);
  const token = new ArrayBuffer(MAX_CLAIMS);
  const start = changetype<usize>(token);
  const length = sign(
    changetype<usize>(i), i.byteLength, changetype<usize>(c), c.byteLength, ttlSeconds, start, MAX_CLAIMS,
  );
  tokenError = length < 0 ? length : 0;
  return length < 0 ? null : String.UTF8.decodeUnsafe(start, length);
}
