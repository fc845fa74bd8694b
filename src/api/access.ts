/** Who may do what: reads the bearer token of a request, and holds a token against what a route needs. */
import type { IncomingMessage } from 'node:http';
import { allows, type Identity } from '../auth/scopes.ts';
import type { Authority } from './authority.ts';
import { single } from './headers.ts';
import { REQUEST_LIMITS } from './limits.ts';
import { Refusal } from './refusal.ts';
import type { Need } from './route.ts';

/** Whoever uses a public route: allowed nothing. */
export const NOBODY: Identity = Object.freeze({
  subject: '',
  scopes: Object.freeze([]),
  tenant: null,
  tokenId: '',
  expiresMs: 0,
  once: false,
});

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1). Throws 401 with the challenge of §3. */
export function bearerToken(request: IncomingMessage): string {
  const field = single(request, 'authorization');
  if (field === null) {
    throw unauthorized('this needs a token; send Authorization: Bearer <token>', 'Bearer realm="kerb"');
  }
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(field)?.[1];
  if (token === undefined || token.length > REQUEST_LIMITS.tokenChars) throw invalidToken();
  return token;
}

/** Who a request's token stands for. Rejects with 401, or when the authority itself fails, as it does. */
export async function identified(authority: Authority, token: string, nowMs: number): Promise<Identity> {
  const identity = await authority.verify(token);
  if (identity.expiresMs <= nowMs) throw invalidToken();
  return identity;
}

/** Whether it may do everything. */
export function isOperator(identity: Identity): boolean {
  return allows(identity, 'operator', null);
}

/**
 * Throws 403 (RFC 6750 §3.1 `insufficient_scope`) unless the identity may do it to the tenant. A tenant's token hears the same of every
 * other tenant, whether there is one of that name or not.
 */
export function checkAllowed(identity: Identity, need: Need, tenant: string | null): void {
  if (need === 'public' || need === 'token') return;
  const scope = need === 'operator' ? need : (`tenant:${need}` as const);
  if (!allows(identity, scope, tenant)) throw forbidden(scope);
}

function forbidden(scope: string): Refusal {
  const headers = { 'www-authenticate': `Bearer realm="kerb", error="insufficient_scope", scope="${scope}"` };
  return new Refusal(
    403,
    'forbidden',
    `the token does not allow this; it needs ${scope}${scope === 'operator' ? '' : ' for this tenant'}`,
    { headers },
  );
}

function invalidToken(): Refusal {
  return unauthorized('the token is not valid; get a new one', 'Bearer realm="kerb", error="invalid_token"');
}

function unauthorized(message: string, challenge: string): Refusal {
  return new Refusal(401, 'unauthorized', message, { headers: { 'www-authenticate': challenge } });
}
