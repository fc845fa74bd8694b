/** The ports through which a guest has tokens verified and signed, by issuers that its manifest names. */

/** Why a token is not valid. */
export type TokenFault =
  /** It is no token, was not signed by this issuer, or is not for this audience. */
  | 'invalid'
  /** It is over, or not valid yet. */
  | 'expired'
  /** The issuer's keys cannot be had now. */
  | 'no_keys';

/** What became of a token: its claims, a JSON object as the issuer wrote it, or why there are none. */
export type TokenVerdict =
  { readonly kind: 'valid'; readonly claims: Uint8Array } | { readonly kind: 'refused'; readonly fault: TokenFault };

/** An issuer that a tenant trusts. */
export interface TokenIssuer {
  /** Verifies a token in compact form. May wait for the issuer's keys, a few seconds at most; never rejects for what a token is. */
  verify(token: string): Promise<TokenVerdict>;
}

/** Why no token was signed. */
export type SigningFault =
  /** The claims are no JSON object that every reader reads alike, or too large a one. */
  | 'claims'
  /** They have one that is the host's to make: `iss`, `aud`, `iat`, `exp`. */
  | 'reserved'
  /** The life that is asked for is longer than the manifest allows. */
  | 'lifetime'
  /** The secret is not set, or holds no usable key. */
  | 'no_key';

/** A token in compact form, or why there is none. `why` is for the tenant's log, and holds nothing of a key. */
export type SigningVerdict =
  | { readonly kind: 'signed'; readonly token: string }
  | { readonly kind: 'refused'; readonly fault: SigningFault; readonly why: string };

/** An issuer that a tenant is: its key never reaches the guest, and `iss`, `aud`, `iat`, `exp` and the header are the host's. */
export interface TokenSigner {
  /**
   * Signs claims, a JSON object of the guest's. Never rejects for what the claims or the key are.
   *
   * @param ttlSeconds - The token's life; 0: as long as the manifest allows.
   */
  sign(claims: Uint8Array, ttlSeconds: number): Promise<SigningVerdict>;
}
