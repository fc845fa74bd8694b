/** Tokens for tests of the API: random texts in a table. */
import { randomBytes } from 'node:crypto';
import { KerbError } from '../../../src/errors.ts';
import type { Authority } from '../../../src/api/authority.ts';
import type { Identity, Scope } from '../../../src/auth/scopes.ts';
import type { MintedToken, TokenRequest } from '../../../src/auth/token-issuer.ts';

/** Honours the contract of {@link Authority}. */
export class MemoryAuthority implements Authority {
  readonly #tokens = new Map<string, Identity>();
  /** Ids of tokens, by the ids of those that were issued with them. */
  readonly #issuedWith = new Map<string, string>();
  /** Runs before each check of a token. */
  beforeVerify: () => Promise<void> = () => Promise.resolve();
  /** How often a token was checked. */
  verified = 0;

  /** A token; an hour of life unless told otherwise. */
  mint(subject: string, scopes: readonly Scope[], tenant: string | null = null, lifeMs = 3_600_000): string {
    const token = randomBytes(24).toString('base64url');
    const tokenId = randomBytes(8).toString('hex');
    this.#tokens.set(token, { subject, scopes, tenant, tokenId, expiresMs: Date.now() + lifeMs, once: false });
    return token;
  }

  /** Whose token it is. */
  identity(token: string): Identity {
    const identity = this.#tokens.get(token);
    if (identity === undefined) throw new KerbError('unauthorized', 'the token is not valid');
    return identity;
  }

  async verify(token: string): Promise<Identity> {
    await this.beforeVerify();
    this.verified++;
    return this.identity(token);
  }

  async issue(by: Identity, { subject, scopes, tenant, ttlSeconds }: TokenRequest): Promise<MintedToken> {
    const expiresMs = Date.now() + ttlSeconds * 1000;
    const wider = !by.scopes.includes('operator') && (scopes.includes('operator') || by.tenant !== tenant);
    if (wider || expiresMs > by.expiresMs) throw new KerbError('forbidden', 'it would be wider than this token');
    const token = this.mint(subject, scopes, tenant, ttlSeconds * 1000);
    const { tokenId } = this.identity(token);
    this.#issuedWith.set(tokenId, by.tokenId);
    return { token, id: tokenId, expiresMs };
  }

  revoke(id: string): boolean {
    const [token] = [...this.#tokens].find(([, { tokenId }]) => tokenId === id) ?? [];
    for (const [issued, by] of this.#issuedWith) if (by === id) this.revoke(issued);
    return token !== undefined && this.#tokens.delete(token);
  }

  async rotate(): Promise<{ kid: string }> {
    return { kid: 'key-2' };
  }

  jwks(): { keys: { kty: string; kid: string }[] } {
    return { keys: [{ kty: 'OKP', kid: 'key-1' }] };
  }
}
