/** All stored responses of one URL, found by the request fields that select among them. */
import type { HeaderList } from '../http/headers.ts';
import type { CacheEntry } from './entry.ts';
import { MAX_VARIANTS } from './limits.ts';
import { preferredLanguage, varyValues } from './vary.ts';

/** Entries that vary on the same fields, by the values of these. */
interface Group {
  readonly names: readonly string[];
  readonly entries: Map<string, CacheEntry>;
}

/**
 * The variants of one URL. A URL whose `Vary` changes has several groups; usually it has one, and a lookup normalises the
 * request's fields once.
 */
export class Family {
  readonly #groups = new Map<string, Group>();
  /** In order of arrival. */
  readonly #entries = new Set<CacheEntry>();

  get size(): number {
    return this.#entries.size;
  }

  /** Every entry, oldest first. */
  entries(): Iterable<CacheEntry> {
    return this.#entries;
  }

  /** Every request field that some entry varies on, in lower case. */
  variedNames(): ReadonlySet<string> {
    return new Set([...this.#groups.values()].flatMap(({ names }) => names));
  }

  /** A text that is equal for requests which no `Vary` that is known so far tells apart. */
  selectorOf(headers: HeaderList): string {
    let selector = '';
    for (const { names } of this.#groups.values()) selector += `${names.join(',')}=${varyValues(names, headers)}\n`;
    return selector;
  }

  /** The entry that `headers` select; of several the newest (RFC 9111 §4.1). */
  find(headers: HeaderList): CacheEntry | undefined {
    let found: CacheEntry | undefined;
    for (const { names, entries } of this.#groups.values()) {
      const entry = entries.get(varyValues(names, headers)) ?? byLanguage(names, entries, headers);
      if (entry !== undefined && (found === undefined || entry.head.storedAtMs >= found.head.storedAtMs)) found = entry;
    }
    return found;
  }

  /** Takes an entry in. Answers those that have to go for it: the one in its place, and the oldest of too many. */
  add(entry: CacheEntry): CacheEntry[] {
    const { varyNames, varyValues: values } = entry.place;
    const groupKey = varyNames.join(',');
    const group = this.#groups.get(groupKey) ?? { names: varyNames, entries: new Map<string, CacheEntry>() };
    this.#groups.set(groupKey, group);
    const gone = [group.entries.get(values)].filter((old) => old !== undefined);
    group.entries.set(values, entry);
    this.#entries.add(entry);
    for (const old of this.#entries) {
      if (this.#entries.size - gone.length <= MAX_VARIANTS) break;
      if (!gone.includes(old)) gone.push(old);
    }
    return gone;
  }

  /** Forgets an entry. */
  remove(entry: CacheEntry): void {
    if (!this.#entries.delete(entry)) return;
    const { varyNames, varyValues: values } = entry.place;
    const groupKey = varyNames.join(',');
    const group = this.#groups.get(groupKey);
    if (group?.entries.get(values) !== entry) return;
    group.entries.delete(values);
    if (group.entries.size === 0) this.#groups.delete(groupKey);
  }
}

/** The entry of a group that varies on the language alone, in the one language that the request prefers to all others. */
function byLanguage(
  names: readonly string[],
  entries: ReadonlyMap<string, CacheEntry>,
  headers: HeaderList,
): CacheEntry | undefined {
  if (names.length !== 1 || names[0] !== 'accept-language') return undefined;
  const language = preferredLanguage(headers);
  if (language === null) return undefined;
  for (const entry of entries.values()) {
    if (entry.head.headers.get('content-language')?.toLowerCase() === language) return entry;
  }
  return undefined;
}
