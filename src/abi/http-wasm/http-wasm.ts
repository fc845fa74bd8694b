/** The http-wasm ABI (http_handler): request handlers and middleware as built for Dapr, Traefik and others. */
import type { Abi } from '../abi.ts';
import { signaturesOf, suspendingOf } from '../host-function.ts';
import { KERB_MODULES } from '../kerb/table.ts';
import { WASI_MODULES } from '../wasi/preview1.ts';
import { HTTP_HANDLER } from './functions.ts';
import { HttpWasmGuest, START_EXPORTS } from './guest.ts';

/** See https://http-wasm.io/http-handler-abi/. */
export const HTTP_WASM: Abi = {
  name: 'http-wasm',
  imports: new Map([
    ['http_handler', signaturesOf(HTTP_HANDLER)],
    ...[...WASI_MODULES].map(([name, module]) => [name, signaturesOf(module)] as const),
    ...[...KERB_MODULES].map(([name, module]) => [name, signaturesOf(module)] as const),
  ]),
  suspending: new Set([
    ...suspendingOf('http_handler', HTTP_HANDLER),
    ...[...WASI_MODULES].flatMap(([name, module]) => suspendingOf(name, module)),
    ...[...KERB_MODULES].flatMap(([name, module]) => suspendingOf(name, module)),
  ]),
  exports: new Map([
    ['handle_request', '->I'],
    ['handle_response', 'ii->'],
    ...START_EXPORTS.map((name) => [name, '->'] as const),
  ]),
  requiredExports: ['handle_request'],
  instances: 'reusable',
  initialises: (exports) => START_EXPORTS.some((name) => exports.has(name)),
  configures: false,
  createGuest: (host, modules) => new HttpWasmGuest(host, modules),
};
