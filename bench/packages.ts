/** Packages from npm that a benchmark needs and the project does not: installed on demand, by exact version. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Absent, ROOT } from './servers/server.ts';

/** Where they are installed: never part of the project's own dependencies. */
export const INSTALLED = `${ROOT}.kerb/bench`;
const INSTALL_TIMEOUT_MS = 180_000;

/** Installs packages, each named with its exact version, into `folder`. Rejects with {@link Absent} when that cannot be done. */
export async function installPackages(folder: string, specifiers: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--save-exact', '--ignore-scripts', '--loglevel=error'];
  const npm = spawn('npm', ['install', '--prefix', folder, ...flags, ...specifiers], {
    stdio: 'ignore',
    timeout: INSTALL_TIMEOUT_MS,
  });
  const code = await once(npm, 'exit').then(
    ([status]: unknown[]) => status,
    () => 'not found',
  );
  const names = specifiers.join(' ');
  if (code !== 0) throw new Absent(`npm could not install ${names} (${String(code)}); is the registry reachable?`);
}
