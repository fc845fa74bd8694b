/** WASI preview1: random data. */
import type { HostModule } from '../host-function.ts';
import { ERRNO } from './errno.ts';
import type { WasiGuest } from './guest.ts';
import { MAX_RANDOM_BYTES } from './limits.ts';

/** `random_get`. */
export const RANDOM_FUNCTIONS: HostModule<WasiGuest> = {
  /**
   * Fills a buffer from the host's cryptographic generator.
   *
   * Parameters: `buf`, `buf_len` in bytes. Errors: `inval` for more than {@link MAX_RANDOM_BYTES}; nothing is written then.
   * Ends the guest when memory is out of bounds.
   */
  random_get: {
    signature: 'ii->i',
    bind:
      ({ host }) =>
      (buf: number, length: number) => {
        const size = length >>> 0;
        if (size > MAX_RANDOM_BYTES) return ERRNO.inval;
        host.memory.checkRange(buf, size);
        host.memory.write(buf, host.randomBytes(size));
        return ERRNO.success;
      },
  },
};
