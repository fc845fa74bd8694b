/** The enumerations, flags and record sizes of WASI preview1 (`typenames.witx`) that this host reads or writes. */

/** `clockid`, u32. */
export const CLOCK = { realtime: 0, monotonic: 1, process_cputime_id: 2, thread_cputime_id: 3 } as const;

/** `filetype`, u8: what is behind a descriptor or a name. Those that this host has. */
export const FILETYPE = { character_device: 2, directory: 3, regular_file: 4, symbolic_link: 7 } as const;

/** A member of {@link FILETYPE}. */
export type Filetype = (typeof FILETYPE)[keyof typeof FILETYPE];

/** `fdflags`, u16. */
export const FDFLAGS = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;

/** `rights`, u64 of which 30 bits are defined: a number here. */
export const RIGHTS = {
  fd_datasync: 1 << 0,
  fd_read: 1 << 1,
  fd_seek: 1 << 2,
  fd_fdstat_set_flags: 1 << 3,
  fd_sync: 1 << 4,
  fd_tell: 1 << 5,
  fd_write: 1 << 6,
  fd_advise: 1 << 7,
  fd_allocate: 1 << 8,
  path_create_directory: 1 << 9,
  path_create_file: 1 << 10,
  path_link_source: 1 << 11,
  path_link_target: 1 << 12,
  path_open: 1 << 13,
  fd_readdir: 1 << 14,
  path_readlink: 1 << 15,
  path_rename_source: 1 << 16,
  path_rename_target: 1 << 17,
  path_filestat_get: 1 << 18,
  path_filestat_set_size: 1 << 19,
  path_filestat_set_times: 1 << 20,
  fd_filestat_get: 1 << 21,
  fd_filestat_set_size: 1 << 22,
  fd_filestat_set_times: 1 << 23,
  path_symlink: 1 << 24,
  path_remove_directory: 1 << 25,
  path_unlink_file: 1 << 26,
  poll_fd_readwrite: 1 << 27,
  sock_shutdown: 1 << 28,
  sock_accept: 1 << 29,
} as const;

/** `oflags`, u16. */
export const OFLAGS = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;

/** `lookupflags`, u32: a symbolic link at the end of a path is followed. */
export const LOOKUP_SYMLINK_FOLLOW = 1;

/** `preopentype`, u8: a folder. */
export const PREOPENTYPE_DIR = 0;

/** `whence`, u8, by its number in preview1 and in wasi_unstable: what a distance is counted from. */
export const WHENCE = { preview1: ['set', 'cur', 'end'], unstable: ['cur', 'end', 'set'] } as const;

/** A member of {@link WHENCE}. */
export type Whence = (typeof WHENCE)['preview1'][number];

/** Every bit of a set of flags or rights. */
export function allBits(flags: Readonly<Record<string, number>>): number {
  return Object.values(flags).reduce((all, flag) => all | flag, 0);
}

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

/** The highest `signal`, u8. */
export const MAX_SIGNAL = 30;
