/** Real wasm, linked to the WASI functions as the runtime links it: waits suspend through JSPI. */
import type { FileGrants } from '../../../../src/capability/files.ts';
import { bindModule, type BoundFunction, type Scalar } from '../../../../src/abi/host-function.ts';
import { WASI_MODULES } from '../../../../src/abi/wasi/preview1.ts';
import { TinyHost } from './tiny-host.ts';

/** A guest and its host. */
export interface LinkedGuest {
  readonly host: TinyHost;
  /** Calls an export; rejects with what the guest ended with. */
  readonly enter: (name: string, ...args: Scalar[]) => Promise<unknown>;
}

type Import = (...args: Scalar[]) => unknown;

/** Instantiates a module that exports its memory as `memory`. */
export function link(
  binary: Uint8Array<ArrayBuffer>,
  grants: {
    readonly argv?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: FileGrants;
  } = {},
): LinkedGuest {
  // The state needs the memory, which the instance makes: imports look their function up when they are called.
  const bound = new Map<string, BoundFunction>();
  const imports: Record<string, Record<string, unknown>> = {};
  for (const [module, functions] of WASI_MODULES) {
    imports[module] = Object.fromEntries(
      Object.entries(functions).map(([name, { suspends }]) => {
        const call: Import = (...args) => bound.get(`${module}.${name}`)?.call(...args);
        return [name, suspends === true ? new WebAssembly.Suspending(call) : call];
      }),
    );
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), imports);
  const host = new TinyHost({ ...grants, pages: exports['memory'] as WebAssembly.Memory });
  for (const [module, functions] of WASI_MODULES) {
    for (const [name, found] of bindModule(functions, host.guest)) bound.set(`${module}.${name}`, found);
  }
  return { host, enter: async (name, ...args) => WebAssembly.promising(exports[name])(...args) };
}
