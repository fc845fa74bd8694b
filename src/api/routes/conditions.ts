/** What routes of one tenant have in common: who does it, at which revision, and whether the tenant can be changed here. */
import { isUtf8 } from 'node:buffer';
import { decodeBase64url } from '../../auth/base64url.ts';
import type { ControlPlane, Doing, TenantView } from '../../control/plane.ts';
import type { PageRequest } from '../../store/store.ts';
import { KerbError } from '../../errors.ts';
import { etag, json, type Answer } from '../answer.ts';
import type { Identity } from '../../auth/scopes.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import { badRequest } from '../refusal.ts';
import type { AnswerDeclaration } from '../route.ts';
import { tenantJson, tenantView } from '../views.ts';

/** What of a call says who does it, and on which condition. */
export interface Asking {
  readonly who: Identity;
  readonly ifMatch: readonly number[] | null;
}

/**
 * Who does it, and the revision that the tenant must have. Throws `precondition_failed` when `If-Match` does not list the one it has
 * now, and `not_found`.
 */
export function doing(plane: ControlPlane, tenant: string, { who, ifMatch }: Asking): Doing {
  if (ifMatch === null) return { actor: who.subject, ifRevision: null };
  const { revision } = plane.tenant(tenant);
  if (!ifMatch.includes(revision)) {
    throw new KerbError('precondition_failed', `the tenant is at revision ${revision}; look again and repeat`);
  }
  return { actor: who.subject, ifRevision: revision };
}

/**
 * The tenant, for a change that the plane does not see. Throws `not_found`, `precondition_failed`, and `conflict` for a tenant of the
 * tenants folder.
 */
export function changeable(plane: ControlPlane, name: string, asking: Asking): TenantView {
  const tenant = plane.tenant(name);
  if (tenant.source === 'folder') {
    throw new KerbError('conflict', `the tenant ${name} is managed by the tenants folder; change it there`);
  }
  doing(plane, name, asking);
  return tenant;
}

/** The part of a list that a query asks for. */
export function pageRequest(query: { limit?: number | undefined; cursor?: string | undefined }): PageRequest {
  return { limit: query.limit ?? REQUEST_LIMITS.pageItems, cursor: query.cursor ?? null };
}

/** A list that is whole in memory, cut as the query asks. The cursor is the last item's key in base64url; another throws 400. */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: PageRequest,
): { readonly items: readonly T[]; readonly next: string | null } {
  const sorted = [...items].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const after = cursor === null ? null : keyIn(cursor);
  const rest = after === null ? sorted : sorted.filter((item) => keyOf(item) > after);
  const part = rest.slice(0, limit);
  const last = part.at(-1);
  const more = rest.length > part.length && last !== undefined;
  return { items: part, next: more ? Buffer.from(keyOf(last), 'utf8').toString('base64url') : null };
}

function keyIn(cursor: string): string {
  const bytes = decodeBase64url(cursor);
  if (bytes === null || !isUtf8(bytes)) throw badRequest('the cursor is not one of this list; start without one');
  return Buffer.from(bytes).toString('utf8');
}

/** A tenant with its revision as the entity tag. */
export function tenantAnswer(
  status: number,
  tenant: TenantView,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(status, tenantView(tenant), { ...etag(tenant.revision), ...headers });
}

/** The answer of everything that changes a tenant. */
export const TENANT_ANSWER: Readonly<Record<number, AnswerDeclaration>> = {
  200: { description: 'The tenant; its revision is the ETag.', schema: tenantJson },
};
