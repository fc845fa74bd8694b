/** Whether a backend is well, by checks that go on while it is asked for. */
import type { CheckSlots } from './check-slots.ts';
import type { CheckSign, HealthCheckSpec } from './health-check.ts';
import { HEALTH_ATTENTION_INTERVALS, HEALTH_ATTENTION_MS, HEALTH_JITTER } from './limits.ts';

/** What a watch works with. */
export interface HealthWatchOptions {
  readonly spec: HealthCheckSpec;
  /** Makes one check. Never rejects. */
  readonly check: () => Promise<CheckSign>;
  readonly slots: CheckSlots;
  /** Whose backends share {@link CheckSlots.begin}. */
  readonly owner: object;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock: () => number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/**
 * Watches one backend. It is taken to be well until so many checks in a row have failed, and then not until so many have succeeded.
 *
 * The first request begins the checks, the first of them somewhere within an interval, so that those of many backends do not come
 * together. They end when nobody has asked for the backend within {@link HEALTH_ATTENTION_MS}, or two intervals if that is longer: apps
 * that nobody visits have no timers. What was known is forgotten then, for it is old when somebody comes.
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  readonly #random: () => number;
  readonly #attentionMs: number;
  #state: 'idle' | 'watching' | 'stopped' = 'idle';
  #timer: NodeJS.Timeout | null = null;
  #askedMs = 0;
  #isWell = true;
  /** Checks in a row that contradict what it is taken to be. */
  #against = 0;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#attentionMs = Math.max(HEALTH_ATTENTION_MS, HEALTH_ATTENTION_INTERVALS * options.spec.intervalMs);
  }

  /** Notes that somebody wants to ask the backend; answers whether that is any use. */
  ask(): boolean {
    this.#askedMs = this.#options.clock();
    if (this.#state === 'idle' && this.#options.slots.watch()) {
      this.#state = 'watching';
      this.#plan(this.#random());
    }
    return this.#isWell;
  }

  /** Ends the checks for good, and forgets what they said. Idempotent. */
  stop(): void {
    this.#forget();
    this.#state = 'stopped';
  }

  /** @param intervals - How long until the next check. */
  #plan(intervals: number): void {
    this.#timer = setTimeout(() => void this.#turn(), this.#options.spec.intervalMs * intervals).unref();
  }

  async #turn(): Promise<void> {
    const { slots, owner, clock, check } = this.#options;
    if (clock() - this.#askedMs > this.#attentionMs) return this.#forget();
    if (slots.begin(owner)) {
      const sign = await check().finally(() => slots.end(owner));
      if (this.#state !== 'watching') return;
      this.#note(sign);
    }
    this.#plan(1 + HEALTH_JITTER * (2 * this.#random() - 1));
  }

  #note(sign: CheckSign): void {
    const { healthy, unhealthy } = this.#options.spec;
    if (sign === 'unknown') return;
    this.#against = (sign === 'healthy') === this.#isWell ? 0 : this.#against + 1;
    if (this.#against < (this.#isWell ? unhealthy : healthy)) return;
    this.#isWell = !this.#isWell;
    this.#against = 0;
  }

  #forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#state === 'watching') this.#options.slots.forget();
    this.#timer = null;
    this.#isWell = true;
    this.#against = 0;
    if (this.#state === 'watching') this.#state = 'idle';
  }
}
