/** Which ABI a module speaks, from its imports and exports. */
import { KerbError } from '../errors.ts';
import type { Abi, AbiName } from './abi.ts';
import { HTTP_WASM } from './http-wasm/http-wasm.ts';
import { PROXY_WASM, VERSION_EXPORT, VERSIONS } from './proxy-wasm/proxy-wasm.ts';
import { WASI_CGI } from './wasi-cgi/wasi-cgi.ts';

/** The ABIs that this build runs, by name. */
export const ABIS: ReadonlyMap<AbiName, Abi> = new Map([HTTP_WASM, PROXY_WASM, WASI_CGI].map((abi) => [abi.name, abi]));

/** What detection looks at. */
export interface ModuleSurface {
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  readonly exports: readonly { readonly name: string }[];
}

/**
 * The ABI of a module: the one its manifest names, or for `auto` the one it speaks.
 * Throws `refused_module` when this build does not run that ABI, or when the module speaks none that Kerb knows.
 */
export function abiOf(surface: ModuleSurface, wanted: AbiName | 'auto'): Abi {
  const name = wanted === 'auto' ? recognise(surface) : wanted;
  if (name === null) {
    throw new KerbError('refused_module', 'the module speaks no ABI that Kerb knows', [
      `it imports from ${listed(surface.imports.map(({ module }) => module))}; an http-wasm guest imports from http_handler, a CGI program from wasi_snapshot_preview1 and exports _start`,
    ]);
  }
  const abi = ABIS.get(name);
  if (abi === undefined) {
    const running = [...ABIS.keys()].join(', ');
    throw new KerbError('refused_module', `abi "${name}" is not served by this build; it serves ${running}`);
  }
  if (abi === PROXY_WASM) refuseUnknownVersion(surface);
  return abi;
}

/** A filter says which versions of its ABI it was built for: one of them has to be known. */
function refuseUnknownVersion({ exports }: ModuleSurface): void {
  const named = exports.map(({ name }) => name).filter((name) => name.startsWith(VERSION_EXPORT));
  if (VERSIONS.some((version) => named.includes(`${VERSION_EXPORT}${version}`))) return;
  const known = VERSIONS.map((version) => `${VERSION_EXPORT}${version}`).join(', ');
  throw new KerbError('refused_module', 'the filter is for no version of Proxy-Wasm that this build runs', [
    `it exports ${listed(named)}; build it with an SDK that exports one of ${known}`,
  ]);
}

/** Recognises an ABI by function names and exports; import modules such as `env` mean different things to each. */
function recognise({ imports, exports }: ModuleSurface): AbiName | null {
  const modules = new Set(imports.map(({ module }) => module));
  const exported = new Set(exports.map(({ name }) => name));
  if ([...exported].some((name) => name.startsWith(VERSION_EXPORT))) return 'proxy-wasm';
  if (modules.has('http_handler') || exported.has('handle_request')) return 'http-wasm';
  if ([...modules].some((module) => module.startsWith('fastly_'))) return 'fastly';
  if (imports.some(({ module, name }) => module === 'env' && name.startsWith('xqd_'))) return 'fastly';
  if (exported.has('_start') && [...modules].every((module) => /^(wasi|kerb)_/.test(module))) return 'wasi-cgi';
  return null;
}

function listed(names: readonly string[]): string {
  return (
    [...new Set(names)]
      .slice(0, 5)
      .map((name) => JSON.stringify(name.slice(0, 40)))
      .join(', ') || 'none'
  );
}
