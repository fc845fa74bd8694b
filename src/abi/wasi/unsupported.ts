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

const NO_SOCKET = 'guests have no sockets: HTTP goes through the functions of their ABI';

/** Every such function of WASI preview1, in the order of the specification. An fd that is not open answers `badf` first. */
export const UNSUPPORTED: readonly UnsupportedFunction[] = Object.freeze([
  { name: 'proc_raise', errno: 'nosys', reason: 'guests have no signals' },
  { name: 'sock_accept', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_recv', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_send', errno: 'notsock', reason: NO_SOCKET },
  { name: 'sock_shutdown', errno: 'notsock', reason: NO_SOCKET },
]);
