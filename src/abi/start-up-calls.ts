/**
 * Which host functions start-up code may call when what it leaves in an instance is put into others too: those that answer the same
 * in each instance of a deployment, for as long as it lives, and that leave nothing at the host.
 */

/**
 * By import module. Config and secrets are among them: a deployment has those that it was made with, and one that changes makes
 * another deployment, which starts anew. Functions that write only log.
 */
const SETTLED: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  // enable_features leaves something at the host, which the ABI captures with the instance.
  ['http_handler', new Set(['get_config', 'enable_features', 'log'])],
  ...(['wasi_snapshot_preview1', 'wasi_unstable'] as const).map((module) => [module, settledOfWasi()] as const),
  // A period of ticks is left at the host, and captured as those are.
  [
    'env',
    new Set([
      'proxy_log',
      'proxy_get_configuration',
      'proxy_set_tick_period_milliseconds',
      'proxy_call_foreign_function',
      'emscripten_notify_memory_growth',
      'pthread_equal',
    ]),
  ],
  ['kerb_config', new Set(['get'])],
  ['kerb_secret', new Set(['get'])],
  ['kerb_log', new Set(['write'])],
]);

function settledOfWasi(): ReadonlySet<string> {
  return new Set([
    'args_get',
    'args_sizes_get',
    'environ_get',
    'environ_sizes_get',
    // Files of the app are the same as long as it is: what is in its scratch folder, or left open, the ABI sees.
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
    // Outside of the scratch folder the only descriptors that take anything are those of the log.
    'fd_write',
    'path_filestat_get',
    'path_open',
    'path_readlink',
    'proc_exit',
  ]);
}

/** What the others do, by the beginning of their names: for people, and the first that fits. */
const DEEDS: readonly (readonly [string, string])[] = [
  ['wasi_snapshot_preview1.random_get', 'draws random bytes'],
  ['wasi_unstable.random_get', 'draws random bytes'],
  ['wasi_snapshot_preview1.clock_', 'reads the clock'],
  ['wasi_unstable.clock_', 'reads the clock'],
  ['wasi_snapshot_preview1.poll_oneoff', 'waits'],
  ['wasi_unstable.poll_oneoff', 'waits'],
  ['wasi_snapshot_preview1.', 'touches descriptors or files'],
  ['wasi_unstable.', 'touches descriptors or files'],
  ['http_handler.log_enabled', 'asks what is logged'],
  ['env.proxy_get_log_level', 'asks what is logged'],
  ['env.proxy_get_current_time', 'reads the clock'],
  ['kerb_', 'touches what changes'],
  ['', 'touches the host'],
];

/** Why an instance whose start-up code called this function has a start-up of its own; `null`: the call is none. */
export function reasonAgainst(module: string, name: string): string | null {
  if (SETTLED.get(module)?.has(name) === true) return null;
  const called = `${module}.${name}`;
  const deed = DEEDS.find(([beginning]) => called.startsWith(beginning))?.[1] ?? '';
  return `it ${deed} (${called})`;
}
