/** WASI preview1: command-line arguments and environment variables. */
import type { HostModule } from '../host-function.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import type { StringBlock } from './string-block.ts';

/** Tells the guest how much room a list of strings needs. */
function writeSizes({ host: { memory } }: WasiGuest, strings: StringBlock, count: number, bytes: number): Errno {
  memory.checkRange(count, 4);
  memory.writeU32(bytes, strings.byteLength);
  memory.writeU32(count, strings.count);
  return ERRNO.success;
}

/** `args_get`, `args_sizes_get`, `environ_get`, `environ_sizes_get`. Each ends the guest when memory is out of bounds. */
export const ARGUMENTS_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Writes the arguments.
   *
   * Parameters: `argv`, where one u32 pointer per argument goes; `argv_buf`, where the NUL-terminated arguments go, one after
   * the other. Both as large as `args_sizes_get` says. Errors: none.
   */
  args_get: {
    signature: 'ii->i',
    bind: (guest) => (argv: number, buffer: number) => {
      guest.args.writeTo(guest.host.memory, argv, buffer);
      return ERRNO.success;
    },
  },
  /**
   * Parameters: where the u32 number of arguments goes; where the u32 bytes of all arguments with their terminators go.
   * Errors: none.
   */
  args_sizes_get: {
    signature: 'ii->i',
    bind: (guest) => (count: number, bytes: number) => writeSizes(guest, guest.args, count, bytes),
  },
  /** As `args_get`, for the environment: strings `NAME=value`. Only what the deployment grants is in it. Errors: none. */
  environ_get: {
    signature: 'ii->i',
    bind: (guest) => (environ: number, buffer: number) => {
      guest.env.writeTo(guest.host.memory, environ, buffer);
      return ERRNO.success;
    },
  },
  /** As `args_sizes_get`, for the environment. Errors: none. */
  environ_sizes_get: {
    signature: 'ii->i',
    bind: (guest) => (count: number, bytes: number) => writeSizes(guest, guest.env, count, bytes),
  },
};
