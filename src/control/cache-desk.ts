/** What tenants and operators ask of the HTTP cache: to forget, and what it holds. */
import { cacheTenant } from '../cache/key.ts';
import type { Purge, PurgeSubject } from '../cache/purge.ts';
import type { TenantHome } from '../capability/stores.ts';
import { KerbError } from '../errors.ts';
import { parseAuthority } from '../http/authority.ts';
import { targetFault } from '../http/request-rules.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { TenantFigures } from '../runtime/tenant-counters.ts';
import type { CacheView, PurgeRequest } from './plane.ts';

/** The cache of the data threads. */
export interface CacheThreads {
  /** Settles when nothing that was purged is served any more, with how many responses it met. */
  purge(purge: Purge): Promise<number>;
  /** What is held of a tenant, as the cache calls it. */
  usage(tenant: string): Promise<{ readonly bytes: number; readonly entries: number }>;
}

/** The objects that guests keep ({@link ../capability/object-cache.ts}). Each answers how many were removed. */
export interface KeptObjects {
  purgeTag(home: TenantHome, tag: string): number;
  purgeAll(home: TenantHome): number;
}

/** What the desk works with. */
export interface CacheDeskOptions {
  readonly cache: CacheThreads;
  readonly objects: KeptObjects;
  readonly counters: { read(slot: number): TenantFigures };
  /** The deployment of a tenant that serves, if one does. */
  readonly serving: (tenant: string) => Deployment | undefined;
}

/** Answers for one process. */
export class CacheDesk {
  readonly #options: CacheDeskOptions;

  constructor(options: CacheDeskOptions) {
    this.#options = options;
  }

  /**
   * Purges responses on all data threads, and objects of guests, which have tags, no URLs, and are not made stale but removed. Settles
   * when it is done, with how many there were. Throws `bad_request` for a URL that nothing can be stored under. A tenant that serves
   * nothing has nothing stored.
   */
  async purge(tenant: string, { soft = false, ...what }: PurgeRequest): Promise<number> {
    const subject = subjectOf(what);
    const deployment = this.#options.serving(tenant);
    if (deployment === undefined) return 0;
    const removed = this.#removeObjects(deployment, subject);
    const purge: Purge = { tenant: nameOf(deployment), subject, mode: soft ? 'soft' : 'hard' };
    return removed + (await this.#options.cache.purge(purge));
  }

  /** What the cache holds of a tenant, and what it did for it since the process began or the tenant was made. */
  async view(tenant: string): Promise<CacheView> {
    const deployment = this.#options.serving(tenant);
    if (deployment === undefined) return { entries: 0, bytes: 0, quotaBytes: 0, requests: {} };
    const { bytes, entries } = await this.#options.cache.usage(nameOf(deployment));
    const requests = this.#options.counters.read(deployment.slot).cache;
    return { entries, bytes, quotaBytes: deployment.budgets.cacheBytes, requests };
  }

  #removeObjects({ tenant, grants }: Deployment, subject: PurgeSubject): number {
    const home = { tenant, madeMs: grants.stores.madeMs };
    if (subject.kind === 'url') return 0;
    const { objects } = this.#options;
    return subject.kind === 'tag' ? objects.purgeTag(home, subject.tag) : objects.purgeAll(home);
  }
}

function nameOf({ tenant, grants }: Deployment): string {
  return cacheTenant(tenant, grants.stores.madeMs);
}

function subjectOf({ url, tag }: Omit<PurgeRequest, 'soft'>): PurgeSubject {
  if (url !== undefined) return subjectOfUrl(url);
  return tag === undefined ? { kind: 'all' } : { kind: 'tag', tag };
}

const URL_PARTS = /^https?:\/\/([^/?#]*)([^#]*)/i;

/** The target is taken as it is written: keys are compared byte by byte, and a parser of URLs would tidy it up. */
function subjectOfUrl(url: string): PurgeSubject {
  const [, authority = '', rest = ''] = URL_PARTS.exec(url) ?? [];
  const host = parseAuthority(authority)?.host;
  const target = rest.startsWith('/') ? rest : `/${rest}`;
  if (host !== undefined && targetFault(target) === null) return { kind: 'url', host, target };
  throw new KerbError(
    'bad_request',
    'url: is not an http or https URL in visible ASCII; write it as clients request it, percent-encoded',
  );
}
