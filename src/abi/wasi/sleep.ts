/** The wait of a sleeping guest. */
import { GuestFault } from '../guest-fault.ts';
import { ERRNO, type Errno } from './errno.ts';
import { MAX_SLEEP_MS } from './limits.ts';

/**
 * At most one timer. It never keeps the process alive, and its promise always settles: when it is over, or when it is
 * cancelled. Guest memory is not touched after a wait, for by then it may belong to another request.
 */
export class Sleep {
  #cancel: (() => void) | null = null;

  /**
   * Resolves with `success` after `timeoutMs`. Rejects with {@link GuestFault}: `wall_limit` after {@link MAX_SLEEP_MS} when
   * that comes first, and when {@link cancel} ends it. Throws {@link GuestFault} when the guest sleeps already.
   */
  for(timeoutMs: number): Promise<Errno> {
    if (this.#cancel !== null) throw new GuestFault('poll_oneoff while the guest sleeps in another call');
    const { promise, resolve, reject } = Promise.withResolvers<Errno>();
    // One more, because the event loop tells time in whole milliseconds, rounded down: a guest never wakes early.
    const timer = setTimeout(() => this.#end(timeoutMs, resolve, reject), Math.min(timeoutMs, MAX_SLEEP_MS) + 1);
    timer.unref();
    this.#cancel = () => {
      clearTimeout(timer);
      reject(new GuestFault('the request ended while the guest slept'));
    };
    // Whoever waited may be gone: a rejection that nobody sees must not end the process.
    promise.catch(() => undefined);
    return promise;
  }

  /**
   * Resolves with `over` as {@link for}, or before with `woken` once that promise has resolved; then no timer is left. Rejects as
   * {@link for}, and as `woken`.
   */
  async until(timeoutMs: number, woken: Promise<unknown>): Promise<'over' | 'woken'> {
    const over = this.for(timeoutMs).then(() => 'over' as const);
    try {
      return await Promise.race([woken.then(() => 'woken' as const), over]);
    } finally {
      this.cancel();
    }
  }

  /** Ends the wait, if there is one. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #end(timeoutMs: number, resolve: (errno: Errno) => void, reject: (fault: GuestFault) => void): void {
    this.#cancel = null;
    if (timeoutMs <= MAX_SLEEP_MS) resolve(ERRNO.success);
    else reject(new GuestFault(`the guest slept for ${MAX_SLEEP_MS} ms and meant to sleep on`, 'wall_limit'));
  }
}
