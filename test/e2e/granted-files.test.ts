/** Folders of `[files]` by every way in which an app comes: uploaded, stored and started again, and for guests of another ABI. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packApp } from '../../src/cli/pack.ts';
import { cgi, CGI_HEAD } from '../cgi-guests.ts';
import { guest, RESPONSE } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

/** Shows the file `/app/sub/page`. */
const SHOWS = cgi((text) => ({
  start: `(call $out ${text(CGI_HEAD)})
    (call $show (call $pathOpen (i32.const 3) (i32.const 1) ${text('sub/page')} (i32.const 0) (i64.const 6) (i64.const 0) (i32.const 0)
      (i32.const 268)))
    (i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 1000))
    (drop (call $fdRead (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))
    (call $out (i32.const 4096) (i32.load (i32.const 264)))`,
}));

/** The same as an http-wasm guest, which opens its file while it is initialised. */
const HANDLER = guest((text) => ({
  imports: `(import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fdRead (param i32 i32 i32 i32) (result i32)))`,
  fields: `(func (export "_initialize")
    (if (call $open (i32.const 3) (i32.const 1) ${text('sub/page')} (i32.const 0) (i64.const 6) (i64.const 0) (i32.const 0)
      (i32.const 268)) (then unreachable)))`,
  handle: `(i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 1000))
    (drop (call $fdRead (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))
    (call $write ${RESPONSE} (i32.const 4096) (i32.load (i32.const 264)))
    (i64.const 0)`,
}));

let edge: Edge;
let admin: Admin;
let folder: string;

/** A package of the app with this page. */
async function packed(name: string, page: string, link?: string): Promise<Uint8Array> {
  await mkdir(join(folder, 'files', 'sub'), { recursive: true });
  await writeFile(join(folder, 'files', 'sub', 'page'), page);
  await writeFile(join(folder, 'app.wasm'), SHOWS);
  await writeFile(
    join(folder, 'kerb.toml'),
    `name = "${name}"\nmain = "app.wasm"\n[files]\n"/app" = "${link ?? 'files'}"\n`,
  );
  return (await packApp(folder)).bytes;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granted-'));
  edge = await startEdge();
  admin = await Admin.of(edge);
});
afterAll(async () => {
  await edge.stop();
  await rm(folder, { recursive: true });
});

describe('an uploaded app', () => {
  it('has its files, those of its version, and has them again after a restart', async () => {
    await admin.change('POST', '/tenants', { json: { name: 'up' } });
    await admin.change('POST', '/tenants/up/versions', { archive: await packed('up', 'first') });
    expect((await edge.fetch('up')).text).toBe('0 first');
    await admin.change('POST', '/tenants/up/versions', { archive: await packed('up', 'second') });
    expect((await edge.fetch('up')).text).toBe('0 second');
    await admin.change('POST', '/tenants/up/rollback', { json: {} });
    expect((await edge.fetch('up')).text).toBe('0 first');
    edge.process.kill('SIGTERM');
    edge = await edge.restart();
    admin = await Admin.of(edge);
    expect((await edge.fetch('up')).text).toBe('0 first');
  });

  it('may not grant itself a folder without saying so', async () => {
    await admin.change('POST', '/tenants', { json: { name: 'wider' } });
    const plain = cgi((text) => ({ start: `(call $out ${text(`${CGI_HEAD}plain`)})` }));
    await admin.change('POST', '/tenants/wider/versions', { module: plain });
    const answer = await admin.ask('POST', '/tenants/wider/versions', { archive: await packed('wider', 'x') });
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([409, expect.stringContaining('files /app')]);
    expect((await edge.fetch('wider')).text).toBe('plain');
  });
});

it('an http-wasm guest finds its folders too', async () => {
  await mkdir(join(edge.tenants, 'handler', 'files', 'sub'), { recursive: true });
  await writeFile(join(edge.tenants, 'handler', 'files', 'sub', 'page'), 'of a handler');
  await edge.put('handler', { module: HANDLER, manifest: '[files]\n"/app" = "files"' });
  await edge.untilSaid('handler: version');
  for (let round = 0; round < 3; round += 1) expect((await edge.fetch('handler')).text).toBe('of a handler');
});
