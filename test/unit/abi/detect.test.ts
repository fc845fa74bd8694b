/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import { abiOf, ABIS, type ModuleSurface } from '../../../src/abi/detect.ts';
import { KerbError } from '../../../src/errors.ts';

function surface(imports: readonly string[], exports: readonly string[] = []): ModuleSurface {
  return {
    imports: imports.map((path) => {
      const [module = '', name = ''] = path.split(' ');
      return { module, name };
    }),
    exports: exports.map((name) => ({ name })),
  };
}

function refusal(run: () => unknown): KerbError {
  try {
    run();
  } catch (error) {
    if (error instanceof KerbError) return error;
  }
  throw new Error('nothing was refused');
}

describe('detection', () => {
  it.each([
    ['an import from http_handler', surface(['http_handler log'])],
    ['http_handler beside WASI', surface(['wasi_snapshot_preview1 fd_write', 'http_handler get_uri'], ['_start'])],
    ['the export handle_request alone', surface([], ['handle_request', 'memory'])],
  ])('takes %s for http-wasm', (_, seen) => {
    expect(abiOf(seen, 'auto').name).toBe('http-wasm');
  });

  it.each([
    ['proxy-wasm', surface(['env proxy_log'], ['proxy_abi_version_0_2_1'])],
    ['proxy-wasm', surface(['http_handler log'], ['proxy_abi_version_0_1_0', 'handle_request'])],
    ['fastly', surface(['fastly_http_req body_downstream_get'], ['_start'])],
    ['fastly', surface(['env xqd_init'], ['_start'])],
    ['wasi-cgi', surface(['wasi_snapshot_preview1 fd_write'], ['_start'])],
    ['wasi-cgi', surface([], ['_start'])],
    ['wasi-cgi', surface(['wasi_unstable fd_write', 'kerb_kv open'], ['_start'])],
  ])('names %s, whether or not this build runs it', (name, seen) => {
    const running = [...ABIS.keys()] as string[];
    if (running.includes(name)) expect(abiOf(seen, 'auto').name).toBe(name);
    else expect(refusal(() => abiOf(seen, 'auto')).message).toContain(`abi "${name}" is not served`);
  });

  it.each([
    ['no imports and no exports', surface([])],
    ['imports of env that mean nothing', surface(['env abort'], ['_start'])],
    ['_start with an import from elsewhere', surface(['wasi_snapshot_preview1 fd_write', 'gojs x'], ['_start'])],
  ])('refuses %s', (_, seen) => {
    const error = refusal(() => abiOf(seen, 'auto'));
    expect(error.code).toBe('refused_module');
    expect(error.explain()).toContain('speaks no ABI that Kerb knows');
  });

  it('quotes and cuts hostile module names in its refusal', () => {
    const names = Array.from({ length: 9 }, (_, i) => `${i}\n${'x'.repeat(500)} f`);
    const [detail = ''] = refusal(() => abiOf(surface(names), 'auto')).details;
    expect(detail.length).toBeLessThan(400);
    expect(detail).not.toContain('\n');
    expect(detail).not.toContain('"5');
  });
});

describe('a named ABI', () => {
  it('wins over what the module looks like', () => {
    expect(abiOf(surface(['env abort']), 'http-wasm').name).toBe('http-wasm');
  });

  it('that this build does not run is refused with those that it does', () => {
    const unserved = (['proxy-wasm', 'wasi-http', 'fastly', 'wasi-cgi'] as const).find((name) => !ABIS.has(name));
    if (unserved === undefined) return;
    expect(refusal(() => abiOf(surface([]), unserved)).message).toContain('it serves http-wasm');
  });

  it('is registered under its own name, and its required exports are among its exports', () => {
    for (const [name, abi] of ABIS) {
      expect(abi.name).toBe(name);
      for (const required of abi.requiredExports) expect(abi.exports.has(required)).toBe(true);
    }
  });
});
