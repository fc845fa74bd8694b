/** What was purged while responses are on their way, or objects are made. */
import { MAX_PENDING_PURGE_CHARS, MAX_PENDING_PURGES } from './limits.ts';

/** A response on its way: its URL, of an object its key, and the generation at which it was asked for. */
export interface Begun {
  readonly url: string;
  readonly generation: number;
}

/** What was purged while fills are open: each purge is a generation, and is remembered until no fill is older than it. */
export class PurgeLog {
  #generation = 0;
  #allPurgedAt = 0;
  #openFills = 0;
  #chars = 0;
  readonly #urls = new Map<string, number>();
  readonly #tags = new Map<string, number>();

  /** Responses that are on their way. */
  get openFills(): number {
    return this.#openFills;
  }

  /** Counts one in, and answers the generation now. */
  open(): number {
    this.#openFills++;
    return this.#generation;
  }

  /** Counts one out. */
  close(): void {
    this.#openFills--;
    if (this.#openFills === 0) this.#forget();
  }

  /** Notes that a URL was purged. */
  url(url: string): void {
    this.#note(this.#urls, url);
  }

  /** Notes that a tag was purged. */
  tag(tag: string): void {
    this.#note(this.#tags, tag);
  }

  /** Notes that everything was purged. */
  all(): void {
    this.#allPurgedAt = ++this.#generation;
    this.#forget();
  }

  /** Whether what was asked for then has been purged since, by its URL, one of its tags, or with everything. */
  hasPurged({ url, generation }: Begun, tags: ReadonlySet<string>): boolean {
    if (this.#allPurgedAt > generation || (this.#urls.get(url) ?? 0) > generation) return true;
    for (const tag of tags) if ((this.#tags.get(tag) ?? 0) > generation) return true;
    return false;
  }

  /** Where there is too much to remember, every fill that is open is dropped instead. */
  #note(purged: Map<string, number>, word: string): void {
    this.#generation++;
    if (this.#openFills === 0) return;
    if (!purged.has(word)) this.#chars += word.length;
    purged.set(word, this.#generation);
    if (this.#urls.size + this.#tags.size > MAX_PENDING_PURGES || this.#chars > MAX_PENDING_PURGE_CHARS) this.all();
  }

  #forget(): void {
    this.#chars = 0;
    this.#urls.clear();
    this.#tags.clear();
  }
}
