import { describe, expect, it } from 'vitest';
import { ABIS } from '../../../src/abi/detect.ts';
import { HTTP_WASM } from '../../../src/abi/http-wasm/http-wasm.ts';
import { PROXY_WASM } from '../../../src/abi/proxy-wasm/proxy-wasm.ts';
import { reasonAgainst } from '../../../src/abi/start-up-calls.ts';

const ALL = [...new Map([...HTTP_WASM.imports, ...PROXY_WASM.imports])].flatMap(([module, names]) =>
  [...names.keys()].map((name) => [module, name] as const),
);
const SETTLED = ALL.filter(([module, name]) => reasonAgainst(module, name) === null).map((call) => call.join('.'));

describe('calls of start-up code', () => {
  it('leave nothing for others only where the list says so', () => {
    const wasi = (module: string): string[] =>
      [
        'args_get',
        'args_sizes_get',
        'environ_get',
        'environ_sizes_get',
        'fd_advise',
        'fd_close',
        'fd_fdstat_get',
        'fd_filestat_get',
        'fd_pread',
        'fd_prestat_dir_name',
        'fd_prestat_get',
        'fd_read',
        'fd_readdir',
        'fd_seek',
        'fd_tell',
        'fd_write',
        'path_filestat_get',
        'path_open',
        'path_readlink',
        'proc_exit',
      ].map((name) => `${module}.${name}`);
    expect(SETTLED.toSorted()).toEqual(
      [
        'env.emscripten_notify_memory_growth',
        'env.proxy_call_foreign_function',
        'env.proxy_get_configuration',
        'env.proxy_log',
        'env.proxy_set_tick_period_milliseconds',
        'env.pthread_equal',
        'http_handler.enable_features',
        'http_handler.get_config',
        'http_handler.log',
        'kerb_config.get',
        'kerb_log.write',
        'kerb_secret.get',
        ...wasi('wasi_snapshot_preview1'),
        ...wasi('wasi_unstable'),
      ].toSorted(),
    );
  });

  it('never wait, but where reading or writing something else than files and the log would', () => {
    const waits = (call: string): boolean => [...ABIS.values()].some(({ suspending }) => suspending.has(call));
    expect(SETTLED.filter(waits).filter((call) => !/\.fd_(read|write)$/.test(call))).toEqual([]);
  });

  it.each([
    ['wasi_unstable', 'random_get', 'it draws random bytes (wasi_unstable.random_get)'],
    ['wasi_snapshot_preview1', 'clock_res_get', 'it reads the clock (wasi_snapshot_preview1.clock_res_get)'],
    ['wasi_unstable', 'path_unlink_file', 'it touches descriptors or files (wasi_unstable.path_unlink_file)'],
    ['env', 'proxy_get_current_time_nanoseconds', 'it reads the clock (env.proxy_get_current_time_nanoseconds)'],
    ['env', 'proxy_get_log_level', 'it asks what is logged (env.proxy_get_log_level)'],
    ['env', 'proxy_set_shared_data', 'it touches the host (env.proxy_set_shared_data)'],
    ['kerb_fetch', 'send', 'it touches what changes (kerb_fetch.send)'],
    ['another', 'call', 'it touches the host (another.call)'],
  ])('of %s.%s have a reason against them', (module, name, reason) => {
    expect(reasonAgainst(module, name)).toBe(reason);
  });
});
