/** The port to whoever issues and checks tokens, and the closed list of scopes. */

/** What a token may allow: everything; to change one tenant, and read it; to read one tenant. */
export const SCOPES = ['operator', 'tenant:deploy', 'tenant:read'] as const;

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** Who a valid token stands for. */
export interface Identity {
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** The one tenant that the tenant scopes are about; `null`: none. */
  readonly tenant: string | null;
  /** The token's `jti`. */
  readonly tokenId: string;
  /** When it ends, in milliseconds since the epoch. */
  readonly expiresMs: number;
  /** The token was for one request, and this is it: checking it again would find it used up. */
  readonly once: boolean;
}

/** What a token is issued for. */
export interface TokenGrant {
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** `null` with the scope `operator` alone. */
  readonly tenant: string | null;
  readonly ttlSeconds: number;
  /** Good for one request. */
  readonly once?: boolean;
}

/** A token, the one time that it is shown. */
export interface IssuedToken {
  readonly token: string;
  readonly id: string;
  readonly expiresMs: number;
}

/** Issues tokens, checks them and takes them back. */
export interface Authority {
  /** Who it stands for. Rejects with `unauthorized` for everything that is not a valid token now: forged, over, revoked. */
  verify(token: string): Promise<Identity>;
  /** Rejects with `forbidden` for what is wider than `by`, in scopes, tenant, life or uses; with `bad_request` for what is out of bounds. */
  issue(by: Identity, grant: TokenGrant): Promise<IssuedToken>;
  /** From then on it is not valid. Answers whether there was such a token. */
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
