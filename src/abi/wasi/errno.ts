/** The error codes of WASI preview1 (typename `errno`), complete. */

/** Every errno by its name in the specification. A function of WASI answers one of these values as an i32. */
export const ERRNO = {
  success: 0,
  /** Argument list too long. */
  '2big': 1,
  /** Permission denied. */
  acces: 2,
  /** Address in use. */
  addrinuse: 3,
  /** Address not available. */
  addrnotavail: 4,
  /** Address family not supported. */
  afnosupport: 5,
  /** Would block. */
  again: 6,
  /** Connection already in progress. */
  already: 7,
  /** Not an open descriptor, or one that cannot be used this way. */
  badf: 8,
  /** Bad message. */
  badmsg: 9,
  /** Device or resource busy. */
  busy: 10,
  /** Operation canceled. */
  canceled: 11,
  /** No child processes. */
  child: 12,
  /** Connection aborted. */
  connaborted: 13,
  /** Connection refused. */
  connrefused: 14,
  /** Connection reset. */
  connreset: 15,
  /** Deadlock would occur. */
  deadlk: 16,
  /** Destination address required. */
  destaddrreq: 17,
  /** Argument outside the function's domain. */
  dom: 18,
  /** Reserved. */
  dquot: 19,
  /** File exists. */
  exist: 20,
  /** Bad address. */
  fault: 21,
  /** File too large. */
  fbig: 22,
  /** Host unreachable. */
  hostunreach: 23,
  /** Identifier removed. */
  idrm: 24,
  /** Illegal byte sequence. */
  ilseq: 25,
  /** Operation in progress. */
  inprogress: 26,
  /** Interrupted. */
  intr: 27,
  /** Invalid argument. */
  inval: 28,
  /** Input or output error. */
  io: 29,
  /** Socket is connected. */
  isconn: 30,
  /** Is a directory. */
  isdir: 31,
  /** Too many symbolic links. */
  loop: 32,
  /** No free descriptor. */
  mfile: 33,
  /** Too many links. */
  mlink: 34,
  /** Message too large. */
  msgsize: 35,
  /** Reserved. */
  multihop: 36,
  /** Name too long. */
  nametoolong: 37,
  /** Network down. */
  netdown: 38,
  /** Connection aborted by the network. */
  netreset: 39,
  /** Network unreachable. */
  netunreach: 40,
  /** Too many open files in the system. */
  nfile: 41,
  /** No buffer space. */
  nobufs: 42,
  /** No such device. */
  nodev: 43,
  /** No such file or directory. */
  noent: 44,
  /** Not an executable. */
  noexec: 45,
  /** No locks available. */
  nolck: 46,
  /** Reserved. */
  nolink: 47,
  /** Not enough memory. */
  nomem: 48,
  /** No message of that type. */
  nomsg: 49,
  /** Protocol option not available. */
  noprotoopt: 50,
  /** No space left. */
  nospc: 51,
  /** Function not supported. */
  nosys: 52,
  /** Socket not connected. */
  notconn: 53,
  /** Not a directory. */
  notdir: 54,
  /** Directory not empty. */
  notempty: 55,
  /** State not recoverable. */
  notrecoverable: 56,
  /** Not a socket. */
  notsock: 57,
  /** Not supported. */
  notsup: 58,
  /** Not a terminal. */
  notty: 59,
  /** No such device or address. */
  nxio: 60,
  /** Value too large. */
  overflow: 61,
  /** Previous owner died. */
  ownerdead: 62,
  /** Not permitted. */
  perm: 63,
  /** Broken pipe. */
  pipe: 64,
  /** Protocol error. */
  proto: 65,
  /** Protocol not supported. */
  protonosupport: 66,
  /** Wrong protocol for the socket. */
  prototype: 67,
  /** Result too large. */
  range: 68,
  /** Read-only file system. */
  rofs: 69,
  /** Not seekable. */
  spipe: 70,
  /** No such process. */
  srch: 71,
  /** Reserved. */
  stale: 72,
  /** Timed out. */
  timedout: 73,
  /** Text file busy. */
  txtbsy: 74,
  /** Link across devices. */
  xdev: 75,
  /** The descriptor's rights do not include the operation. */
  notcapable: 76,
} as const;

/** The name of an errno. */
export type ErrnoName = keyof typeof ERRNO;

/** The value of an errno. */
export type Errno = (typeof ERRNO)[ErrnoName];
