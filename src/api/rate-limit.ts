/** How often a caller may come: a bucket of requests for each, filled at a steady rate. */
import type { ApiLimits } from './limits.ts';
import { tooMany } from './refusal.ts';

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Counts callers by name. The caller idle for longest is forgotten first, which gives it a full bucket. */
export class RateLimit {
  readonly #limits: Pick<ApiLimits, 'requestsPerSecond' | 'requestBurst' | 'countedCallers'>;
  readonly #buckets = new Map<string, Bucket>();
  readonly #clock: () => number;

  /** @param clock - Monotonic milliseconds. */
  constructor(limits: Pick<ApiLimits, 'requestsPerSecond' | 'requestBurst' | 'countedCallers'>, clock: () => number) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Counts a request. Throws 429 with `Retry-After` when the bucket is empty. */
  take(caller: string): void {
    const bucket = this.#filled(caller);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > this.#limits.countedCallers) this.#forgetOldest();
    if (bucket.tokens < 1) {
      const seconds = Math.max(1, Math.ceil((1 - bucket.tokens) / this.#limits.requestsPerSecond));
      throw tooMany('too many requests; come again later', seconds);
    }
    bucket.tokens -= 1;
  }

  #filled(caller: string): Bucket {
    const { requestBurst, requestsPerSecond } = this.#limits;
    const nowMs = this.#clock();
    const known = this.#buckets.get(caller) ?? { tokens: requestBurst, atMs: nowMs };
    const gained = ((nowMs - known.atMs) / 1000) * requestsPerSecond;
    return { tokens: Math.min(requestBurst, known.tokens + gained), atMs: nowMs };
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
