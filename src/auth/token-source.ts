/** Whoever's tokens are taken: this process, and other issuers that the operator configured. */
import type { IssuerKeys } from './issuer-keys.ts';
import { OPERATOR_TOKEN_TTL_S } from './limits.ts';
import type { PublicKey } from './public-key.ts';
import { isConsistent, isScope, orderedScopes, type Identity, type Scope } from './scopes.ts';
import type { Claims } from './token-claims.ts';
import { tokenRefused } from './token-faults.ts';

/** `iss` of the tokens that this process signs. */
export const OWN_ISSUER = 'kerb';
/** `aud` of the tokens that this process signs. */
export const OWN_AUDIENCE = 'kerb';

/** An issuer as the verifier sees it. */
export interface TokenSource {
  readonly issuer: string;
  readonly audience: string;
  readonly maxLifetimeMs: number;
  /** Tokens that the log does not know are refused. */
  readonly isLogged: boolean;
  /** The key of a `kid`; `null` when it is not trusted, or not to be had just now. */
  key(kid: string): Promise<PublicKey | null>;
  /** Who verified claims speak for. Throws `unauthorized` when they grant nothing, or what does not go together. */
  identify(claims: Claims): Identity;
}

/** This process as an issuer: what its tokens say is what they grant. */
export function ownTokens(keys: IssuerKeys, now: () => number): TokenSource {
  return {
    issuer: OWN_ISSUER,
    audience: OWN_AUDIENCE,
    maxLifetimeMs: OPERATOR_TOKEN_TTL_S * 1_000,
    isLogged: true,
    key: (kid) => Promise.resolve(keys.verificationKey(kid, now())),
    identify: (claims) => {
      const { id: tokenId, subject, expiresMs, once } = claims;
      return checked({ subject, tokenId, expiresMs, once, ...grantOf(claims.all, 'scope', 'tenant') });
    },
  };
}

/** What the two claims name: scopes separated by spaces (RFC 8693 section 4.2), those that are none left out. */
export function grantOf(
  claims: ReadonlyMap<string, unknown>,
  scopeClaim: string,
  tenantClaim: string,
): { scopes: readonly Scope[]; tenant: string | null } {
  const [words, tenant] = [claims.get(scopeClaim) ?? '', claims.get(tenantClaim) ?? null];
  if (typeof words !== 'string' || (tenant !== null && typeof tenant !== 'string')) throw tokenRefused('claims');
  return { scopes: orderedScopes(words.split(' ').filter(isScope)), tenant };
}

/** An identity that means something. Throws `unauthorized` for one without scopes, or with `operator` and a tenant. */
export function checked(identity: Identity): Identity {
  if (identity.scopes.length === 0) throw tokenRefused('powerless');
  if (!isConsistent(identity)) throw tokenRefused('claims');
  return Object.freeze(identity);
}
