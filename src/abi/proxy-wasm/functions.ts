/** The import module `env`: every function of Proxy-Wasm 0.1.0, 0.2.0 and 0.2.1, in the order of the specification. */
import type { HostModule } from '../host-function.ts';
import { BUFFER_FUNCTIONS } from './buffer-functions.ts';
import { CALL_FUNCTIONS } from './call-functions.ts';
import { HEADER_FUNCTIONS } from './header-functions.ts';
import { METRIC_FUNCTIONS } from './metric-functions.ts';
import { PLUGIN_FUNCTIONS } from './plugin-functions.ts';
import { PROPERTY_FUNCTIONS } from './property-functions.ts';
import { SHARED_FUNCTIONS } from './shared-functions.ts';
import type { ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';
import { STREAM_FUNCTIONS } from './stream-functions.ts';

/** What a Proxy-Wasm guest may import from `env`. */
export const PROXY_WASM_ENV: HostModule<ProxyWasmState> = {
  ...PLUGIN_FUNCTIONS,
  ...BUFFER_FUNCTIONS,
  ...HEADER_FUNCTIONS,
  ...STREAM_FUNCTIONS,
  ...CALL_FUNCTIONS,
  ...counted(SHARED_FUNCTIONS),
  ...counted(METRIC_FUNCTIONS),
  ...PROPERTY_FUNCTIONS,
};

/** The functions of a module, each call of which is counted: beyond what a request may make, they answer `internal_failure`. */
function counted(module: HostModule<ProxyWasmState>): HostModule<ProxyWasmState> {
  const functions = Object.entries(module).map(([name, { signature, bind }]) => {
    const limited = (state: ProxyWasmState): ReturnType<typeof bind> => {
      const call = bind(state);
      return (...args: unknown[]) => (state.takeSharedCall() ? call(...args) : STATUS.internalFailure);
    };
    return [name, { signature, bind: limited }] as const;
  });
  return Object.fromEntries(functions);
}
