/** The Proxy-Wasm ABI, sections "Common HTTP and TCP stream operations", "HTTP streams" and "Context lifecycle". */
import { isStatus } from '../../http/response-rules.ts';
import type { HostModule } from '../host-function.ts';
import { closed } from './direction.ts';
import { FieldMap } from './field-map.ts';
import { HeaderList } from '../../http/headers.ts';
import { LocalResponse } from './local-response.ts';
import { MAX_BODY_BYTES, MAX_NAME_BYTES, MAX_PAIRS_BYTES } from './limits.ts';
import { parse } from './pairs.ts';
import { take, type ProxyWasmState } from './state.ts';
import { isOneOf, STATUS, STREAM, type Status } from './types.ts';

/** Lets half of the stream go on. A half that is not paused goes on anyway. */
function resume({ stream }: ProxyWasmState, type: number): Status {
  if (!isOneOf(STREAM, type)) return STATUS.badArgument;
  if (stream === null || type === STREAM.downstream || type === STREAM.upstream) return STATUS.unimplemented;
  (type === STREAM.request ? stream.request : stream.response).gate.open();
  return STATUS.ok;
}

function resuming(type: number): HostModule<ProxyWasmState>[string] {
  return { signature: '->i', bind: (state) => () => resume(state, type) };
}

/** Streams of TCP, and of the plugin's context, are `unimplemented`. */
export const STREAM_FUNCTIONS: HostModule<ProxyWasmState> = {
  /** Makes a context the one that hostcalls are about. `bad_argument` when there is no such context. */
  proxy_set_effective_context: {
    signature: 'i->i',
    bind: (state) => (id: number) => (state.setEffectiveContext(id) ? STATUS.ok : STATUS.badArgument),
  },
  /** Lets a context go for which `proxy_on_done` answered `false`. `not_found` for any other. */
  proxy_done: {
    signature: '->i',
    bind: (state) => () => (state.stream?.done() === true ? STATUS.ok : STATUS.notFound),
  },
  /** Lets the request or the response go on. */
  proxy_continue_stream: { signature: 'i->i', bind: (state) => (type: number) => resume(state, type) },
  /** Ends the exchange without a response. */
  proxy_close_stream: {
    signature: 'i->i',
    bind: (state) => (type: number) => {
      if (!isOneOf(STREAM, type)) return STATUS.badArgument;
      if (state.stream === null || type === STREAM.downstream || type === STREAM.upstream) return STATUS.unimplemented;
      state.stream.fail(closed(type === STREAM.request ? 'request' : 'response'));
      return STATUS.ok;
    },
  },
  /** 0.1.0: lets the request go on. */
  proxy_continue_request: resuming(STREAM.request),
  /** 0.1.0: lets the response go on. */
  proxy_continue_response: resuming(STREAM.response),
  /** 0.1.0: routes are not chosen by filters here, so there is nothing to forget. */
  proxy_clear_route_cache: { signature: '->i', bind: () => () => STATUS.ok },
  /**
   * Answers in the next handler's place, when the callback has returned: status, details for the log, body, fields. A second one is
   * ignored. `bad_argument` for a status that is not 200 to 599, fields that cannot be sent, a body beyond 16 MiB, outside a stream,
   * and once the response is on its way. The gRPC status is not used.
   */
  proxy_send_local_response: {
    signature: 'iiiiiiii->i',
    bind:
      (state) =>
      (
        status: number,
        details: number,
        detailsSize: number,
        body: number,
        bodySize: number,
        fields: number,
        fieldsSize: number,
      ) => {
        const [text, content, pairs] = [
          take(state, details, detailsSize, MAX_NAME_BYTES),
          take(state, body, bodySize, MAX_BODY_BYTES),
          take(state, fields, fieldsSize, MAX_PAIRS_BYTES),
        ];
        if (text === STATUS.invalidMemoryAccess) return text;
        if (typeof content === 'number') return content;
        if (typeof pairs === 'number') return pairs;
        return answer(state, status, content, pairs);
      },
  },
};

function answer({ stream }: ProxyWasmState, status: number, body: Uint8Array, pairs: Uint8Array): Status {
  const fields = parse(pairs);
  if (stream === null || fields === null || !isStatus(status)) return STATUS.badArgument;
  const head = FieldMap.ofResponse(status, new HeaderList());
  let allowed = true;
  fields.forEach((name, value) => {
    // A status among the fields is what some SDKs add; the one that was given counts.
    if (!name.startsWith(':')) allowed &&= head.add(name, value);
  });
  if (!allowed) return STATUS.badArgument;
  return stream.answer(new LocalResponse(status, head.toResponse().headers, body)) ? STATUS.ok : STATUS.badArgument;
}
