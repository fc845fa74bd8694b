/** The Proxy-Wasm ABI, sections "HTTP calls" and "gRPC calls". */
import { HeaderList } from '../../http/headers.ts';
import { isHostRequestField } from '../../http/request-rules.ts';
import type { HostModule } from '../host-function.ts';
import type { CallRequest } from './calls.ts';
import { FieldMap } from './field-map.ts';
import { MAX_NAME_BYTES, MAX_PAIRS_BYTES, MAX_VALUE_BYTES } from './limits.ts';
import { parse } from './pairs.ts';
import { give, take, takeText, type ProxyWasmState } from './state.ts';
import { STATUS } from './types.ts';

/** A function that this host lacks. */
function lacking(signature: HostModule<ProxyWasmState>[string]['signature']): HostModule<ProxyWasmState>[string] {
  return { signature, bind: () => () => STATUS.unimplemented };
}

/** The request that a guest's fields say; `null` when they say none that can be sent. Fields of the host's are left out. */
function requestOf(pairs: Uint8Array): Pick<CallRequest, 'method' | 'target' | 'headers'> | null {
  const fields = parse(pairs);
  const map = new FieldMap('request', new HeaderList());
  if (fields === null || !map.replaceAll(fields)) return null;
  if ([':method', ':path', ':authority'].some((name) => map.get(name) === undefined)) return null;
  const { method, target, headers } = map.toRequest();
  const sent = new HeaderList();
  headers.forEach((_name, value, lowerName) => {
    if (!isHostRequestField(lowerName)) sent.appendLower(lowerName, value);
  });
  return { method, target, headers: sent };
}

/** Functions of gRPC are `unimplemented`. */
export const CALL_FUNCTIONS: HostModule<ProxyWasmState> = {
  /**
   * Asks a backend of the manifest, by its name; `proxy_on_http_call_response` tells of the answer. `bad_argument` for any other name,
   * and when fields are missing or cannot be sent; `internal_failure` when 16 calls are under way. Trailers are not sent. Calls that
   * are made before there is a request are sent with the next one.
   */
  proxy_http_call: {
    signature: 'iiiiiiiiii->i',
    bind:
      (state) =>
      (
        name: number,
        nameSize: number,
        fields: number,
        fieldsSize: number,
        body: number,
        bodySize: number,
        trailers: number,
        trailersSize: number,
        timeoutMs: number,
        callAt: number,
      ) => {
        const { memory } = state.host;
        if (!memory.contains(callAt, 4) || !memory.contains(trailers, trailersSize)) return STATUS.invalidMemoryAccess;
        const upstream = takeText(state, name, nameSize, MAX_NAME_BYTES);
        if (typeof upstream === 'number') return upstream;
        const pairs = take(state, fields, fieldsSize, MAX_PAIRS_BYTES);
        if (typeof pairs === 'number') return pairs;
        const content = take(state, body, bodySize, MAX_VALUE_BYTES);
        if (typeof content === 'number') return content;
        const request = requestOf(pairs);
        if (request === null) return STATUS.badArgument;
        const call = state.calls.start({ ...request, upstream, body: content, timeoutMs: timeoutMs >>> 0 });
        if (call === 'no_such_upstream') return STATUS.badArgument;
        if (call === 'too_many') return STATUS.internalFailure;
        memory.writeU32(callAt, call);
        return STATUS.ok;
      },
  },
  /** The status of the answer that the guest is being told of, without a message; 0 when the call failed, and outside. */
  proxy_get_status: {
    signature: 'iii->i',
    bind: (state) => (statusAt: number, pointerAt: number, sizeAt: number) => {
      const { memory } = state.host;
      if (!memory.contains(statusAt, 4)) return STATUS.invalidMemoryAccess;
      memory.writeU32(statusAt, state.callAnswer?.status ?? 0);
      return give(state, new Uint8Array(0), pointerAt, sizeAt);
    },
  },
  proxy_grpc_call: lacking('iiiiiiiiiiii->i'),
  proxy_grpc_stream: lacking('iiiiiiiii->i'),
  proxy_grpc_send: lacking('iiii->i'),
  proxy_grpc_cancel: lacking('i->i'),
  proxy_grpc_close: lacking('i->i'),
};
