/** The import module `kerb_geo`: where an address is. Nothing waits. */
import type { HostModule } from '../host-function.ts';
import { textAt } from './arguments.ts';
import { ERRNO } from './errno.ts';
import type { KerbGuest } from './guest.ts';
import { MAX_ADDRESS_BYTES } from './limits.ts';

/** `lookup`. */
export const GEO_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `lookup(address, address_len, buf, buf_limit)`: writes what is known of an address if it fits in `buf_limit` bytes: a JSON object
   * with the members of {@link ../../capability/geo.ts Place}, all of them, `null` where no database says. The address is IPv4 dotted or
   * IPv6 without brackets, zone and port; empty, it is that of the client of the request at hand.
   * Result: its length in bytes, or `absent` when the operator has given no database, `invalid` for what is no address, `too_large`,
   * `not_granted`, `no_request` for an empty address outside a request, `quota` beyond 100 lookups in a request. Ends the guest for
   * memory out of bounds.
   */
  lookup: {
    signature: 'iiii->i',
    bind: (state) => (at: number, length: number, buf: number, limit: number) => {
      const { memory, geo } = state.host;
      const text = textAt(memory, at, length, MAX_ADDRESS_BYTES);
      if (typeof text === 'number') return text;
      if (geo === null) return ERRNO.not_granted;
      const address = text === '' ? state.clientAddress : text;
      if (address === null) return ERRNO.no_request;
      if (!state.takeGeoLookup()) return ERRNO.quota;
      const answer = geo.lookup(address);
      if (answer.kind === 'place') return memory.writeText(buf, limit, JSON.stringify(answer.place));
      return answer.kind === 'no_address' ? ERRNO.invalid : ERRNO.absent;
    },
  },
};
