/** workerd with a module of its own for each tenant. */
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Started } from '../processes.ts';
import { listedConfig, loadedConfig, routerOf, TENANT_FILES, tenantScript } from './many-workerd-config.ts';
import { ROOT } from './server.ts';
import { listeningPorts } from './workerd-config.ts';
import { installWorkerd } from './workerd.ts';

/** What many tenants are served from. */
export interface ManyStart {
  /** An empty folder of the server's own. */
  readonly folder: string;
  /** Names of tenants, each a label of a host. */
  readonly tenants: readonly string[];
  /** A folder with `<tenant>.wasm` for each. */
  readonly modules: string;
  /** Words before its command line. */
  readonly prefix: readonly string[];
}

/** A server of many tenants. */
export interface ManyServer {
  readonly process: Started;
  readonly port: number;
  /** From its start until it listened. */
  readonly startMs: number;
}

/** Thousands of workers are made before it listens. */
const START_TIMEOUT_MS = 180_000;

/** Starts it with its tenants in the configuration, or with none, to be loaded. Rejects with `Absent` when workerd cannot be had. */
export async function startManyWorkerd(kind: 'listed' | 'loaded', start: ManyStart): Promise<ManyServer> {
  const { folder, tenants, modules, prefix } = start;
  const binary = await installWorkerd();
  const config = kind === 'listed' ? listedConfig(tenants) : loadedConfig(modules);
  const files = { 'config.capnp': config, 'router.js': routerOf(kind), [TENANT_FILES.main]: tenantScript() };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  symlinkSync(modules, join(folder, 'modules'));
  copyFileSync(`${ROOT}bench/servers/http-handler-glue.js`, join(folder, TENANT_FILES.glue));
  const began = performance.now();
  const args = ['serve', join(folder, 'config.capnp'), '--control-fd=3', '--experimental'];
  const workerd = new Started({ program: binary, args, prefix });
  const port = await workerd.until((said) => listeningPorts(said).get('router') ?? null, START_TIMEOUT_MS);
  return { process: workerd, port, startMs: performance.now() - began };
}
