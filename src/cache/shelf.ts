/** The stored responses of one tenant, least recently used first, with what finds them again: by URL, by tag. */
import { LRUCache } from 'lru-cache';
import type { HeaderList } from '../http/headers.ts';
import type { CacheEntry } from './entry.ts';
import { Family } from './family.ts';
import { urlOf, type PrimaryKey, type UrlKey } from './key.ts';
import { EntryIndex } from './entry-index.ts';
import { MAX_SWEEPS, PURGED_PER_TURN } from './limits.ts';
import { PurgeLog } from './purge-log.ts';

/** How an entry is purged: `hard` removes it, `soft` makes it stale, so that it can be validated or served on failure. */
export type PurgeMode = 'hard' | 'soft';

/** A response on its way, from before its request left: what was purged since then does not come back with it. */
export interface Fill {
  readonly shelf: Shelf;
  readonly key: PrimaryKey;
  readonly url: UrlKey;
  /** The purges of its tenant that had happened when it began. */
  readonly generation: number;
  /** `false` once it was closed. */
  isOpen: boolean;
}

/** What all shelves hold together. */
export interface Ledger {
  bytes: number;
  /** Hears of each URL of which something was stored, removed or made stale. */
  readonly onChange: (url: UrlKey) => void;
  /** Hears of a tenant of which that happened to many at once. */
  readonly onTenantChange: (tenant: string) => void;
  /** Does a step of work in a later turn. */
  readonly later: (step: () => void) => void;
}

/** A purge that is in force and has yet to take out what it is about: entries with a tag, stored before it. */
interface Sweep {
  readonly tag: string;
  readonly mode: PurgeMode;
  readonly atMs: number;
  readonly rest: Iterator<CacheEntry, undefined>;
}

/** One tenant's part of the store. Its bytes are counted; evicting is its owner's business. */
export class Shelf {
  #entries: LRUCache<CacheEntry, CacheEntry>;
  #families = new Map<PrimaryKey, Family>();
  #byUrl = new EntryIndex<UrlKey>();
  #byTag = new EntryIndex<string>();
  readonly #sweeps = new Set<Sweep>();
  /** Of the last purge that made many stale at once: everything that was stored before is. */
  #allStaleSinceMs = -Infinity;
  readonly #purges = new PurgeLog();
  readonly #ledger: Ledger;
  #fillingBytes = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#entries = this.#noEntries();
  }

  #noEntries(): LRUCache<CacheEntry, CacheEntry> {
    return new LRUCache({
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: (entry) => entry.bytes,
      dispose: (entry) => this.#unlink(entry),
    });
  }

  /** Bytes of entries, and of responses that are being taken in. */
  get bytes(): number {
    return this.#entries.calculatedSize + this.#fillingBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether nothing is lost when it is forgotten. */
  get isIdle(): boolean {
    return this.#entries.size === 0 && this.#purges.openFills === 0;
  }

  /** The variants of a URL, or `undefined` when none is stored. */
  family(key: PrimaryKey): Family | undefined {
    return this.#families.get(key);
  }

  /** The entry for a request, which becomes the most recently used. */
  find(key: PrimaryKey, headers: HeaderList): CacheEntry | undefined {
    const entry = this.#families.get(key)?.find(headers);
    if (entry === undefined || !this.#survives(entry)) return undefined;
    return this.#entries.get(entry);
  }

  /** Says that a response for `key` has been asked for. Every fill is {@link close}d. */
  open(key: PrimaryKey): Fill {
    return { shelf: this, key, url: urlOf(key), generation: this.#purges.open(), isOpen: true };
  }

  /** Counts bytes of responses that are being taken in; negative when they are given back. */
  countFilling(bytes: number): void {
    this.#fillingBytes += bytes;
    this.#ledger.bytes += bytes;
  }

  /** Whether nothing that a fill belongs to was purged since it began. */
  isCurrent(fill: Fill, tags: ReadonlySet<string>): boolean {
    return !this.#purges.hasPurged(fill, tags);
  }

  /** Says that a fill is over, whatever came of it. Idempotent. */
  close(fill: Fill): void {
    if (!fill.isOpen) return;
    fill.isOpen = false;
    this.#purges.close();
  }

  /** Takes an entry in; `false`, and nothing changes, when what it belongs to was purged after its fill began. */
  add(fill: Fill, entry: CacheEntry): boolean {
    if (this.#purges.hasPurged(fill, entry.place.tags)) return false;
    const family = this.#families.get(fill.key) ?? new Family();
    this.#families.set(fill.key, family);
    const gone = family.add(entry);
    for (const old of gone) this.#entries.delete(old);
    this.#byUrl.add(fill.url, entry);
    for (const tag of entry.place.tags) this.#byTag.add(tag, entry);
    this.#entries.set(entry, entry);
    this.#ledger.bytes += entry.bytes;
    this.#ledger.onChange(fill.url);
    return true;
  }

  /** Removes one entry. */
  remove(entry: CacheEntry): void {
    this.#entries.delete(entry);
  }

  /** Removes the least recently used entry; `false` when there is none. */
  evict(): boolean {
    return this.#entries.pop() !== undefined;
  }

  /** Purges all that is stored of a URL: variants, schemes, ports and what apps add to keys. Answers how many entries that were. */
  purgeUrl(url: UrlKey, mode: PurgeMode, nowMs: number): number {
    this.#purges.url(url);
    return this.#purge(this.#byUrl.of(url), mode, nowMs);
  }

  /** Purges every entry with a tag. Answers how many there were. */
  purgeTag(tag: string, mode: PurgeMode, nowMs: number): number {
    this.#purges.tag(tag);
    const count = this.#byTag.count(tag);
    if (count <= PURGED_PER_TURN || this.#sweeps.size >= MAX_SWEEPS)
      return this.#purge(this.#byTag.of(tag), mode, nowMs);
    const sweep: Sweep = { tag, mode, atMs: nowMs, rest: this.#byTag.each(tag) };
    this.#sweeps.add(sweep);
    this.#changedAll();
    this.#step(sweep);
    return count;
  }

  /** Purges everything. Answers how many entries there were. */
  purgeAll(mode: PurgeMode, nowMs: number): number {
    this.#purges.all();
    const { size } = this.#entries;
    if (size <= PURGED_PER_TURN) return this.#purge([...this.#entries.keys()], mode, nowMs);
    this.#changedAll();
    if (mode === 'soft') this.#allStaleSinceMs = nowMs;
    else this.#dropAll();
    return size;
  }

  /** Makes an entry stale from now on, unless it was made so before. */
  expire(entry: CacheEntry, nowMs: number): void {
    entry.staleSinceMs ??= nowMs;
    this.#ledger.onChange(urlOf(entry.place.key));
  }

  /** Lets go of everything at once: entry by entry it would take seconds for a large tenant. */
  #dropAll(): void {
    this.#ledger.bytes -= this.#entries.calculatedSize;
    this.#sweeps.clear();
    this.#entries = this.#noEntries();
    this.#families = new Map();
    this.#byUrl = new EntryIndex();
    this.#byTag = new EntryIndex();
  }

  #changedAll(): void {
    const [first] = this.#entries.keys();
    if (first !== undefined) this.#ledger.onTenantChange(first.place.tenant);
  }

  /** Takes a part out, and the rest in later turns. */
  #step(sweep: Sweep): void {
    if (!this.#sweeps.has(sweep)) return;
    for (let met = 0; met < PURGED_PER_TURN; met++) {
      const entry = sweep.rest.next().value;
      if (entry === undefined) return void this.#sweeps.delete(sweep);
      if (entry.head.storedAtMs <= sweep.atMs) this.#purge([entry], sweep.mode, sweep.atMs);
    }
    this.#ledger.later(() => this.#step(sweep));
  }

  /** Whether an entry is still there for all purges that are in force; what they make stale is. */
  #survives(entry: CacheEntry): boolean {
    const { storedAtMs } = entry.head;
    if (storedAtMs <= this.#allStaleSinceMs) entry.staleSinceMs ??= this.#allStaleSinceMs;
    for (const { tag, mode, atMs } of this.#sweeps) {
      if (storedAtMs > atMs || !entry.place.tags.has(tag)) continue;
      if (mode === 'hard') return false;
      entry.staleSinceMs ??= atMs;
    }
    return true;
  }

  #purge(entries: readonly CacheEntry[], mode: PurgeMode, nowMs: number): number {
    for (const entry of entries) {
      if (mode === 'hard') this.#entries.delete(entry);
      else this.expire(entry, nowMs);
    }
    return entries.length;
  }

  #unlink(entry: CacheEntry): void {
    this.#ledger.bytes -= entry.bytes;
    const { key, tags } = entry.place;
    const url = urlOf(key);
    const family = this.#families.get(key);
    family?.remove(entry);
    if (family?.size === 0) this.#families.delete(key);
    this.#byUrl.remove(url, entry);
    for (const tag of tags) this.#byTag.remove(tag, entry);
    this.#ledger.onChange(url);
  }
}
