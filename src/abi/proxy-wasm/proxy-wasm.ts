/** The Proxy-Wasm ABI: filters as built for Envoy, Istio, APISIX, Kong and MOSN. */
import type { Abi } from '../abi.ts';
import type { Signature } from '../../wasm/signature.ts';
import { signaturesOf, suspendingOf } from '../host-function.ts';
import { WASI_MODULES } from '../wasi/preview1.ts';
import { PROXY_WASM_ENV } from './functions.ts';
import { INITIALISERS, ProxyWasmGuest, startExports } from './guest.ts';

/** What the names of exports begin with that say for which version a module was built. */
export const VERSION_EXPORT = 'proxy_abi_version_';

/** The versions that this host speaks, as such an export spells them. */
export const VERSIONS = ['0_1_0', '0_2_0', '0_2_1'] as const;

/** See https://github.com/proxy-wasm/spec, versions 0.1.0, 0.2.0 and 0.2.1. */
export const PROXY_WASM: Abi = {
  name: 'proxy-wasm',
  imports: new Map([
    ['env', signaturesOf(PROXY_WASM_ENV)],
    ...[...WASI_MODULES].map(([name, module]) => [name, signaturesOf(module)] as const),
  ]),
  suspending: new Set([...WASI_MODULES].flatMap(([name, module]) => suspendingOf(name, module))),
  exports: new Map<string, Signature | readonly Signature[]>([
    ...INITIALISERS.map((name) => [name, '->'] as const),
    ['main', ['ii->i', '->i', '->']],
    ['proxy_on_memory_allocate', 'i->i'],
    ['malloc', 'i->i'],
    ['proxy_on_context_create', 'ii->'],
    ['proxy_on_done', 'i->i'],
    ['proxy_on_log', 'i->'],
    ['proxy_on_delete', 'i->'],
    ['proxy_on_vm_start', 'ii->i'],
    ['proxy_on_configure', 'ii->i'],
    ['proxy_on_tick', 'i->'],
    // Without end_of_stream in 0.1.0.
    ['proxy_on_request_headers', ['iii->i', 'ii->i']],
    ['proxy_on_request_body', 'iii->i'],
    ['proxy_on_response_headers', ['iii->i', 'ii->i']],
    ['proxy_on_response_body', 'iii->i'],
    ['proxy_on_response_trailers', 'ii->i'],
    ['proxy_on_http_call_response', 'iiiii->'],
    ['proxy_on_queue_ready', 'ii->'],
  ]),
  requiredExports: [],
  instances: 'reusable',
  initialises: (exports) => startExports(exports).length > 0,
  configures: true,
  createGuest: (host, modules, reenter) => new ProxyWasmGuest(host, modules, reenter),
};
