/** The http-handler ABI, section "Response Only Functions". */
import { GuestFault } from '../guest-fault.ts';
import type { HostModule } from '../host-function.ts';
import { FEATURE } from './features.ts';
import { beforeNextOr, type HttpWasmState } from './state.ts';

/** `get_status_code`, `set_status_code`. */
export const RESPONSE_FUNCTIONS: HostModule<HttpWasmState> = {
  /** Result: the status of the response as it stands; 200 until somebody sets another. */
  get_status_code: {
    signature: '->i',
    bind: (state) => () => state.turn.response.status,
  },
  /** Replaces the status. Ends the guest when it is not 200 to 599, and after "next" without response buffering. */
  set_status_code: {
    signature: 'i->',
    bind: (state) => (status: number) => {
      const { response } = beforeNextOr(state, FEATURE.bufferResponse, 'the status');
      if (status < 200 || status > 599)
        throw new GuestFault(`set_status_code(${status}): a final status is 200 to 599`);
      response.status = status;
    },
  },
};
