/** The import modules of WASI preview1: the functions of every chapter, in the order of the specification. */
import type { HostModule } from '../host-function.ts';
import { ARGUMENTS_FUNCTIONS } from './arguments-functions.ts';
import { CLOCK_FUNCTIONS } from './clock-functions.ts';
import { DESCRIPTOR_ATTRIBUTE_FUNCTIONS, filestatGet } from './descriptor-attribute-functions.ts';
import { DESCRIPTOR_IO_FUNCTIONS, seek } from './descriptor-io-functions.ts';
import { UNSTABLE_FILESTAT } from './filestat.ts';
import type { WasiGuest } from './guest.ts';
import { PATH_FUNCTIONS, pathFilestatGet } from './path-functions.ts';
import { POLL_FUNCTIONS, pollOneoff } from './poll-functions.ts';
import { PROCESS_FUNCTIONS } from './process-functions.ts';
import { RANDOM_FUNCTIONS } from './random-functions.ts';
import { SOCKET_FUNCTIONS } from './socket-functions.ts';
import { UNSTABLE_SUBSCRIPTION } from './subscription.ts';
import { WHENCE } from './typenames.ts';

export { WasiGuest } from './guest.ts';

/**
 * All 46 functions of `wasi_snapshot_preview1`. See
 * https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/wasi_snapshot_preview1.witx
 */
export const WASI_PREVIEW1: HostModule<WasiGuest> = {
  ...ARGUMENTS_FUNCTIONS,
  ...CLOCK_FUNCTIONS,
  ...DESCRIPTOR_ATTRIBUTE_FUNCTIONS,
  ...DESCRIPTOR_IO_FUNCTIONS,
  ...PATH_FUNCTIONS,
  ...POLL_FUNCTIONS,
  ...PROCESS_FUNCTIONS,
  ...RANDOM_FUNCTIONS,
  ...SOCKET_FUNCTIONS,
};

/**
 * All 45 functions of `wasi_unstable`, the version before preview1, from which it differs in four: there is no `sock_accept`;
 * a `filestat` has a u32 `nlink`; a clock subscription has an identifier; and `fd_seek` counts `whence` from the current
 * position (0), the end (1), the start (2).
 */
export const WASI_UNSTABLE: HostModule<WasiGuest> = Object.fromEntries(
  Object.entries<HostModule<WasiGuest>[string]>({
    ...WASI_PREVIEW1,
    fd_filestat_get: filestatGet(UNSTABLE_FILESTAT),
    path_filestat_get: pathFilestatGet(UNSTABLE_FILESTAT),
    fd_seek: seek(WHENCE.unstable),
    poll_oneoff: pollOneoff(UNSTABLE_SUBSCRIPTION),
  }).filter(([name]) => name !== 'sock_accept'),
);

/** The names under which guests import WASI. */
export const WASI_MODULE_NAMES = ['wasi_snapshot_preview1', 'wasi_unstable'] as const;

/** The functions by import module: for binding and for admission. */
export const WASI_MODULES: ReadonlyMap<(typeof WASI_MODULE_NAMES)[number], HostModule<WasiGuest>> = new Map([
  ['wasi_snapshot_preview1', WASI_PREVIEW1],
  ['wasi_unstable', WASI_UNSTABLE],
]);
