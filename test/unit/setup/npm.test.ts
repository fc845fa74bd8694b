import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INSTALL_ARGUMENTS, findNpm, installEnvironment, runInstall } from '../../../src/setup/npm.js';
import { emptyFolder } from './folder.ts';

function program(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

describe('findNpm', () => {
  it('prefers the npm that is running', () => {
    const path = program(join(emptyFolder(), 'npm-cli.js'), '');
    expect(findNpm({ npm_execpath: path, PATH: '' })).toEqual({ path, kind: 'script' });
  });

  it('does not take another package manager for npm', () => {
    const folder = emptyFolder();
    const other = program(join(folder, 'pnpm.cjs'), '');
    const npm = program(join(folder, 'bin', 'npm'), '#!/bin/sh');
    expect(findNpm({ npm_execpath: other, PATH: join(folder, 'bin') })).toEqual({ path: npm, kind: 'command' });
  });

  it('follows a link on the PATH to the script, so that it can run under a chosen Node', () => {
    const folder = emptyFolder();
    const script = program(join(folder, 'lib', 'npm-cli.js'), '');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(script, join(folder, 'bin', 'npm'));
    expect(findNpm({ PATH: `/nowhere::${join(folder, 'bin')}` })).toEqual({ path: script, kind: 'script' });
  });

  it('passes over folders and files that cannot be run', () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'a', 'npm'), { recursive: true });
    chmodSync(program(join(folder, 'b', 'npm'), ''), 0o644);
    expect(() => findNpm({ PATH: `${join(folder, 'a')}:${join(folder, 'b')}` })).toThrow('npm is not on the PATH');
  });

  it('says what to do when there is none', () => {
    expect(() => findNpm({})).toThrow(/install it .* and try again/);
  });
});

describe('installEnvironment', () => {
  it('puts the wanted Node first on the PATH', () => {
    expect(installEnvironment({ PATH: '/usr/bin' }, '/pinned/bin/node')['PATH']).toBe('/pinned/bin:/usr/bin');
    expect(installEnvironment({}, '/pinned/bin/node')['PATH']).toBe('/pinned/bin');
  });

  it('lets the pinned Node trust the certificates of the system, unless the user decided otherwise', () => {
    expect(installEnvironment({}, '/n/node')['NODE_USE_SYSTEM_CA']).toBe('1');
    expect(installEnvironment({ NODE_USE_SYSTEM_CA: '0' }, '/n/node')['NODE_USE_SYSTEM_CA']).toBe('0');
  });

  it('drops what an outer npm says about itself and keeps what the user configured', () => {
    const outer = { npm_execpath: '/x', npm_lifecycle_event: 'start', npm_config_registry: 'configured', HOME: '/h' };
    expect(installEnvironment(outer, '/n/node')).toEqual({
      npm_config_registry: 'configured',
      HOME: '/h',
      NODE_USE_SYSTEM_CA: '1',
      PATH: '/n',
    });
  });
});

describe('runInstall', () => {
  /** A stand-in for npm that does what the text says. */
  const run = (text: string, kind: 'script' | 'command' = 'script'): Promise<string> => {
    const root = emptyFolder();
    const path = program(join(root, kind === 'script' ? 'npm-cli.cjs' : 'npm'), text);
    return runInstall({ npm: { path, kind }, node: process.execPath, root });
  };

  it('installs in the checkout without writing to package files and without running scripts', async () => {
    const root = emptyFolder();
    const path = program(
      join(root, 'npm-cli.cjs'),
      "require('fs').writeFileSync('seen', process.argv.slice(2).join(' '))",
    );
    await runInstall({ npm: { path, kind: 'script' }, node: process.execPath, root });
    expect(readFileSync(join(root, 'seen'), 'utf8')).toBe(INSTALL_ARGUMENTS.join(' '));
    expect(INSTALL_ARGUMENTS).toEqual(expect.arrayContaining(['install', '--no-save', '--ignore-scripts']));
  });

  it('runs a command that is no script, with the wanted Node first on its PATH', async () => {
    const root = emptyFolder();
    const path = program(join(root, 'npm'), '#!/bin/sh\nnode -p process.execPath > seen\n');
    await runInstall({ npm: { path, kind: 'command' }, node: process.execPath, root });
    expect(readFileSync(join(root, 'seen'), 'utf8').trim()).toBe(process.execPath);
  });

  it('fails with what npm said on both streams', async () => {
    const failing = run("console.log('to stdout'); console.error('to stderr'); process.exitCode = 3");
    await expect(failing).rejects.toThrow(/^npm install failed with exit code 3\. It said:\n(.*\n)?to std/);
  });

  it('gives what npm said when it succeeds', async () => {
    expect(await run("console.log('a warning')")).toBe('a warning\n');
  });

  it('keeps the end of a long output', async () => {
    const failing = run("process.stderr.write('x'.repeat(3e5) + 'the end'); process.exitCode = 1");
    const message = await failing.catch((error: unknown) => String(error));
    expect(message).toMatch(/the end$/);
    expect(String(message).length).toBeLessThan(25_000);
  });

  it('fails when npm is stopped by a signal', async () => {
    await expect(run("process.kill(process.pid, 'SIGKILL')")).rejects.toThrow('npm install was stopped by SIGKILL');
  });

  it('fails when npm cannot be started', async () => {
    await expect(run('#!/nowhere/interpreter', 'command')).rejects.toThrow('npm install could not be started');
  });

  it('leaves no signal handlers behind', async () => {
    const before = process.listenerCount('SIGTERM');
    await run('');
    expect(process.listenerCount('SIGTERM')).toBe(before);
    expect(existsSync('seen')).toBe(false);
  });
});
