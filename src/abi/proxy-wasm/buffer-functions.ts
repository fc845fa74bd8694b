/** The Proxy-Wasm ABI, section "Buffers". */
import type { HostModule } from '../host-function.ts';
import { MAX_BODY_BYTES } from './limits.ts';
import { answerU32, give, take, type ProxyWasmState } from './state.ts';
import type { StreamBuffer } from './stream-buffer.ts';
import { BUFFER, isOneOf, STATUS } from './types.ts';

const U32 = 2 ** 32;
const NOTHING = new Uint8Array(0);

/** The bytes of a buffer from `start` on; `null`: it is not there now. To be copied at once. */
function viewOf(state: ProxyWasmState, id: number, start: number, size: number): Uint8Array | null {
  const { callAnswer, host } = state;
  switch (id) {
    case BUFFER.requestBody:
    case BUFFER.responseBody:
      return bodyOf(state, id)?.view(start, size) ?? null;
    case BUFFER.callResponseBody:
      return callAnswer?.body.subarray(start, start + size) ?? null;
    case BUFFER.vmConfiguration:
      return NOTHING;
    case BUFFER.pluginConfiguration:
      return host.grants.config.subarray(start, start + size);
    default:
      return null;
  }
}

function bodyOf({ stream }: ProxyWasmState, id: number): StreamBuffer | null {
  if (id === BUFFER.requestBody) return stream?.request.shownBody ?? null;
  return id === BUFFER.responseBody ? (stream?.response.shownBody ?? null) : null;
}

/** Every function answers `bad_argument` for an unknown buffer and `not_found` for one that is not there now. */
export const BUFFER_FUNCTIONS: HostModule<ProxyWasmState> = {
  /**
   * Puts bytes in place of `size` bytes from `start` on: before all with 0 and 0, behind all from the end on. Bodies can be changed,
   * nothing else: other buffers are `not_found`. `bad_argument` beyond 16 MiB.
   */
  proxy_set_buffer_bytes: {
    signature: 'iiiii->i',
    bind: (state) => (id: number, start: number, size: number, value: number, valueSize: number) => {
      if (!isOneOf(BUFFER, id)) return STATUS.badArgument;
      const body = bodyOf(state, id);
      if (body === null) return STATUS.notFound;
      const bytes = take(state, value, valueSize, MAX_BODY_BYTES);
      if (typeof bytes === 'number') return bytes;
      return body.set(start >>> 0, size >>> 0, bytes) ? STATUS.ok : STATUS.badArgument;
    },
  },
  /** Up to `max_size` bytes from `start` on; none beyond the end. `bad_argument` when the two pass 2^32. */
  proxy_get_buffer_bytes: {
    signature: 'iiiii->i',
    bind: (state) => (id: number, start: number, size: number, pointerAt: number, sizeAt: number) => {
      if (!isOneOf(BUFFER, id)) return STATUS.badArgument;
      if ((start >>> 0) + (size >>> 0) >= U32) return STATUS.badArgument;
      const bytes = viewOf(state, id, start >>> 0, size >>> 0);
      return bytes === null ? STATUS.notFound : give(state, bytes, pointerAt, sizeAt);
    },
  },
  /** How many bytes there are; the second result is always 0. */
  proxy_get_buffer_status: {
    signature: 'iii->i',
    bind: (state) => (id: number, sizeAt: number, unusedAt: number) => {
      if (!isOneOf(BUFFER, id)) return STATUS.badArgument;
      const bytes = viewOf(state, id, 0, U32);
      if (bytes === null) return STATUS.notFound;
      const answered = answerU32(state, sizeAt, bytes.length);
      return answered === STATUS.ok ? answerU32(state, unusedAt, 0) : answered;
    },
  },
};
