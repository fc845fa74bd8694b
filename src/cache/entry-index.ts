/** Entries by a word that several may have: a URL, a tag. */
import type { CacheEntry } from './entry.ts';

/** Sets of entries by their word. */
export class EntryIndex<Word extends string> {
  readonly #entries = new Map<Word, Set<CacheEntry>>();

  /** Those of a word now. */
  of(word: Word): readonly CacheEntry[] {
    return [...(this.#entries.get(word) ?? [])];
  }

  /** The entries as they are when they come; what is added meanwhile comes too. */
  each(word: Word): Iterator<CacheEntry, undefined> {
    return (this.#entries.get(word) ?? new Set<CacheEntry>()).values();
  }

  /** How many a word has. */
  count(word: Word): number {
    return this.#entries.get(word)?.size ?? 0;
  }

  /** Takes an entry in. */
  add(word: Word, entry: CacheEntry): void {
    const entries = this.#entries.get(word) ?? new Set<CacheEntry>();
    this.#entries.set(word, entries);
    entries.add(entry);
  }

  /** Forgets an entry. */
  remove(word: Word, entry: CacheEntry): void {
    const entries = this.#entries.get(word);
    entries?.delete(entry);
    if (entries?.size === 0) this.#entries.delete(word);
  }
}
