/** What of WASI exists so that guests link, and always fails: for documents and for `kerb` to print. */
import type { ErrnoName } from './errno.ts';

/** A function that never succeeds. */
export interface UnsupportedFunction {
  readonly name: string;
  /** What it answers for a descriptor that is open and arguments that are valid. */
  readonly errno: ErrnoName;
  /** Why, in words for the author of a guest. */
  readonly reason: string;
}

const NO_POSITION = 'the only descriptors are standard streams, which have no positions';
const NO_FILE = 'the only descriptors are standard streams, which are not files';
const NO_PREOPEN = 'no folder is preopened';
const NO_SOCKET = 'guests have no sockets: HTTP goes through the functions of their ABI';

/** Every such function of WASI preview1, in the order of the specification. An fd that is not open answers `badf` first. */
export const UNSUPPORTED: readonly UnsupportedFunction[] = Object.freeze([
  { name: 'fd_advise', errno: 'spipe', reason: NO_POSITION },
  { name: 'fd_allocate', errno: 'nodev', reason: NO_FILE },
  { name: 'fd_filestat_set_size', errno: 'inval', reason: NO_FILE },
  { name: 'fd_filestat_set_times', errno: 'notsup', reason: NO_FILE },
  { name: 'fd_pread', errno: 'spipe', reason: NO_POSITION },
  { name: 'fd_prestat_get', errno: 'badf', reason: NO_PREOPEN },
  { name: 'fd_prestat_dir_name', errno: 'badf', reason: NO_PREOPEN },
  { name: 'fd_pwrite', errno: 'spipe', reason: NO_POSITION },
  { name: 'fd_readdir', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'fd_seek', errno: 'spipe', reason: NO_POSITION },
  { name: 'fd_tell', errno: 'spipe', reason: NO_POSITION },
  { name: 'path_create_directory', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_filestat_get', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_filestat_set_times', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_link', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_open', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_readlink', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_remove_directory', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_rename', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_symlink', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'path_unlink_file', errno: 'notdir', reason: NO_PREOPEN },
  { name: 'proc_raise', errno: 'nosys', reason: 'guests have no signals' },
  { name: 'sock_accept', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_recv', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_send', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_shutdown', errno: 'notsock', reason: NO_SOCKET },
]);
