/** What the hostcalls of one Proxy-Wasm sandbox work on. */
import type { GuestHost } from '../abi.ts';
import type { CallAnswer, CallTable } from './calls.ts';
import type { FieldMap } from './field-map.ts';
import type { HttpStream } from './http-stream.ts';
import type { TickTimer } from './tick-timer.ts';
import { MAP, STATUS, type Status } from './types.ts';

/** The state behind the hostcalls. */
export interface ProxyWasmState {
  readonly host: GuestHost;
  readonly calls: CallTable;
  readonly timer: TickTimer;
  /** The stream that is the effective context; `null`: that of the plugin is. */
  readonly stream: HttpStream | null;
  /** The answer that `proxy_on_http_call_response` is told of; `null`: it is not running. */
  readonly callAnswer: CallAnswer | null;
  /** Which configuration `proxy_get_configuration` is about. */
  readonly configuring: 'vm' | 'plugin';
  /** Counts a call that touches what requests share; `false`: the request has made as many as it may. */
  takeSharedCall(): boolean;
  /** Makes a context the effective one; answers whether there is such a context. */
  setEffectiveContext(id: number): boolean;
  /** Notes that the instance wants to hear of a queue; answers whether it has room for that. */
  registerQueue(queue: number): boolean;
  /** Tells the guest, when it has returned, of what waits in a queue that it has registered. */
  announce(queue: number): void;
  /** Memory that the guest allocates; 0: it has none. Enters the guest: views of its memory are void afterwards. */
  allocate(bytes: number): number;
}

/**
 * Hands bytes over: in memory that the guest allocates, whose place and length are written to the two addresses. Nothing is a length
 * of 0 at 0. Answers `ok` or `invalid_memory_access`.
 */
export function give(state: ProxyWasmState, bytes: Uint8Array, pointerAt: number, sizeAt: number): Status {
  const { memory } = state.host;
  if (!memory.contains(pointerAt, 4) || !memory.contains(sizeAt, 4)) return STATUS.invalidMemoryAccess;
  const at = bytes.length === 0 ? 0 : state.allocate(bytes.length);
  if (bytes.length > 0) {
    if (at === 0 || !memory.contains(at, bytes.length)) return STATUS.invalidMemoryAccess;
    memory.write(at, bytes);
  }
  memory.writeU32(pointerAt, at);
  memory.writeU32(sizeAt, bytes.length);
  return STATUS.ok;
}

/** A copy of bytes of the guest's, or why there is none: `invalid_memory_access`, or `bad_argument` for more than `most`. */
export function take(state: ProxyWasmState, pointer: number, size: number, most: number): Uint8Array | Status {
  const { memory } = state.host;
  if (!memory.contains(pointer, size)) return STATUS.invalidMemoryAccess;
  return size >>> 0 > most ? STATUS.badArgument : memory.read(pointer, size);
}

/** The same as text; ill-formed UTF-8 becomes U+FFFD. */
export function takeText(state: ProxyWasmState, pointer: number, size: number, most: number): string | Status {
  const { memory } = state.host;
  if (!memory.contains(pointer, size)) return STATUS.invalidMemoryAccess;
  return size >>> 0 > most ? STATUS.badArgument : memory.readText(pointer, size);
}

/** Writes a number where the guest wants it. */
export function answerU32({ host: { memory } }: ProxyWasmState, at: number, value: number): Status {
  if (!memory.contains(at, 4)) return STATUS.invalidMemoryAccess;
  memory.writeU32(at, value);
  return STATUS.ok;
}

/** The map of a kind as it can be read now; `null`: there is none. */
export function readableMap({ stream, callAnswer }: ProxyWasmState, map: number): FieldMap | null {
  switch (map) {
    case MAP.requestHeaders:
      return stream?.request.head ?? null;
    case MAP.responseHeaders:
      return stream?.response.head ?? null;
    case MAP.responseTrailers:
      return stream?.response.trailers ?? null;
    case MAP.callResponseHeaders:
      return callAnswer?.headers ?? null;
    case MAP.callResponseTrailers:
      return callAnswer?.trailers ?? null;
    default:
      return null;
  }
}

/** The map of a kind, if it can still be changed. */
export function writableMap(state: ProxyWasmState, map: number): FieldMap | null {
  const { stream } = state;
  if (map === MAP.requestHeaders && stream?.request.sent === true) return null;
  if (map === MAP.responseHeaders && stream?.response.sent === true) return null;
  return map === MAP.callResponseHeaders || map === MAP.callResponseTrailers ? null : readableMap(state, map);
}
