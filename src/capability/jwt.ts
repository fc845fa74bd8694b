/** The port through which a guest has tokens verified by an issuer that its manifest names. */

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
