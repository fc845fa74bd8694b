/** workerd as a peer: installed on demand, with the same modules behind a few lines of glue. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Started } from '../processes.ts';
import { Absent, MODULES, ROOT, type Server, type ServerKind, type StartOptions } from './server.ts';
import { listeningPorts, routerScript, WORKERD_VERSION, workerdConfig, workerScript } from './workerd-config.ts';

/** Where peers are installed, by exact version: never part of the project's own dependencies. */
const INSTALLED = `${ROOT}.kerb/bench`;
const INSTALL_TIMEOUT_MS = 180_000;

/** The path of the binary, installed first if it is not there. Rejects with {@link Absent} when that cannot be done. */
export async function installWorkerd(): Promise<string> {
  const folder = join(INSTALLED, `workerd-${WORKERD_VERSION}`);
  const platform = `${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  const binary = join(folder, 'node_modules', '@cloudflare', `workerd-${platform}`, 'bin', 'workerd');
  if (!existsSync(binary)) await npmInstall(folder, `workerd@${WORKERD_VERSION}`);
  if (!existsSync(binary)) throw new Absent(`workerd ${WORKERD_VERSION} has no binary for ${platform}`);
  return binary;
}

async function npmInstall(folder: string, specifier: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--save-exact', '--ignore-scripts', '--loglevel=error'];
  const npm = spawn('npm', ['install', '--prefix', folder, ...flags, specifier], {
    stdio: 'ignore',
    timeout: INSTALL_TIMEOUT_MS,
  });
  const code = await once(npm, 'exit').then(
    ([status]: unknown[]) => status,
    () => 'not found',
  );
  if (code !== 0) throw new Absent(`npm could not install ${specifier} (${String(code)}); is the registry reachable?`);
}

async function start({ instances, prefix, folder }: StartOptions): Promise<Server> {
  const binary = await installWorkerd();
  const files = {
    'config.capnp': workerdConfig(),
    'hello.js': workerScript('hello', instances),
    'echo.js': workerScript('echo', instances),
    'router.js': routerScript(),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  copyFileSync(`${ROOT}bench/servers/http-handler-glue.js`, join(folder, 'glue.js'));
  copyFileSync(MODULES.hello, join(folder, 'hello.wasm'));
  copyFileSync(MODULES.echo, join(folder, 'echo.wasm'));
  const workerd = new Started({
    program: binary,
    args: ['serve', join(folder, 'config.capnp'), '--control-fd=3'],
    prefix,
  });
  const ports = await workerd.until((said) => {
    const found = listeningPorts(said);
    return found.size < 3 ? null : found;
  });
  return { pid: workerd.pid, portOf: (app) => ports.get(app) ?? 0, stop: () => workerd.stop() };
}

/** Cloudflare's runtime: an isolate per app, no CPU budget. */
export const WORKERD: ServerKind = {
  name: 'workerd',
  tone: 'peer',
  note: `${WORKERD_VERSION}; the same modules behind JavaScript glue, an isolate per app, no CPU budget; 100 tenants: one worker routes by Host over service bindings`,
  start,
};
