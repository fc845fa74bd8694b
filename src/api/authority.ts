/** The port to whoever issues and checks tokens. */
import type { Identity } from '../auth/scopes.ts';
import type { MintedToken, TokenRequest } from '../auth/token-issuer.ts';

/** Issues tokens, checks them and takes them back. */
export interface Authority {
  /** Who it stands for. Rejects with `unauthorized` for everything that is not a valid token now: forged, over, revoked. */
  verify(token: string): Promise<Identity>;
  /** Rejects with `forbidden` for what is wider than `by`, in scopes, tenant, life or uses; with `bad_request` for what is out of bounds. */
  issue(by: Identity, grant: TokenRequest): Promise<MintedToken>;
  /** From then on it is not valid, and nothing is that was issued with it. Answers whether there was such a token. */
  revoke(id: string): boolean | Promise<boolean>;
  /** Makes a new signing key. What older ones signed stays valid. */
  rotate(): Promise<{ readonly kid: string }>;
  /** Public keys of everything that {@link verify} takes (RFC 7517 §5). */
  jwks(): JsonWebKeys | Promise<JsonWebKeys>;
}

/** A JWK Set. */
export interface JsonWebKeys {
  readonly keys: readonly object[];
}
