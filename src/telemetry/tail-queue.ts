/** Gathers, on a data thread, what live tails are told: nothing for tenants that nobody follows, and never more than a batch. */
import { weightOf, type TailBatch, type TailEntry } from './tail-entry.ts';

/** A batch goes out when its first entry is this old, and the one before was taken. */
const FLUSH_MS = 100;

/** Entries of one tenant in a batch. 5,000 a second and thread: more than anybody reads; what comes beyond is dropped and counted. */
export const MAX_TAIL_ENTRIES = 500;

/** Characters of one tenant in a batch ({@link weightOf}), for entries that are long. 256 Ki: 2.5 MiB a second. */
export const MAX_TAIL_CHARS = 256 * 1024;

interface Gathering {
  entries: TailEntry[];
  chars: number;
  dropped: number;
}

/**
 * Entries on their way to the main thread. At most one message of batches is on its way: the next waits until that was
 * {@link taken}, so that a main thread that is busy finds one message of each thread and not a backlog.
 */
export class TailQueue {
  readonly #send: (batches: readonly TailBatch[]) => void;
  readonly #followed = new Map<string, Gathering>();
  #onItsWay = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (batches: readonly TailBatch[]) => void) {
    this.#send = send;
  }

  /** Whether anybody is followed. */
  get active(): boolean {
    return this.#followed.size > 0;
  }

  /** Whether a tenant is followed; `null` is nobody. Costs one comparison when nobody is. */
  follows(tenant: string | null): boolean {
    return this.#followed.size > 0 && tenant !== null && this.#followed.has(tenant);
  }

  /** Follows a tenant from now on. */
  follow(tenant: string): void {
    if (!this.#followed.has(tenant)) this.#followed.set(tenant, { entries: [], chars: 0, dropped: 0 });
  }

  /** Follows it no longer, and forgets what has gathered for it. */
  unfollow(tenant: string): void {
    this.#followed.delete(tenant);
  }

  /** Adds an entry of a tenant that is followed; others are ignored. Counted as dropped when there is no room. */
  add(entry: TailEntry): void {
    const gathering = this.#followed.get(entry.tenant);
    if (gathering === undefined) return;
    const chars = weightOf(entry);
    // Once something was dropped the rest is too, so that what is left out is one gap at the end.
    const full = gathering.entries.length >= MAX_TAIL_ENTRIES || gathering.chars + chars > MAX_TAIL_CHARS;
    if (full || gathering.dropped > 0) gathering.dropped += 1;
    else {
      gathering.entries.push(entry);
      gathering.chars += chars;
    }
    this.#arm();
  }

  /** The last message of batches has been taken: another may follow. */
  taken(): void {
    this.#onItsWay = false;
    if ([...this.#followed.values()].some(hasGathered)) this.#arm();
  }

  /** Sends what has gathered, if anything, without waiting for what is on its way. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batches: TailBatch[] = [];
    for (const [tenant, gathering] of this.#followed) {
      if (!hasGathered(gathering)) continue;
      batches.push({ tenant, entries: gathering.entries, dropped: gathering.dropped });
      this.#followed.set(tenant, { entries: [], chars: 0, dropped: 0 });
    }
    if (batches.length === 0) return;
    this.#onItsWay = true;
    this.#send(batches);
  }

  #arm(): void {
    if (!this.#onItsWay) this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }
}

function hasGathered({ entries, dropped }: Gathering): boolean {
  return entries.length > 0 || dropped > 0;
}
