/** The http-handler ABI, section "Request Only Functions". */
import { MAX_TARGET_BYTES } from '../../http/limits.ts';
import { isSendableMethod, targetFault } from '../../http/request-rules.ts';
import { GuestFault } from '../guest-fault.ts';
import type { HostModule } from '../host-function.ts';
import { beforeNext, type HttpWasmState } from './state.ts';

/** The longest method taken from a guest. */
const MAX_METHOD_BYTES = 64;

/** `get_method`, `set_method`, `get_uri`, `set_uri`, `get_protocol_version`, `get_source_addr`. */
export const REQUEST_FUNCTIONS: HostModule<HttpWasmState> = {
  /** Writes the method to `buf` if it fits in `buf_limit` bytes. Result: its length in bytes. */
  get_method: {
    signature: 'ii->i',
    bind: (state) => (buf: number, limit: number) => state.host.memory.writeText(buf, limit, state.turn.request.method),
  },
  /** Replaces the method. Ends the guest when it is no token, when it is CONNECT, and after "next". */
  set_method: {
    signature: 'ii->',
    bind: (state) => (method: number, length: number) => {
      const { request } = beforeNext(state, 'the method');
      if (length >>> 0 > MAX_METHOD_BYTES) throw new GuestFault(`a method of ${length >>> 0} bytes`);
      const text = state.host.memory.readText(method, length);
      if (!isSendableMethod(text))
        throw new GuestFault('set_method with CONNECT, or something that is no token (RFC 9110 section 9.1)');
      request.method = text;
    },
  },
  /** Writes path and query to `buf` if they fit in `buf_limit` bytes. Result: their length in bytes. */
  get_uri: {
    signature: 'ii->i',
    bind: (state) => (buf: number, limit: number) => state.host.memory.writeText(buf, limit, state.turn.request.target),
  },
  /** Replaces path and query; empty means `/`. Ends the guest when it is not an encoded path and query, and after "next". */
  set_uri: {
    signature: 'ii->',
    bind: (state) => (uri: number, length: number) => {
      const { request } = beforeNext(state, 'the URI');
      if (length >>> 0 > MAX_TARGET_BYTES) throw new GuestFault(`a URI of ${length >>> 0} bytes`);
      const target = state.host.memory.readText(uri, length) || '/';
      if (targetFault(target) !== null)
        throw new GuestFault('set_uri with something that is not an encoded path and query');
      request.target = target;
    },
  },
  /** Writes the protocol version, `HTTP/1.1` say, to `buf` if it fits. Result: its length in bytes. */
  get_protocol_version: {
    signature: 'ii->i',
    bind: (state) => (buf: number, limit: number) =>
      state.host.memory.writeText(buf, limit, state.turn.request.protocol),
  },
  /** Writes the client's address as `ip:port`, IPv6 in brackets, to `buf` if it fits. Result: its length in bytes. */
  get_source_addr: {
    signature: 'ii->i',
    bind: (state) => (buf: number, limit: number) => {
      const { ip, port } = state.turn.request.client;
      return state.host.memory.writeText(buf, limit, ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);
    },
  },
};
