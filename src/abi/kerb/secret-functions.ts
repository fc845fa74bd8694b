/** The import module `kerb_secret`: the secrets that the manifest grants, by name. No error and no log line holds a value. */
import type { HostModule } from '../host-function.ts';
import { nameAt } from './arguments.ts';
import { ERRNO } from './errno.ts';
import { SIZES } from './limits.ts';
import type { KerbGuest } from './guest.ts';

/** `get`. */
export const SECRET_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `get(name, name_len, buf, buf_limit)`: writes the bytes of a secret if they fit in `buf_limit` bytes.
   * Result: its length in bytes, or `not_granted` for a name that is not granted, `absent` for one that nobody has set, `invalid`,
   * `too_large`. Ends the guest for memory out of bounds.
   */
  get: {
    signature: 'iiii->i',
    bind:
      ({ host }) =>
      (at: number, length: number, buf: number, limit: number) => {
        const name = nameAt(host.memory, at, length, SIZES.name);
        if (typeof name === 'number') return name;
        const value = host.grants.stores.secrets.get(name);
        if (value === undefined) return ERRNO.not_granted;
        return value === null ? ERRNO.absent : host.memory.writeBytes(buf, limit, value);
      },
  },
};
