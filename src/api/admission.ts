/** Lets requests in: to a route that is there, from a caller who may use it and does not come too often. */
import type { IncomingMessage } from 'node:http';
import { bearerToken, checkAllowed, identified, NOBODY } from './access.ts';
import type { Identity } from '../auth/scopes.ts';
import type { Authority } from './authority.ts';
import type { RateLimit } from './rate-limit.ts';
import { refusalOf } from './refusal.ts';
import type { Found, Router } from './router.ts';

/** A request that may do what it asks for. */
export interface Admitted extends Found {
  readonly who: Identity;
  /** Empty on public routes. */
  readonly token: string;
}

/** What requests are let in by. */
export interface AdmissionParts {
  readonly router: Router;
  readonly authority: Authority;
  readonly rate: RateLimit;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
}

/**
 * Finds the route, the caller and whether that caller may; counts the caller: by token, and by address without a valid one. Throws what
 * {@link Router.find} does, 401, 429, 403, in this order.
 */
export async function admitted(request: IncomingMessage, parts: AdmissionParts): Promise<Admitted> {
  const found = foundBy(request, parts);
  if (found.route.need === 'public') {
    parts.rate.take(addressOf(request));
    return { ...found, who: NOBODY, token: '' };
  }
  const { who, token } = await identityOf(request, parts);
  parts.rate.take(`token ${who.tokenId}`);
  checkAllowed(who, found.route.need, found.params['tenant'] ?? null);
  return { ...found, who, token };
}

/** The route. What leads nowhere counts for its address, as everything else that comes without a valid token. */
function foundBy(request: IncomingMessage, { router, rate }: AdmissionParts): Found {
  try {
    return router.find(request.method ?? '', request.url ?? '');
  } catch (error) {
    rate.take(addressOf(request));
    throw error;
  }
}

/** Who shares in what may be under way: the tokens of a tenant together, the operators together, each address without a token. */
export function callerOf(request: IncomingMessage, who: Identity): string {
  if (who === NOBODY) return addressOf(request);
  return who.tenant === null ? 'operators' : `tenant ${who.tenant}`;
}

async function identityOf(request: IncomingMessage, parts: AdmissionParts): Promise<{ who: Identity; token: string }> {
  try {
    const token = bearerToken(request);
    return { who: await identified(parts.authority, token, parts.nowMs()), token };
  } catch (error) {
    if (refusalOf(error)?.status === 401) parts.rate.take(addressOf(request));
    throw error;
  }
}

function addressOf(request: IncomingMessage): string {
  return `address ${request.socket.remoteAddress ?? ''}`;
}
