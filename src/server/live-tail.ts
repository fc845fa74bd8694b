/** Live tails on the main thread: who follows which tenant, and what they are told. */
import type { TailBatch, TailEntry } from '../telemetry/tail-entry.ts';
import type { ToDataThread } from './thread-messages.ts';

/** Hears of entries, one by one. Never throws and never waits: it runs in the turn of the event loop that brought them. */
export type TailListener = (entry: TailEntry) => void;

/** Tells every data thread whom to follow, as long as somebody listens. */
export class LiveTail {
  readonly #sayAll: (message: ToDataThread) => void;
  readonly #listeners = new Map<string, Set<{ readonly hear: TailListener }>>();
  #dropped = 0;

  constructor(sayAll: (message: ToDataThread) => void) {
    this.#sayAll = sayAll;
  }

  /** Tenants that somebody follows. */
  get following(): number {
    return this.#listeners.size;
  }

  /** Entries that were dropped so far because too many came at once. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Hears of a tenant's requests and of its guests' lines from now on, or as soon as each data thread has been told. The tenant
   * need not be there yet. Answers how to stop, which may be called more than once.
   */
  follow(tenant: string, listener: TailListener): () => void {
    // One object a call: who follows twice is told twice, and stops each on its own.
    const own = { hear: listener };
    const others = this.#listeners.get(tenant);
    if (others === undefined) {
      this.#listeners.set(tenant, new Set([own]));
      this.#sayAll({ kind: 'follow', tenant });
    } else others.add(own);
    return () => this.#stop(tenant, own);
  }

  /** Takes what a data thread has gathered. */
  take(batches: readonly TailBatch[]): void {
    for (const { tenant, entries, dropped } of batches) {
      this.#dropped += dropped;
      for (const entry of entries) this.#tell(tenant, entry);
      if (dropped > 0) this.#tell(tenant, droppedEntry(tenant, dropped));
    }
  }

  #tell(tenant: string, entry: TailEntry): void {
    for (const { hear } of this.#listeners.get(tenant) ?? []) hear(entry);
  }

  #stop(tenant: string, own: { readonly hear: TailListener }): void {
    const listeners = this.#listeners.get(tenant);
    if (listeners === undefined || !listeners.delete(own) || listeners.size > 0) return;
    this.#listeners.delete(tenant);
    this.#sayAll({ kind: 'unfollow', tenant });
  }
}

/** The gap, told in its place. */
function droppedEntry(tenant: string, dropped: number): TailEntry {
  const text = `${dropped} entries were dropped: too many at once`;
  return { kind: 'guest', tenant, timeMs: Date.now(), version: '', level: 'warn', text };
}
