/** workerd with the tenants of benchmark `neighbour`: an isolate each, behind a router. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Started } from '../processes.ts';
import { SPIN_MODULE } from '../spin.ts';
import { listeningPorts, routerScript, spinConfig, spinScript } from './workerd-config.ts';
import { installWorkerd } from './workerd.ts';

/** Starts it for tenants of the given names. Rejects with `Absent` when workerd cannot be had. */
export async function startSpinWorkerd(
  folder: string,
  tenants: readonly string[],
  prefix: readonly string[],
): Promise<{ readonly process: Started; readonly port: number }> {
  const binary = await installWorkerd();
  const files = { 'config.capnp': spinConfig(tenants), 'spin.js': spinScript(), 'router.js': routerScript() };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  copyFileSync(SPIN_MODULE, join(folder, 'spin.wasm'));
  const workerd = new Started({
    program: binary,
    args: ['serve', join(folder, 'config.capnp'), '--control-fd=3'],
    prefix,
  });
  const port = await workerd.until((said) => listeningPorts(said).get('router') ?? null);
  return { process: workerd, port };
}
