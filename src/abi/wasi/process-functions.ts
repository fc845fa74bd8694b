/** WASI preview1: the process and its scheduling. */
import { GuestExit } from '../guest-fault.ts';
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { MAX_SIGNAL } from './typenames.ts';

/** `proc_exit`, `proc_raise`, `sched_yield`. */
export const PROCESS_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Ends the guest and never returns. Parameter: the status, a u32; 0 is success. Unfinished lines of output are logged.
   * Throws {@link GuestExit} with the status.
   */
  proc_exit: {
    signature: 'i->',
    bind: (guest) => (status: number) => {
      guest.flush();
      throw new GuestExit(status >>> 0);
    },
  },
  /** Raises a signal. Parameter: the signal (0 to 30). Errors: `inval` for another number; `nosys`, for there are none. */
  proc_raise: {
    signature: 'i->i',
    bind: () => (signal: number) => (signal >>> 0 > MAX_SIGNAL ? ERRNO.inval : ERRNO.nosys),
  },
  /** Offers to let others run: the scheduler takes what it needs without being asked, so it does nothing. Errors: none. */
  sched_yield: { signature: '->i', bind: () => () => ERRNO.success },
};
