/** Start-up code that runs once at deploy: on a real edge with two threads, over changes of config, rollback and restart. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, RESPONSE } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

const IMPORTS = `(import "kerb_config" "get" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))`;

/** A program whose main reads config and environment, says so, and exits; answers `starts requests config environment`. */
const PROGRAM = guest((text) => ({
  imports: IMPORTS,
  fields: `(global $starts (mut i32) (i32.const 48)) (data (i32.const 64) "0000")
    (func (export "_start")
      (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
      (drop (call $get ${text('k')} (i32.const 66) (i32.const 1)))
      (drop (call $environ (i32.const 128) (i32.const 256)))
      (i32.store8 (i32.const 67) (i32.load8_u (i32.const 258)))
      (call $log (i32.const 0) ${text('initialised')})
      (call $exit (i32.const 0)))`,
  handle: `(i32.store8 (i32.const 64) (global.get $starts))
    (i32.store8 (i32.const 65) (i32.add (i32.load8_u (i32.const 65)) (i32.const 1)))
    (call $write ${RESPONSE} (i32.const 64) (i32.const 4)) (i64.const 0)`,
}));

/** Draws random bytes at its start. */
const RANDOM = guest(() => ({
  imports: '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))',
  fields: '(func (export "_initialize") (drop (call $random (i32.const 0) (i32.const 8))))',
  handle: `(call $write ${RESPONSE} (i32.const 0) (i32.const 8)) (i64.const 0)`,
}));

const manifestOf = (config: string, env: string): string =>
  `[stores]\nconfig = { k = "${config}" }\n[env]\nE = "${env}"`;

let edge: Edge;
let admin: Admin;

beforeAll(async () => {
  edge = await startEdge({
    apps: { folder: { manifest: manifestOf('f', 'F'), module: PROGRAM }, dice: { module: RANDOM } },
    flags: ['--threads', '2'],
  });
  admin = await Admin.of(edge);
});
afterAll(() => edge.stop());

async function deploy(name: string, manifest: string, module: Uint8Array): Promise<unknown> {
  const text = `name = "${name}"\nmain = "handler.wasm"\n${manifest}\n`;
  const headers = { 'kerb-manifest': Buffer.from(text).toString('base64url') };
  const { body } = await admin.change('POST', `/tenants/${name}/versions`, { module, headers });
  return (body as { version: { report: { startUp: unknown } } }).version.report.startUp;
}

/** What requests on many connections, and so on both threads, are answered: each answer once. */
async function answers(app: string): Promise<string[]> {
  const all = await Promise.all(Array.from({ length: 24 }, () => edge.fetch(app)));
  return [...new Set(all.map(({ status, text }) => `${status} ${text}`))];
}

/** How often a tenant's start-up code has said that it ran. */
function starts(tenant: string): number {
  return edge.log.filter((line) => line['tenant'] === tenant && line['message'] === 'initialised').length;
}

describe('start-up code', () => {
  it('runs once for all requests on all threads, also of an app of the tenants folder', async () => {
    expect(await answers('folder')).toEqual(['200 11fF']);
    await edge.untilLogged((line) => line['tenant'] === 'folder' && line['message'] === 'initialised');
    expect(starts('folder')).toBe(1);
    expect(edge.stderr).toMatch(/folder: version .*; start-up once, image 8 KiB/);
    expect(edge.stderr).toMatch(/dice: version .*; start-up per instance: it draws random bytes/);
  });

  it('is told of where it is deployed', async () => {
    await admin.change('POST', '/tenants', { json: { name: 'one' } });
    await admin.change('POST', '/tenants', { json: { name: 'two' } });
    expect(await deploy('one', manifestOf('a', 'A'), PROGRAM)).toMatchObject({ imageBytes: 8_192, perInstance: null });
    await deploy('two', manifestOf('b', 'B'), PROGRAM);
    expect(await answers('one')).toEqual(['200 11aA']);
    expect(await answers('two')).toEqual(['200 11bB']);
    await edge.untilLogged(() => starts('one') > 0 && starts('two') > 0);
    expect([starts('one'), starts('two')]).toEqual([1, 1]);
    await admin.change('POST', '/tenants', { json: { name: 'random' } });
    const why = 'it draws random bytes (wasi_snapshot_preview1.random_get)';
    expect(await deploy('random', '', RANDOM)).toMatchObject({ imageBytes: null, perInstance: why });
    expect((await answers('random')).length).toBe(24);
  });

  it('runs again when the config changes that it has read, and finds the new one', async () => {
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    await admin.change('PUT', '/tenants/one/config/config/k', { archive: Buffer.from('z'), headers });
    for (let said = ''; said !== '11zA';) said = (await edge.fetch('one')).text;
    expect(await answers('one')).toEqual(['200 11zA']);
    expect(await answers('two')).toEqual(['200 11bB']);
    await edge.untilLogged(() => starts('one') === 2);
  });

  it('runs once for a version that comes back', async () => {
    await deploy('two', manifestOf('c', 'C'), PROGRAM);
    expect(await answers('two')).toEqual(['200 11cC']);
    await admin.change('POST', '/tenants/two/rollback', { json: {} });
    expect(await answers('two')).toEqual(['200 11bB']);
    await edge.untilLogged(() => starts('two') === 3);
  });

  it('runs once after a restart', async () => {
    const ended = edge.end('SIGTERM');
    edge = await edge.restart();
    await ended;
    expect(await answers('two')).toEqual(['200 11bB']);
    expect(await answers('one')).toEqual(['200 11zA']);
    await edge.untilLogged(() => starts('two') === 1);
    expect(starts('one')).toBe(1);
  });
});
