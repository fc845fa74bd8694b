/** Conditional changes: a tenant at the revision that somebody has seen (RFC 9110 §13.1.1). */
import { KerbError } from '../errors.ts';
import type { TenantRecord } from '../store/records.ts';

/** Throws `precondition_failed` unless the tenant is at `ifRevision`; `null`: any will do. */
export function requireRevision(
  { name, revision }: Pick<TenantRecord, 'name' | 'revision'>,
  ifRevision: number | null,
): void {
  if (ifRevision === null || ifRevision === revision) return;
  throw new KerbError('precondition_failed', `${name} is at revision ${revision}, not ${ifRevision}; look at it again`);
}
