/** The import module `http_handler`: all 19 functions of the http-handler ABI, in the order of its specification. */
import type { HostModule } from '../host-function.ts';
import { ADMINISTRATIVE_FUNCTIONS } from './administrative-functions.ts';
import { BODY_FUNCTIONS } from './body-functions.ts';
import { HEADER_FUNCTIONS } from './header-functions.ts';
import { REQUEST_FUNCTIONS } from './request-functions.ts';
import { RESPONSE_FUNCTIONS } from './response-functions.ts';
import type { HttpWasmState } from './state.ts';

/** What an http-wasm guest may import from `http_handler`. */
export const HTTP_HANDLER: HostModule<HttpWasmState> = {
  ...ADMINISTRATIVE_FUNCTIONS,
  ...HEADER_FUNCTIONS,
  ...BODY_FUNCTIONS,
  ...REQUEST_FUNCTIONS,
  ...RESPONSE_FUNCTIONS,
};
