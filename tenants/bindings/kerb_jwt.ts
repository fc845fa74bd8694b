/** Kerb's kerb_jwt for AssemblyScript guests: tokens of the issuers that the manifest trusts. */

@external("kerb_jwt", "verify")
declare function verify(
  issuer: usize, issuerLength: u32, token: usize, tokenLength: u32, buf: usize, limit: u32,
): i32;

/** No token, not signed by the issuer, or not for this audience. */
export const ERR_BAD_TOKEN: i32 = -17;
/** Over, or not valid yet. */
export const ERR_EXPIRED: i32 = -18;
/** The issuer's keys cannot be had now. */
export const ERR_NO_KEYS: i32 = -19;

/** The longest claims that a token can have. */
const MAX_CLAIMS = 8192;

/** What verifyToken found wrong, or 0. */
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
