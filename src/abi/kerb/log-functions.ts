/** The import module `kerb_log`: lines of the tenant's log under the name of an endpoint. */
import type { HostModule } from '../host-function.ts';
import { nameAt } from './arguments.ts';
import { ERRNO } from './errno.ts';
import { MAX_LINE_BYTES, SIZES } from './limits.ts';
import type { KerbGuest } from './guest.ts';

/** What names an endpoint: it stands in front of lines. */
const ENDPOINT = /^[A-Za-z0-9._-]{1,63}$/;

/** `write`. */
export const LOG_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * `write(endpoint, endpoint_len, text, text_len)`: writes a line, of which {@link MAX_LINE_BYTES} are taken; the bounds of `log` of
   * `http_handler` are these lines' too. Result: 0, or `invalid` for a name that is not 1 to 63 letters, digits, `.`, `_` and `-`,
   * `too_large`. Ends the guest for memory out of bounds.
   */
  write: {
    signature: 'iiii->i',
    bind:
      ({ host }) =>
      (at: number, length: number, text: number, textLength: number) => {
        const endpoint = nameAt(host.memory, at, length, SIZES.name);
        host.memory.checkRange(text, textLength);
        if (typeof endpoint === 'number') return endpoint;
        if (!ENDPOINT.test(endpoint)) return ERRNO.invalid;
        host.logTo(endpoint, host.memory.readText(text, Math.min(textLength >>> 0, MAX_LINE_BYTES)));
        return 0;
      },
  },
};
