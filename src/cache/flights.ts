/** Requests that are on their way to a backend, which others for the same response wait for. */
import type { HeaderList } from '../http/headers.ts';
import type { CacheEntry, Place, StoredHead } from './entry.ts';
import { HIT_FOR_PASS_MS, MAX_HIT_FOR_PASS_CHARS, MAX_HIT_FOR_PASS_MARKS } from './limits.ts';
import { satisfies } from './plan.ts';
import type { SharedBody } from './shared-body.ts';
import type { Fill } from './shelf.ts';

/** What came of the leader's request, for those who waited. */
export type Landing =
  /** A response that is being stored: they read along, if their requests select it. */
  | { readonly kind: 'stream'; readonly place: Place; readonly head: StoredHead; readonly body: SharedBody }
  /** An entry that was validated, or that serves because the backend failed. */
  | { readonly kind: 'entry'; readonly entry: CacheEntry; readonly isError: boolean }
  /** Nothing that others may have: each goes on its own. */
  | { readonly kind: 'released' }
  /** The backend could not be asked. */
  | { readonly kind: 'failed'; readonly error: unknown };

const NO_TAGS: ReadonlySet<string> = new Set();

/** One request of a leader. */
export class Flight {
  readonly fill: Fill;
  /** What it brings, once that has begun to arrive. */
  arriving: { readonly head: StoredHead; readonly place: Place } | null = null;
  /** Never rejects. */
  readonly landing: Promise<Landing>;
  /** Gives the request up. */
  readonly abandoning = new AbortController();
  /** Those who wait for it. */
  waiting = 0;
  hasLanded = false;
  readonly #land: (landing: Landing) => void;

  constructor(fill: Fill) {
    this.fill = fill;
    const { promise, resolve } = Promise.withResolvers<Landing>();
    this.landing = promise;
    this.#land = resolve;
  }

  /** Tells those who wait. Only the first call counts. */
  land(landing: Landing): void {
    this.hasLanded = true;
    this.#land(landing);
  }
}

/**
 * Flights by what they fetch: a URL and the request fields that its known variants differ in. And, for a while, the marks of
 * those that brought nothing to share, for which nobody waits again.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  /** Until when nobody waits, in order of making. */
  readonly #marks = new Map<string, number>();
  #markedChars = 0;

  /**
   * The flight that a request may wait for: nothing was purged from it since it began, and what has begun to arrive is as
   * fresh as the request demands.
   */
  joinable(name: string, headers: HeaderList, nowMs: number): Flight | undefined {
    const flight = this.#flights.get(name);
    if (flight === undefined) return undefined;
    const { fill, arriving } = flight;
    if (!fill.shelf.isCurrent(fill, arriving?.place.tags ?? NO_TAGS)) return undefined;
    return arriving === null || satisfies(arriving.head, headers, nowMs) ? flight : undefined;
  }

  /** Lets others wait for `flight`, until {@link end}. */
  begin(name: string, flight: Flight): void {
    this.#flights.set(name, flight);
  }

  /** Lets nobody else wait. Another flight of the same name stays. */
  end(name: string, flight: Flight): void {
    if (this.#flights.get(name) === flight) this.#flights.delete(name);
  }

  /** Says that the answer could not be shared. */
  mark(name: string, nowMs: number): void {
    this.unmark(name);
    this.#marks.set(name, nowMs + HIT_FOR_PASS_MS);
    this.#markedChars += name.length;
    for (const oldest of this.#marks.keys()) {
      if (this.#marks.size <= MAX_HIT_FOR_PASS_MARKS && this.#markedChars <= MAX_HIT_FOR_PASS_CHARS) return;
      this.unmark(oldest);
    }
  }

  /** Says that an answer could be shared after all. */
  unmark(name: string): void {
    if (this.#marks.delete(name)) this.#markedChars -= name.length;
  }

  /** Whether the last answer could not be shared, and that was a short while ago. */
  isMarked(name: string, nowMs: number): boolean {
    const until = this.#marks.get(name);
    if (until === undefined) return false;
    if (until > nowMs) return true;
    this.unmark(name);
    return false;
  }
}
