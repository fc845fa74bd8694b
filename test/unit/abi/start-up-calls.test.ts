import { describe, expect, it } from 'vitest';
import { HTTP_WASM } from '../../../src/abi/http-wasm/http-wasm.ts';
import { reasonAgainst } from '../../../src/abi/start-up-calls.ts';

const ALL = [...HTTP_WASM.imports].flatMap(([module, names]) =>
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
        'fd_fdstat_get',
        'fd_prestat_get',
        'fd_prestat_dir_name',
        'fd_write',
        'proc_exit',
      ].map((name) => `${module}.${name}`);
    expect(SETTLED.toSorted()).toEqual(
      [
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

  it('never wait, but where writing to something else than the log would', () => {
    const waiting = SETTLED.filter((call) => HTTP_WASM.suspending.has(call));
    expect(waiting.filter((call) => !call.endsWith('.fd_write'))).toEqual([]);
  });

  it.each([
    ['wasi_unstable', 'random_get', 'it draws random bytes (wasi_unstable.random_get)'],
    ['wasi_snapshot_preview1', 'clock_res_get', 'it reads the clock (wasi_snapshot_preview1.clock_res_get)'],
    ['wasi_snapshot_preview1', 'path_open', 'it touches descriptors or files (wasi_snapshot_preview1.path_open)'],
    ['kerb_fetch', 'send', 'it touches what changes (kerb_fetch.send)'],
    ['another', 'call', 'it touches the host (another.call)'],
  ])('of %s.%s have a reason against them', (module, name, reason) => {
    expect(reasonAgainst(module, name)).toBe(reason);
  });
});
