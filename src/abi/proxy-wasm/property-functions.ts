/** The Proxy-Wasm ABI, section "Properties". */
import type { HostModule } from '../host-function.ts';
import { MAX_NAME_BYTES, MAX_PROPERTY_BYTES } from './limits.ts';
import { isHostProperty, propertyOf } from './properties.ts';
import { give, take, takeText, type ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';

/** Parts of a path are separated by NULs. */
export const PROPERTY_FUNCTIONS: HostModule<ProxyWasmState> = {
  /** The value of a property. `not_found` when there is none, or none now. */
  proxy_get_property: {
    signature: 'iiii->i',
    bind: (state) => (path: number, pathSize: number, pointerAt: number, sizeAt: number) => {
      const name = takeText(state, path, pathSize, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      const value = propertyOf(state, name);
      return value === undefined ? STATUS.notFound : give(state, value, pointerAt, sizeAt);
    },
  },
  /**
   * Sets a property of the filter's own, for the stream at hand. `not_found` outside a stream and for the host's properties;
   * `internal_failure` beyond 32 of them or 4 KiB.
   */
  proxy_set_property: {
    signature: 'iiii->i',
    bind: (state) => (path: number, pathSize: number, value: number, valueSize: number) => {
      const name = takeText(state, path, pathSize, MAX_NAME_BYTES);
      if (typeof name === 'number') return name;
      if (state.stream === null || isHostProperty(name)) return STATUS.notFound;
      const bytes = take(state, value, valueSize, MAX_PROPERTY_BYTES);
      if (typeof bytes === 'number') return bytes === STATUS.badArgument ? STATUS.internalFailure : bytes;
      return state.stream.properties.set(name.replace(/\0$/, ''), bytes) ? STATUS.ok : STATUS.internalFailure;
    },
  },
};
