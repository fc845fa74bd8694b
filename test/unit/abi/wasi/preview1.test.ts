import { expect, test } from 'vitest';
import { bindModule, signaturesOf, type HostModule } from '../../../../src/abi/host-function.ts';
import {
  WASI_MODULE_NAMES,
  WASI_MODULES,
  WASI_PREVIEW1,
  WASI_UNSTABLE,
  type WasiGuest,
} from '../../../../src/abi/wasi/preview1.ts';
import { TinyHost } from './tiny-host.ts';

/** Names and lowered signatures of wasi_snapshot_preview1.witx, in its order. */
const SPECIFICATION = [
  'args_get ii->i',
  'args_sizes_get ii->i',
  'environ_get ii->i',
  'environ_sizes_get ii->i',
  'clock_res_get ii->i',
  'clock_time_get iIi->i',
  'fd_advise iIIi->i',
  'fd_allocate iII->i',
  'fd_close i->i',
  'fd_datasync i->i',
  'fd_fdstat_get ii->i',
  'fd_fdstat_set_flags ii->i',
  'fd_fdstat_set_rights iII->i',
  'fd_filestat_get ii->i',
  'fd_filestat_set_size iI->i',
  'fd_filestat_set_times iIIi->i',
  'fd_pread iiiIi->i',
  'fd_prestat_get ii->i',
  'fd_prestat_dir_name iii->i',
  'fd_pwrite iiiIi->i',
  'fd_read iiii->i',
  'fd_readdir iiiIi->i',
  'fd_renumber ii->i',
  'fd_seek iIii->i',
  'fd_sync i->i',
  'fd_tell ii->i',
  'fd_write iiii->i',
  'path_create_directory iii->i',
  'path_filestat_get iiiii->i',
  'path_filestat_set_times iiiiIIi->i',
  'path_link iiiiiii->i',
  'path_open iiiiiIIii->i',
  'path_readlink iiiiii->i',
  'path_remove_directory iii->i',
  'path_rename iiiiii->i',
  'path_symlink iiiii->i',
  'path_unlink_file iii->i',
  'poll_oneoff iiii->i',
  'proc_exit i->',
  'proc_raise i->i',
  'sched_yield ->i',
  'random_get ii->i',
  'sock_accept iii->i',
  'sock_recv iiiiii->i',
  'sock_send iiiii->i',
  'sock_shutdown ii->i',
];

const listed = (module: HostModule<WasiGuest>): string[] =>
  [...signaturesOf(module)].map(([name, signature]) => `${name} ${signature}`);

test('preview1 has the 46 functions of the specification with their signatures, in its order', () => {
  expect(listed(WASI_PREVIEW1)).toEqual(SPECIFICATION);
});

test('wasi_unstable has the same 45, without sock_accept', () => {
  expect(listed(WASI_UNSTABLE)).toEqual(SPECIFICATION.filter((line) => !line.startsWith('sock_accept')));
});

test('both modules are there under the names that guests import', () => {
  expect([...WASI_MODULES.keys()]).toEqual([...WASI_MODULE_NAMES]);
  expect(WASI_MODULES.get('wasi_snapshot_preview1')).toBe(WASI_PREVIEW1);
  expect(WASI_MODULES.get('wasi_unstable')).toBe(WASI_UNSTABLE);
});

test('pointers beyond 2 GiB, which arrive negative, are pointers like any other', () => {
  const host = new TinyHost({ argv: ['app'], pages: new WebAssembly.Memory({ initial: 32_769 }) });
  const high = 0x8000_0000;
  expect(host.call('args_get', high | 0, (high + 16) | 0)).toBe(0);
  expect(host.memory.readU32(high)).toBe(high + 16);
  host.put(high + 64, 'far\n');
  host.putIovecs(high + 32, [high + 64, 4]);
  expect(host.call('fd_write', 1, (high + 32) | 0, 1, (high + 48) | 0)).toBe(0);
  expect(host.memory.readU32(high + 48)).toBe(4);
  expect(host.lines).toEqual([['info', 'far']]);
});

test.each([...WASI_MODULES])('of %s, only reads, writes and polls suspend', (_, module) => {
  const bound = bindModule(module, new TinyHost().guest);
  expect([...bound].filter(([, { suspends }]) => suspends).map(([name]) => name)).toEqual([
    'fd_read',
    'fd_write',
    'poll_oneoff',
  ]);
});
