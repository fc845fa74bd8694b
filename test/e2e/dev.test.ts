/** `kerb dev`: a whole development server, from its first line to its end, in processes of their own. */
import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../wat.ts';
import { Kerb, textFrom, untilGone } from './kerb.ts';

const HOST = 'shop.localhost';

/** A guest that logs and answers with a word. */
const saying = (word: string): Uint8Array =>
  assemble(`(module
    (import "http_handler" "log" (func $log (param i32 i32 i32)))
    (import "http_handler" "write_body" (func $write (param i32 i32 i32)))
    (memory (export "memory") 1) (data (i32.const 0) "${word}")
    (func (export "handle_request") (result i64)
      (call $log (i32.const 1) (i32.const 0) (i32.const ${word.length}))
      (call $write (i32.const 1) (i32.const 0) (i32.const ${word.length})) (i64.const 0))
    (func (export "handle_response") (param i32 i32)))`);

const SPIN = assemble(`(module (memory (export "memory") 1)
  (func (export "handle_request") (result i64) (loop $l (br $l)) (i64.const 0))
  (func (export "handle_response") (param i32 i32)))`);

/** Imports a function that there is not. */
const MISSPELT = assemble(`(module (import "http_handler" "lgo" (func))
  (func (export "handle_request") (result i64) (i64.const 0)) (func (export "handle_response") (param i32 i32)))`);

let scratch = '';
let folder = '';
const running: Kerb[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'kerb-dev-test-'));
  folder = join(scratch, 'shop');
  await mkdir(folder);
  await mkdir(join(scratch, 'tmp'));
  await writeFile(join(folder, 'kerb.toml'), 'name = "shop"\nmain = "a.wasm"\n');
  await writeFile(join(folder, 'a.wasm'), saying('first'));
});
afterEach(async () => {
  for (const kerb of running.splice(0)) if (kerb.process.exitCode === null) await kerb.end('SIGKILL');
  await rm(scratch, { recursive: true, force: true });
});

function start(...argv: string[]): Kerb {
  const kerb = new Kerb(['dev', ...argv], { cwd: scratch, env: { TMPDIR: join(scratch, 'tmp') } });
  running.push(kerb);
  return kerb;
}

async function serving(...argv: string[]): Promise<{ kerb: Kerb; port: number }> {
  const kerb = start('shop', '--port', '0', ...argv);
  const [, port] = await kerb.untilSaid(/http:\/\/shop\.localhost:(\d+)\/ {2}version \w+ serves/);
  return { kerb, port: Number(port) };
}

describe('kerb dev', () => {
  it('serves the app, shows each request with its cost, and what the app logs', async () => {
    const { kerb, port } = await serving();
    expect(await textFrom(port, HOST, '/cart?x=1')).toEqual({ status: 200, text: 'first' });
    await kerb.untilSaid(/^ {2}\| warn: first$/m);
    await kerb.untilSaid(/^GET \/cart\?x=1 +200 {2}cpu \d+\.\d+ ms {2}wall \d+\.\d+ ms {2}64 KiB {2}fresh$/m);
    expect(kerb.stdout + kerb.stderr).not.toContain('\u001b');
  });

  it('serves a new version by itself, explains one that is refused, and keeps the version before', async () => {
    const { kerb, port } = await serving();
    await writeFile(join(folder, 'a.wasm'), saying('second'));
    await kerb.untilSaid(/^version \w+ serves \(http-wasm, request, /m);
    expect((await textFrom(port, HOST)).text).toBe('second');
    await writeFile(join(folder, 'a.wasm'), MISSPELT);
    await kerb.untilSaid(/^error .*keeps serving: the module is refused.*\n.*"lgo" is not offered/m);
    await writeFile(join(folder, 'kerb.toml'), 'name = "shop"\nmain = "a.wasm"\nmian = 1\n');
    await kerb.untilSaid(
      /^error shop: .*keeps serving: shop\/kerb\.toml: .*\n.*shop\/kerb\.toml:3: mian: is an unknown key/m,
    );
    expect((await textFrom(port, HOST)).text).toBe('second');
  });

  it('holds the app to the budgets of production', async () => {
    await writeFile(join(folder, 'a.wasm'), SPIN);
    const { kerb, port } = await serving();
    expect((await textFrom(port, HOST)).status).toBe(503);
    await kerb.untilSaid(/^GET \/ +503 {2}cpu 5\d\.\d ms .* cpu_limit$/m);
  });

  it('begins with an app that is not sound, and serves it as soon as it is', async () => {
    await rm(join(folder, 'a.wasm'));
    const kerb = start('shop', '--port', '0');
    const [, port] = await kerb.untilSaid(/nothing to serve yet: shop is served on port (\d+)/);
    expect(kerb.stderr).toMatch(/error shop: not deployed: .*a\.wasm is not there/);
    await writeFile(join(folder, 'a.wasm'), saying('late'));
    await kerb.untilSaid(/version \w+ serves/);
    expect((await textFrom(Number(port), HOST)).text).toBe('late');
  });

  it('with --no-watch serves what was there', async () => {
    const { kerb, port } = await serving('--no-watch');
    await rm(join(folder, 'a.wasm'));
    await rm(join(folder, 'kerb.toml'));
    expect((await textFrom(port, HOST)).text).toBe('first');
    expect(await kerb.end('SIGINT')).toBe(0);
    expect(kerb.stderr).not.toContain('removed');
  });

  it('with --json writes the access log and nothing else to standard output', async () => {
    const { kerb, port } = await serving('--json');
    await textFrom(port, HOST, '/a');
    await kerb.untilSaid(/"target":"\/a"/);
    await kerb.end('SIGINT');
    const records = kerb.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
    expect(records.map(({ kind }) => kind).sort()).toEqual(['access', 'guest']);
  });
});

describe('the end of kerb dev', () => {
  it.each([
    ['Ctrl-C', (kerb: Kerb) => kerb.interrupt()],
    ['SIGTERM', (kerb: Kerb) => kerb.end('SIGTERM')],
  ])('on %s is quiet, with 0, and leaves no process and no folder', async (_, end) => {
    const { kerb } = await serving();
    const children = await kerb.children();
    expect(children).toHaveLength(1);
    const before = kerb.stderr;
    expect(await end(kerb)).toBe(0);
    await Promise.all(children.map(untilGone));
    expect(readdirSync(join(scratch, 'tmp'))).toEqual([]);
    expect([kerb.stdout, kerb.stderr]).toEqual(['', before]);
  });

  it('when it is killed takes its server with it', async () => {
    const { kerb } = await serving();
    const children = await kerb.children();
    expect(await kerb.end('SIGKILL')).toBe(null);
    await Promise.all(children.map(untilGone));
  });

  it('comes when its server dies, and says so', async () => {
    const { kerb } = await serving();
    const [child] = await kerb.children();
    process.kill(child ?? 0, 'SIGKILL');
    expect(await kerb.ended).toBe(137);
    expect(kerb.stderr).toContain('the server has ended by itself, with code 137');
    expect(readdirSync(join(scratch, 'tmp'))).toEqual([]);
  });
});

describe('kerb dev does not start', () => {
  it('without a manifest', async () => {
    const kerb = start('.');
    expect(await kerb.ended).toBe(2);
    expect(kerb.stderr).toMatch(/this folder has no kerb\.toml; .*kerb init/);
  });

  it('on a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const kerb = start('shop', '--port', String(port));
    expect(await kerb.ended).toBe(1);
    expect(kerb.stderr).toContain(`port ${port} is taken on 127.0.0.1; name another with --port`);
    taken.close();
  });

  it('with a port that is none', async () => {
    expect(await start('shop', '--port', '70000').ended).toBe(2);
  });
});
