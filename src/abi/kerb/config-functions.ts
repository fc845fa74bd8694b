/** The import module `kerb_config`: the config of the deployment, by key. */
import type { HostModule } from '../host-function.ts';
import { nameAt } from './arguments.ts';
import { ERRNO } from './errno.ts';
import { SIZES } from './limits.ts';
import type { KerbGuest } from './guest.ts';

/** `get`. */
export const CONFIG_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `get(key, key_len, buf, buf_limit)`: writes the text of a key, as UTF-8, if it fits in `buf_limit` bytes.
   * Result: its length in bytes, or `absent`, `invalid`, `too_large`. Ends the guest for memory out of bounds.
   */
  get: {
    signature: 'iiii->i',
    bind:
      ({ host }) =>
      (key: number, length: number, buf: number, limit: number) => {
        const name = nameAt(host.memory, key, length, SIZES.name);
        if (typeof name === 'number') return name;
        const text = host.grants.stores.config?.get(name);
        return text === undefined ? ERRNO.absent : host.memory.writeText(buf, limit, text);
      },
  },
};
