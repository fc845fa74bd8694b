/** Every tenant's stored responses within one process: what they weigh together, and who gives way. */
import type { HeaderList } from '../http/headers.ts';
import type { CacheEntry } from './entry.ts';
import type { Family } from './family.ts';
import { urlKey, type KeyParts, type PrimaryKey, type UrlKey } from './key.ts';
import { Shelf, type Fill, type Ledger, type PurgeMode } from './shelf.ts';

/** How much may be stored. */
export interface StoreLimits {
  /** Bytes of all entries and of responses on their way. Past it, the tenant that holds most gives way. */
  readonly maxBytes: number;
  /** Bytes that a tenant may hold; asked at every store, so that it may change. Past it, its own oldest entries go. */
  readonly quotaBytes: (tenant: string) => number;
  /** Hears of each URL of which something was stored, removed or made stale. */
  readonly onChange?: ((url: UrlKey) => void) | undefined;
  /** Hears of each tenant of which that happened to many at once. */
  readonly onTenantChange?: ((tenant: string) => void) | undefined;
  /** Does a step of work in a later turn of the event loop; by default the next. */
  readonly later?: ((step: () => void) => void) | undefined;
}

/**
 * Entries of all tenants. One tenant cannot evict another's by storing much: over its quota it evicts its own, and when
 * the process is full, it is the largest who gives way.
 */
export class CacheStore {
  readonly #limits: StoreLimits;
  readonly #shelves = new Map<string, Shelf>();
  readonly #ledger: Ledger;

  constructor(limits: StoreLimits) {
    this.#limits = limits;
    const { onChange = ignore, onTenantChange = ignore, later = setImmediate } = limits;
    this.#ledger = { bytes: 0, onChange, onTenantChange, later: (step) => void later(step) };
  }

  /** Bytes held, of one tenant or of all. */
  bytes(tenant?: string): number {
    return tenant === undefined ? this.#ledger.bytes : (this.#shelves.get(tenant)?.bytes ?? 0);
  }

  /** Entries held, of one tenant or of all. */
  size(tenant?: string): number {
    if (tenant !== undefined) return this.#shelves.get(tenant)?.size ?? 0;
    let size = 0;
    for (const shelf of this.#shelves.values()) size += shelf.size;
    return size;
  }

  /** The entry that a request selects. */
  find(tenant: string, key: PrimaryKey, headers: HeaderList): CacheEntry | undefined {
    return this.#shelves.get(tenant)?.find(key, headers);
  }

  /** The variants of a URL. */
  family(tenant: string, key: PrimaryKey): Family | undefined {
    return this.#shelves.get(tenant)?.family(key);
  }

  /** Says that a response has been asked for; to be called before the request leaves, and {@link close}d after all. */
  open(tenant: string, key: PrimaryKey): Fill {
    const shelf = this.#shelves.get(tenant) ?? new Shelf(this.#ledger);
    this.#shelves.set(tenant, shelf);
    return shelf.open(key);
  }

  /** Says that a fill is over. */
  close(tenant: string, fill: Fill): void {
    fill.shelf.close(fill);
    this.#forgetIdle(tenant);
  }

  /**
   * Takes `bytes` of a response that is on its way onto its tenant's account, for which entries may have to go. `false`, and
   * nothing is taken, when they fit in neither quota nor process.
   */
  reserve(tenant: string, fill: Fill, bytes: number): boolean {
    fill.shelf.countFilling(bytes);
    if (this.#makeRoom(tenant, fill.shelf)) return true;
    fill.shelf.countFilling(-bytes);
    return false;
  }

  /** Gives back what {@link reserve} took. */
  release(fill: Fill, bytes: number): void {
    fill.shelf.countFilling(-bytes);
  }

  /**
   * Stores a complete response in place of what its request selected before. `false` when it is not kept: it was purged
   * while it came, or is larger than the quota.
   */
  add(fill: Fill, entry: CacheEntry): boolean {
    const { tenant } = entry.place;
    if (entry.bytes > Math.min(this.#limits.quotaBytes(tenant), this.#limits.maxBytes)) return false;
    if (!fill.shelf.add(fill, entry)) return false;
    this.#makeRoom(tenant, fill.shelf);
    return true;
  }

  /** Removes one entry. */
  remove(entry: CacheEntry): void {
    this.#shelves.get(entry.place.tenant)?.remove(entry);
    this.#forgetIdle(entry.place.tenant);
  }

  /** Makes one entry stale. */
  expire(entry: CacheEntry, nowMs: number): void {
    this.#shelves.get(entry.place.tenant)?.expire(entry, nowMs);
  }

  /** Purges all that is stored of a URL; responses for it that are on their way are not stored. Answers how many entries there were. */
  purgeUrl(url: Pick<KeyParts, 'tenant' | 'host' | 'target'>, mode: PurgeMode, nowMs: number): number {
    return this.#purge(url.tenant, (shelf) => shelf.purgeUrl(urlKey(url), mode, nowMs));
  }

  /** Purges a tag of a tenant, likewise. */
  purgeTag(tenant: string, tag: string, mode: PurgeMode, nowMs: number): number {
    return this.#purge(tenant, (shelf) => shelf.purgeTag(tag, mode, nowMs));
  }

  /** Purges everything of a tenant, likewise. */
  purgeAll(tenant: string, mode: PurgeMode, nowMs: number): number {
    return this.#purge(tenant, (shelf) => shelf.purgeAll(mode, nowMs));
  }

  #purge(tenant: string, purge: (shelf: Shelf) => number): number {
    const shelf = this.#shelves.get(tenant);
    if (shelf === undefined) return 0;
    const count = purge(shelf);
    this.#forgetIdle(tenant);
    return count;
  }

  /** Evicts until the tenant is within its quota and the process within its cap; `false` when that cannot be had. */
  #makeRoom(tenant: string, own: Shelf): boolean {
    const quota = this.#limits.quotaBytes(tenant);
    while (own.bytes > quota) if (!own.evict()) return false;
    while (this.#ledger.bytes > this.#limits.maxBytes) if (!this.#largest()?.evict()) return false;
    return true;
  }

  /** The shelf with most bytes among those that have entries to give. */
  #largest(): Shelf | undefined {
    let largest: Shelf | undefined;
    for (const shelf of this.#shelves.values()) {
      if (shelf.size > 0 && shelf.bytes > (largest?.bytes ?? 0)) largest = shelf;
    }
    return largest;
  }

  #forgetIdle(tenant: string): void {
    if (this.#shelves.get(tenant)?.isIdle === true) this.#shelves.delete(tenant);
  }
}

function ignore(): void {}
