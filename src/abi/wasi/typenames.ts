/** The enumerations, flags and record sizes of WASI preview1 (`typenames.witx`) that this host reads or writes. */

/** `clockid`, u32. */
export const CLOCK = { realtime: 0, monotonic: 1, process_cputime_id: 2, thread_cputime_id: 3 } as const;

/** `filetype`, u8: what is behind a descriptor. Those that this host has. */
export const FILETYPE = { character_device: 2 } as const;

/** A member of {@link FILETYPE}. */
export type Filetype = (typeof FILETYPE)[keyof typeof FILETYPE];

/** `fdflags`, u16. */
export const FDFLAGS = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;

/** `rights`, u64 of which 30 bits are defined: a number here. Those that descriptors of this host have. */
export const RIGHTS = {
  fd_datasync: 1 << 0,
  fd_read: 1 << 1,
  fd_fdstat_set_flags: 1 << 3,
  fd_sync: 1 << 4,
  fd_write: 1 << 6,
  fd_filestat_get: 1 << 21,
  poll_fd_readwrite: 1 << 27,
} as const;

/** `fstflags`, u16. */
export const FSTFLAGS = { atim: 1, atim_now: 2, mtim: 4, mtim_now: 8 } as const;

/** `eventtype`, u8. */
export const EVENT_TYPE = { clock: 0, fd_read: 1, fd_write: 2 } as const;

/** A member of {@link EVENT_TYPE}. */
export type EventType = (typeof EVENT_TYPE)[keyof typeof EVENT_TYPE];

/** `eventrwflags`, u16. */
export const EVENT_HANGUP = 1;

/** `subclockflags`, u16: the timeout is a point in time, not a distance. */
export const CLOCK_ABSTIME = 1;

/** The highest `advice`, u8. */
export const MAX_ADVICE = 5;

/** The highest `whence`, u8. */
export const MAX_WHENCE = 2;

/** The highest `signal`, u8. */
export const MAX_SIGNAL = 30;
