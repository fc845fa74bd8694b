/** The port to time. */

/** Clocks that move only when the guest waits or a request begins: what they show times nothing that others do. */
export interface GuestClock {
  /** Nanoseconds since the epoch. */
  wallClockNs(): bigint;
  /** Nanoseconds of a monotonic clock. */
  monotonicNs(): bigint;
}
