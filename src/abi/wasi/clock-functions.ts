/** WASI preview1: clocks. */
import type { GuestHost } from '../abi.ts';
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { CLOCK } from './typenames.ts';

/** Clocks move only when the guest waits, and waits end on whole milliseconds. */
const RESOLUTION_NS = 1_000_000n;

/**
 * The time of a clock in nanoseconds, or `null` for one that is not given to guests: the CPU-time clocks would be a
 * stop-watch for the host's caches and for other tenants, and the specification lets a host not have them.
 */
export function clockTimeNs(host: GuestHost, id: number): bigint | null {
  if (id === CLOCK.realtime) return host.wallClockNs();
  return id === CLOCK.monotonic ? host.monotonicNs() : null;
}

/** `clock_res_get`, `clock_time_get`. Each ends the guest when memory is out of bounds. */
export const CLOCK_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Parameters: `id`, a clockid (0 realtime, 1 monotonic); where the u64 resolution in nanoseconds goes.
   * Errors: `inval` for the CPU-time clocks and for numbers that are no clock.
   */
  clock_res_get: {
    signature: 'ii->i',
    bind:
      ({ host }) =>
      (id: number, resolution: number) => {
        if (clockTimeNs(host, id) === null) return ERRNO.inval;
        host.memory.writeU64(resolution, RESOLUTION_NS);
        return ERRNO.success;
      },
  },
  /**
   * Parameters: `id` as for `clock_res_get`; `precision`, the lag allowed in nanoseconds, of which no use is made; where the
   * u64 time in nanoseconds goes, for realtime since 1970-01-01T00:00:00Z.
   * Errors: `inval` for the CPU-time clocks and for numbers that are no clock.
   */
  clock_time_get: {
    signature: 'iIi->i',
    bind:
      ({ host }) =>
      (id: number, _precision: bigint, time: number) => {
        const now = clockTimeNs(host, id);
        if (now === null) return ERRNO.inval;
        host.memory.writeU64(time, now);
        return ERRNO.success;
      },
  },
};
