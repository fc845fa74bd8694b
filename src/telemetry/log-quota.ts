/** How much each tenant may log: beyond it lines are dropped and counted, so that no tenant fills a disk or a pipe. */

/** Characters that a tenant may log a second on one thread, on average. 1 MiB: a disk of 100 GB takes a day of it. */
export const LOG_CHARS_PER_SECOND = 1024 * 1024;

/** Characters that a tenant may log at once after a silence. Two lines of the greatest length for each of 250 requests. */
export const LOG_BURST_CHARS = 4 * 1024 * 1024;

interface Account {
  left: number;
  atMs: number;
  dropped: number;
}

/** What became of a line: kept, and how many before it were dropped; or dropped. */
export type LogVerdict = { readonly kept: true; readonly droppedBefore: number } | { readonly kept: false };

const DROPPED: LogVerdict = { kept: false };
const KEPT: LogVerdict = { kept: true, droppedBefore: 0 };

/** Token buckets by tenant. */
export class LogQuota {
  readonly #accounts = new Map<string, Account>();

  /** Whether a line of `chars` characters is kept at `nowMs`, on any clock that does not go back. */
  take(tenant: string, chars: number, nowMs: number): LogVerdict {
    const account = this.#accountOf(tenant, nowMs);
    account.left = Math.min(LOG_BURST_CHARS, account.left + ((nowMs - account.atMs) / 1000) * LOG_CHARS_PER_SECOND);
    account.atMs = nowMs;
    if (account.left < chars) {
      account.dropped += 1;
      return DROPPED;
    }
    account.left -= chars;
    if (account.dropped === 0) return KEPT;
    const droppedBefore = account.dropped;
    account.dropped = 0;
    return { kept: true, droppedBefore };
  }

  #accountOf(tenant: string, nowMs: number): Account {
    const known = this.#accounts.get(tenant);
    if (known !== undefined) return known;
    const account = { left: LOG_BURST_CHARS, atMs: nowMs, dropped: 0 };
    this.#accounts.set(tenant, account);
    return account;
  }
}
