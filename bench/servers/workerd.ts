/** workerd as a peer: installed on demand, with the same modules behind a few lines of glue. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALLED, installPackages } from '../packages.ts';
import { Started } from '../processes.ts';
import { Absent, MODULES, ROOT, type Server, type ServerKind, type StartOptions } from './server.ts';
import { listeningPorts, routerScript, WORKERD_VERSION, workerdConfig, workerScript } from './workerd-config.ts';

/** The path of the binary, installed first if it is not there. Rejects with {@link Absent} when that cannot be done. */
export async function installWorkerd(): Promise<string> {
  const folder = join(INSTALLED, `workerd-${WORKERD_VERSION}`);
  const platform = `${process.platform}-${process.arch === 'x64' ? '64' : process.arch}`;
  const binary = join(folder, 'node_modules', '@cloudflare', `workerd-${platform}`, 'bin', 'workerd');
  if (!existsSync(binary)) await installPackages(folder, [`workerd@${WORKERD_VERSION}`]);
  if (!existsSync(binary)) throw new Absent(`workerd ${WORKERD_VERSION} has no binary for ${platform}`);
  return binary;
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
