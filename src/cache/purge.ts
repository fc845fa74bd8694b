/** What can be purged, and how. */
import type { HttpCache } from './http-cache.ts';
import type { PurgeMode } from './shelf.ts';

/** Which of a tenant's stored responses a purge is about. */
export type PurgeSubject =
  /** One URL: all variants, schemes and ports, and whatever the app adds to keys. */
  | { readonly kind: 'url'; readonly host: string; readonly target: string }
  /** What was stored with a tag. */
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'all' };

/** A purge. */
export interface Purge {
  readonly tenant: string;
  readonly subject: PurgeSubject;
  readonly mode: PurgeMode;
}

/** Carries a purge out in one cache. Answers how many responses it met. */
export function purgeFrom(cache: HttpCache, { tenant, subject, mode }: Purge): number {
  switch (subject.kind) {
    case 'url':
      return cache.purgeUrl({ ...subject, tenant }, mode);
    case 'tag':
      return cache.purgeTag(tenant, subject.tag, mode);
    case 'all':
      return cache.purgeAll(tenant, mode);
  }
}
