/** What `kerb init` makes runs at once, without a toolchain: under `kerb check`, `kerb dev` and `kerb serve`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEMPLATES } from '../../src/cli/init-template.ts';
import { Kerb, textFrom } from './kerb.ts';

let cwd = '';
const names = TEMPLATES.map(({ name }) => name);
const GREETINGS: Readonly<Record<string, string>> = {
  assemblyscript: 'Hello from AssemblyScript: GET /shelf?n=1\n',
  rust: 'Hello from Rust: GET /shelf?n=1\n',
  c: 'Hello from C: GET /shelf?n=1\n',
  wat: 'Hello from WAT: /shelf?n=1\n',
  cgi: 'Hello from CGI: GET /shelf?n=1\n',
};

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kerb-init-test-'));
  for (const name of names) {
    const made = new Kerb(['init', `tenants/${name}`, '--template', name], { cwd });
    if ((await made.ended) !== 0) throw new Error(made.stderr);
  }
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

describe.each(names)('an app from the template %s', (name) => {
  it('is accepted by kerb check', async () => {
    const kerb = new Kerb(['check', `tenants/${name}`], { cwd });
    expect([await kerb.ended, kerb.stdout]).toEqual([
      0,
      expect.stringContaining(`Kerb runs it (${name === 'cgi' ? 'wasi-cgi' : 'http-wasm'})`),
    ]);
  });

  it('answers under kerb dev, and its log is shown', async () => {
    const kerb = new Kerb(['dev', `tenants/${name}`, '--port', '0'], { cwd });
    const [, port] = await kerb.untilSaid(/http:\/\/[a-z]+\.localhost:(\d+)\//);
    const answer = await textFrom(Number(port), `${name}.localhost`, '/shelf?n=1');
    expect(answer).toEqual({ status: 200, text: GREETINGS[name] });
    const long = await textFrom(Number(port), `${name}.localhost`, `/${'x'.repeat(3_000)}`);
    expect([200, 414]).toContain(long.status);
    await kerb.untilSaid(/^ {2}\| (error: )?\/shelf\?n=1$/m);
    expect(await kerb.end('SIGINT')).toBe(0);
  });
});

describe('kerb serve', () => {
  it('serves them all, and drains on SIGTERM with 0', async () => {
    const ports = ['--edge-port', '0', '--control-port', '0', '--threads', '1', '--data', join(cwd, 'data')];
    const kerb = new Kerb(['serve', ...ports], { cwd });
    const [, port] = await kerb.untilSaid(/ready: 5 apps on http:\/\/127\.0\.0\.1:(\d+)/);
    for (const name of names) {
      expect((await textFrom(Number(port), `${name}.localhost`, '/shelf?n=1')).text).toBe(GREETINGS[name]);
    }
    expect(await kerb.end('SIGTERM')).toBe(0);
    expect(kerb.stderr).toMatch(/SIGTERM: draining, at most 10000 ms\n.*drained/);
  });

  it('that cannot start says why, with 1', async () => {
    const kerb = new Kerb(['serve', '--tenants', 'nowhere', '--edge-port', '0', '--control-port', '0'], { cwd });
    expect(await kerb.ended).toBe(1);
    expect(kerb.stderr).toMatch(/nowhere: the tenants folder cannot be read/);
  });
});
