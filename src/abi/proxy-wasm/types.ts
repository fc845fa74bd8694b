/** The Proxy-Wasm ABI, section "Types": the numbers that cross the boundary. */

/** `proxy_status_t`: what every function answers. */
export const STATUS = {
  ok: 0,
  notFound: 1,
  badArgument: 2,
  serializationFailure: 3,
  parseFailure: 4,
  invalidMemoryAccess: 6,
  empty: 7,
  casMismatch: 8,
  internalFailure: 10,
  unimplemented: 12,
} as const;

/** One of {@link STATUS}. */
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** `proxy_action_t`. Everything but `continue` pauses, also what SDKs of C++ answer beyond the two. */
export const ACTION = { continue: 0, pause: 1 } as const;

/** The context of the plugin, made when an instance starts. Streams are numbered from 2. */
export const ROOT_CONTEXT = 1;

/** `proxy_buffer_type_t`. */
export const BUFFER = {
  requestBody: 0,
  responseBody: 1,
  downstreamData: 2,
  upstreamData: 3,
  callResponseBody: 4,
  grpcMessage: 5,
  vmConfiguration: 6,
  pluginConfiguration: 7,
  foreignFunctionArguments: 8,
} as const;

/** `proxy_map_type_t`. */
export const MAP = {
  requestHeaders: 0,
  requestTrailers: 1,
  responseHeaders: 2,
  responseTrailers: 3,
  grpcInitialMetadata: 4,
  grpcTrailingMetadata: 5,
  callResponseHeaders: 6,
  callResponseTrailers: 7,
} as const;

/** `proxy_stream_type_t`: the two of HTTP; `downstream` and `upstream` are of TCP. */
export const STREAM = { request: 0, response: 1, downstream: 2, upstream: 3 } as const;

/** Whether a number is one of a closed set. */
export function isOneOf(numbers: Readonly<Record<string, number>>, number: number): boolean {
  return Object.values(numbers).includes(number);
}
