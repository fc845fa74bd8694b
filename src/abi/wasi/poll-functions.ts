/** WASI preview1: waiting. */
import type { HostFunction, HostModule } from '../host-function.ts';
import { clockTimeNs } from './clock-functions.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { MAX_SUBSCRIPTIONS } from './limits.ts';
import {
  decodeSubscriptions,
  encodeEvents,
  EVENT_BYTES,
  PREVIEW1_SUBSCRIPTION,
  type PollEvent,
  type Subscription,
  type SubscriptionLayout,
} from './subscription.ts';
import { CLOCK_ABSTIME, EVENT_TYPE, RIGHTS } from './typenames.ts';

const NS_PER_MS = 1_000_000n;

/** A clock's event when it is over takes no field but these. */
const OVER = { bytes: 0, flags: 0 } as const;

/** What a poll comes to: these events after a wait, unless one of the `pending` comes first. */
interface Plan {
  readonly waitMs: number;
  readonly events: readonly PollEvent[];
  readonly pending: readonly Promise<unknown>[];
}

/** The event of a subscription that needs no wait; the nanoseconds until a clock's; or what a descriptor waits for. */
function examine({ host, descriptors }: WasiGuest, subscription: Subscription): PollEvent | bigint | Promise<unknown> {
  if (subscription.type === EVENT_TYPE.clock) {
    const now = clockTimeNs(host, subscription.clock);
    if (now === null || (subscription.flags & ~CLOCK_ABSTIME) !== 0) return { subscription, result: ERRNO.inval };
    const left = subscription.flags === CLOCK_ABSTIME ? subscription.timeoutNs - now : subscription.timeoutNs;
    return left <= 0n ? { subscription, result: OVER } : left;
  }
  const right = subscription.type === EVENT_TYPE.fd_read ? RIGHTS.fd_read : RIGHTS.fd_write;
  const found = descriptors.find(subscription.fd, RIGHTS.poll_fd_readwrite | right);
  const result = typeof found === 'number' ? found : found.poll(subscription.type);
  return result instanceof Promise ? result : { subscription, result };
}

/** Decides what a poll answers. All is known before the wait, but for bytes that come earlier. */
function plan(guest: WasiGuest, subscriptions: readonly Subscription[]): Plan {
  const ready: PollEvent[] = [];
  const pending: Promise<unknown>[] = [];
  const sleeping: { readonly subscription: Subscription; readonly waitMs: number }[] = [];
  for (const subscription of subscriptions) {
    const outcome = examine(guest, subscription);
    if (outcome instanceof Promise) pending.push(outcome);
    else if (typeof outcome !== 'bigint') ready.push(outcome);
    // Rounded up, so that the guest never wakes before its time; 2^64 ns still count exactly as milliseconds.
    else sleeping.push({ subscription, waitMs: Number((outcome + NS_PER_MS - 1n) / NS_PER_MS) });
  }
  if (ready.length > 0) return { waitMs: 0, events: ready, pending: [] };
  const waitMs = sleeping.reduce((least, sleeper) => Math.min(least, sleeper.waitMs), Infinity);
  const first = sleeping.filter((sleeper) => sleeper.waitMs === waitMs);
  return { waitMs, events: first.map(({ subscription }) => ({ subscription, result: OVER })), pending };
}

/**
 * `poll_oneoff` for one layout of subscriptions: waits until at least one of them has happened.
 *
 * Clocks are realtime and monotonic, their timeouts in nanoseconds, relative or absolute, rounded up to a millisecond.
 * Files and outputs are ready at once, a standard input with its next bytes. A subscription that cannot be waited for is an event with its errno: `inval` for a
 * clock that is not there or unknown flags, `badf` for an fd that is not open or not for that direction, `notcapable` after
 * the guest gave the right away.
 *
 * Parameters: where the subscriptions are; where the events go, 32 bytes each; the number of subscriptions, for as many
 * events; where the u32 number of events goes.
 * Errors: `inval` for none, for more than {@link MAX_SUBSCRIPTIONS} and for a type of event that is unknown. Ends the guest
 * when memory is out of bounds, when the request ends, and as `wall_limit` after the longest sleep allowed.
 */
export function pollOneoff(layout: SubscriptionLayout): HostFunction<WasiGuest> {
  return {
    signature: 'iiii->i',
    suspends: true,
    bind: (guest) => (input: number, output: number, count: number, result: number) => {
      const { memory } = guest.host;
      const size = count >>> 0;
      if (size === 0 || size > MAX_SUBSCRIPTIONS) return ERRNO.inval;
      memory.checkRange(output, size * EVENT_BYTES);
      memory.checkRange(result, 4);
      const subscriptions = decodeSubscriptions(memory.read(input, size * layout.bytes), layout);
      if (subscriptions === null) return ERRNO.inval;
      const report = (events: readonly PollEvent[]): Errno => {
        memory.write(output, encodeEvents(events));
        memory.writeU32(result, events.length);
        return ERRNO.success;
      };
      const { waitMs, events, pending } = plan(guest, subscriptions);
      if (pending.length > 0) {
        return guest.sleep
          .until(waitMs, Promise.race(pending))
          .then((end) => report(end === 'over' ? events : plan(guest, subscriptions).events));
      }
      // Written before the wait, in which the guest cannot look.
      report(events);
      return waitMs === 0 ? ERRNO.success : guest.sleep.for(waitMs);
    },
  };
}

/** `poll_oneoff`. */
export const POLL_FUNCTIONS: HostModule<WasiGuest> = {
  /** {@link pollOneoff} */
  poll_oneoff: pollOneoff(PREVIEW1_SUBSCRIPTION),
};
