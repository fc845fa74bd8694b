/** What functions of `kerb_*` answer instead of a result: one closed list of negative numbers. */
import { KvError, type KvFault } from '../../capability/kv.ts';

/** Every error. The numbers are part of the ABI: none is ever changed or used again. */
export const ERRNO = {
  /** There is nothing of that key or name. */
  absent: -1,
  /** The manifest does not grant that store or name. */
  denied: -2,
  /** The handle is none of this request's, or of another kind. */
  badHandle: -3,
  /** An argument is none that may be: empty, not UTF-8, a number out of its range. */
  badValue: -4,
  /** An argument is longer than may be stored. */
  tooLarge: -5,
  /** The condition of a write does not hold. */
  conflict: -6,
  /** The tenant stores, or the request has asked, as much as it may. */
  quota: -7,
  /** Too many calls of this tenant wait at once: try again. */
  busy: -8,
  /** The store did not answer in time, or failed: try again later. */
  unavailable: -9,
  /** Not even the first item fits in the buffer. */
  tooSmall: -10,
} as const;

/** One of {@link ERRNO}. */
export type Errno = (typeof ERRNO)[keyof typeof ERRNO];

const OF_FAULT = {
  conflict: ERRNO.conflict,
  full: ERRNO.quota,
  busy: ERRNO.busy,
  unavailable: ERRNO.unavailable,
  // The guest has ended: nobody reads it.
  aborted: ERRNO.unavailable,
} as const satisfies Record<KvFault, Errno>;

/** The errno for what a port rejected with. Throws what is no error of a port, such as a fault of the guest's. */
export function errnoOf(error: unknown): Errno {
  if (error instanceof KvError) return OF_FAULT[error.fault];
  throw error;
}
