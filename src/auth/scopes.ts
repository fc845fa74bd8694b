/** Who a token speaks for and what it may do: the closed list of scopes, what each includes, and what may be handed on. */
import { KerbError } from '../errors.ts';

/** What each scope includes. `operator` is everything; the others hold for the tenant of the token only. */
const INCLUDED = {
  operator: ['operator', 'tenant:deploy', 'tenant:read'],
  'tenant:deploy': ['tenant:deploy', 'tenant:read'],
  'tenant:read': ['tenant:read'],
} as const satisfies Record<string, readonly string[]>;

/** What a token may do. */
export type Scope = keyof typeof INCLUDED;

/** Every scope, the widest first. */
export const SCOPES: readonly Scope[] = Object.freeze(['operator', 'tenant:deploy', 'tenant:read']);

/** Who sends a request: what is left of a token once it is verified. */
export interface Identity {
  /** For the audit log. It has a colon only after the name of another issuer, which vouches for the rest. */
  readonly subject: string;
  readonly scopes: readonly Scope[];
  /** The only tenant that its scopes hold for; `null` exactly when it has `operator`. */
  readonly tenant: string | null;
  /** The token's `jti`; of another issuer `name:jti`. */
  readonly tokenId: string;
  /** Since the epoch. Nothing that the token opened should outlive it. */
  readonly expiresMs: number;
  /** The token was for one request, and this is it. */
  readonly once: boolean;
}

/** What is asked for a token that is to be minted. */
export interface Grant {
  readonly scopes: readonly Scope[];
  readonly tenant: string | null;
  readonly expiresMs: number;
}

/** Whether a word is a scope. */
export function isScope(word: string): word is Scope {
  return Object.hasOwn(INCLUDED, word);
}

/** Scopes each once, the widest first. */
export function orderedScopes(scopes: Iterable<Scope>): Scope[] {
  const given = new Set(scopes);
  return SCOPES.filter((scope) => given.has(scope));
}

/** Whether scopes and tenant go together: `operator` belongs to no tenant, the others to one, and none is none at all. */
export function isConsistent({ scopes, tenant }: Pick<Grant, 'scopes' | 'tenant'>): boolean {
  return scopes.length > 0 && scopes.includes('operator') === (tenant === null);
}

/** Whether someone may do what needs `need`, to `tenant`; `null`: to no tenant in particular, which only `operator` covers. */
export function allows(
  { scopes, tenant: own }: Pick<Identity, 'scopes' | 'tenant'>,
  need: Scope,
  tenant: string | null,
): boolean {
  const includes = (scope: Scope): boolean => INCLUDED[scope].some((included) => included === need);
  if (scopes.includes('operator')) return true;
  return tenant !== null && own === tenant && scopes.some(includes);
}

/**
 * Refuses, with `forbidden`, a grant that is wider than who asks for it: in scopes, tenant, life, or number of uses. Only
 * `operator` and `tenant:deploy` mint at all.
 */
export function assertNarrower(identity: Identity, grant: Grant): void {
  const fault = mintingFault(identity, grant);
  if (fault !== null) throw new KerbError('forbidden', fault);
}

function mintingFault(identity: Identity, grant: Grant): string | null {
  if (identity.once) return 'a token for one use cannot ask for others; use one that is not';
  if (!allows(identity, 'tenant:deploy', grant.tenant))
    return 'this token cannot ask for tokens of that tenant; use one with tenant:deploy for it, or with operator';
  if (!grant.scopes.every((scope) => allows(identity, scope, grant.tenant)))
    return 'the scopes asked for are wider than those of this token; ask for fewer';
  if (grant.expiresMs > identity.expiresMs)
    return 'the token asked for would outlive this one; ask for a shorter ttlSeconds';
  return null;
}
