/** The import module `kerb_rate`: counters and penalty boxes of the tenant, shared by all its requests. Nothing waits. */
import type { HostModule } from '../host-function.ts';
import { nameAt } from './arguments.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_WINDOW_SECONDS, SIZES } from './limits.ts';
import type { KerbGuest } from './guest.ts';

/** `count`, `penalize`, `is_penalized`. */
export const RATE_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `count(key, key_len, window_seconds, amount)`: adds to the counter of a key, which begins anew `window_seconds` after its first
   * count. Result: what it has then, or `invalid` (also for a window that is not 1 to {@link MAX_WINDOW_SECONDS} and for a negative
   * amount), `too_large`, `quota`.
   */
  count: {
    signature: 'iiii->i',
    bind: (state) => (at: number, length: number, windowSeconds: number, amount: number) => {
      if (windowSeconds < 1 || windowSeconds > MAX_WINDOW_SECONDS || amount < 0) return ERRNO.invalid;
      const key = keyOf(state, at, length);
      return typeof key === 'number' ? key : state.host.rates.count(key, windowSeconds, amount);
    },
  },
  /**
   * `penalize(key, key_len, seconds)`: puts a key in the penalty box for that long from now; 0 takes it out. Result: 0, or
   * `invalid`, `too_large`, `quota`.
   */
  penalize: {
    signature: 'iii->i',
    bind: (state) => (at: number, length: number, seconds: number) => {
      if (seconds < 0 || seconds > MAX_WINDOW_SECONDS) return ERRNO.invalid;
      const key = keyOf(state, at, length);
      if (typeof key === 'number') return key;
      state.host.rates.penalize(key, seconds);
      return 0;
    },
  },
  /** `is_penalized(key, key_len)`: result: 1 while the key is in the penalty box, else 0, or `invalid`, `too_large`, `quota`. */
  is_penalized: {
    signature: 'ii->i',
    bind: (state) => (at: number, length: number) => {
      const key = keyOf(state, at, length);
      return typeof key === 'number' ? key : Number(state.host.rates.isPenalized(key));
    },
  },
};

function keyOf(state: KerbGuest, at: number, length: number): string | Errno {
  const key = nameAt(state.host.memory, at, length, SIZES.key);
  if (typeof key === 'number') return key;
  return state.takeRateOperation() ? key : ERRNO.quota;
}
