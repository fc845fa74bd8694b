/** Functions of Proxy-Wasm that this host links and lacks: each always answers the same status. */

/** One of them. */
export interface UnsupportedFunction {
  readonly name: string;
  /** The status, in the words of the specification. */
  readonly status: 'unimplemented' | 'not_found';
  readonly reason: string;
}

const GRPC = 'backends are asked by HTTP calls';

/** All of them, in the order of the specification. */
export const UNSUPPORTED: readonly UnsupportedFunction[] = [
  { name: 'proxy_grpc_call', status: 'unimplemented', reason: GRPC },
  { name: 'proxy_grpc_stream', status: 'unimplemented', reason: GRPC },
  { name: 'proxy_grpc_send', status: 'unimplemented', reason: GRPC },
  { name: 'proxy_grpc_cancel', status: 'unimplemented', reason: GRPC },
  { name: 'proxy_grpc_close', status: 'unimplemented', reason: GRPC },
  { name: 'proxy_call_foreign_function', status: 'not_found', reason: 'there are no foreign functions' },
];
