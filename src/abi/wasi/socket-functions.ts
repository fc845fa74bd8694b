/** WASI preview1: `sock_*`. A guest has no sockets. */
import type { Signature } from '../../wasm/signature.ts';
import type { HostFunction, HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';

function noSocket(signature: Signature): HostFunction<WasiGuest> {
  return {
    signature,
    bind:
      ({ descriptors }) =>
      (fd: number) =>
        descriptors.refuse(fd, ERRNO.notsock),
  };
}

/** Every one answers `badf` when `fd`, the first parameter, is not open, and `notsock` when it is. No memory is touched. */
export const SOCKET_FUNCTIONS: HostModule<WasiGuest> = {
  /** Accepts a connection. Parameters: `fd`, fdflags, where the u32 fd goes. */
  sock_accept: noSocket('iii->i'),
  /** Receives. Parameters: `fd`, the buffers and their number, riflags, where the u32 bytes and the u16 roflags go. */
  sock_recv: noSocket('iiiiii->i'),
  /** Sends. Parameters: `fd`, the buffers and their number, siflags, where the u32 bytes sent go. */
  sock_send: noSocket('iiiii->i'),
  /** Closes one or both directions. Parameters: `fd`, sdflags. */
  sock_shutdown: noSocket('ii->i'),
};
