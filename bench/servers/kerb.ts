/** Kerb as a server under measurement: its own process with one data thread, and apps made for the purpose. */
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_FLAGS } from '../../src/setup/commands.js';
import { Started } from '../processes.ts';
import { TENANTS, tenantName } from '../workload.ts';
import { MODULES, ROOT, type Server, type ServerKind, type StartOptions } from './server.ts';

const READY = /ready: (\d+) apps on http:\/\/127\.0\.0\.1:(\d+)/;

/** An app to deploy. */
export interface KerbApp {
  readonly name: string;
  /** Path of its module. */
  readonly module: string;
  /** Lines of kerb.toml after `name` and `main`. */
  readonly manifest: string;
}

/** What a Kerb is started with beside what every benchmark gives it. */
export interface KerbExtra {
  /** Flags for Kerb. */
  readonly flags?: readonly string[];
  /** Flags for Node. */
  readonly nodeFlags?: readonly string[];
  /** The checkout that it is started from, ending in `/`: this one. */
  readonly root?: string;
}

/** A running Kerb. */
export interface Kerb {
  readonly process: Started;
  readonly port: number;
}

/** Deploys apps from a folder and settles when all of them are served. Rejects when one of them was refused. */
export async function startKerb(
  folder: string,
  apps: readonly KerbApp[],
  accessLog: string,
  prefix: readonly string[],
  extra: KerbExtra = {},
): Promise<Kerb> {
  const tenants = join(folder, 'tenants');
  for (const app of apps) writeApp(tenants, app);
  const ports = ['--edge-port', '0', '--control-port', '0'];
  const flags = [...ports, '--threads', '1', '--access-log', accessLog, ...(extra.flags ?? [])];
  const folders = ['--tenants', tenants, '--data', join(folder, 'data')];
  const process_ = new Started({
    program: process.execPath,
    args: [
      ...SERVER_FLAGS,
      ...(extra.nodeFlags ?? []),
      `${extra.root ?? ROOT}src/main.ts`,
      'serve',
      ...flags,
      ...folders,
    ],
    prefix,
  });
  const [, count, port] = await process_.until((said) => READY.exec(said));
  if (Number(count) === apps.length) return { process: process_, port: Number(port) };
  const { said } = process_;
  await process_.stop();
  throw new Error(`Kerb deployed ${count} of ${apps.length} apps:\n${said}`);
}

function writeApp(tenants: string, { name, module, manifest }: KerbApp): void {
  const folder = join(tenants, name);
  mkdirSync(folder, { recursive: true });
  copyFileSync(module, join(folder, 'handler.wasm'));
  writeFileSync(join(folder, 'kerb.toml'), `name = "${name}"\nmain = "handler.wasm"\n${manifest}`);
}

function appsFor({ instances }: StartOptions): KerbApp[] {
  const isolation = instances === 'warm' ? 'reuse' : 'request';
  // 512 connections are more than a tenant's standard concurrency, which would answer 429.
  const manifest = `isolation = "${isolation}"\n[limits]\nmemory_mb = 1\nconcurrency = 2000\n`;
  const copies = Array.from({ length: TENANTS }, (_, index) => tenantName(index));
  return [
    ...['hello', ...copies].map((name) => ({ name, module: MODULES.hello, manifest })),
    { name: 'echo', module: MODULES.echo, manifest },
  ];
}

async function start(options: StartOptions, log: 'off' | 'file'): Promise<Server> {
  const accessLog = log === 'off' ? 'off' : join(options.folder, 'access.log');
  const { process: kerb, port } = await startKerb(options.folder, appsFor(options), accessLog, options.prefix);
  return {
    pid: kerb.pid,
    portOf: () => port,
    tidy: () => {
      if (log === 'file') truncateSync(accessLog);
    },
    stop: () => kerb.stop(),
  };
}

/** Kerb without an access log: no peer writes one. */
export const KERB: ServerKind = {
  name: 'Kerb',
  tone: 'own',
  note: 'one data thread, CPU and memory budgets enforced, access log off, because no peer writes one',
  start: (options) => start(options, 'off'),
};

/** Kerb as it is run in earnest. */
export const KERB_LOGGING: ServerKind = {
  name: 'Kerb, access log',
  tone: 'own',
  note: 'the same with a JSON line per request written to a file',
  start: (options) => start(options, 'file'),
};
