/** Start-up code of programs and filters that runs once at deploy: uploaded, in the tenants folder, and in kerb dev. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packApp } from '../../src/cli/pack.ts';
import { cgi, CGI_HEAD, type Text } from '../cgi-guests.ts';
import { filter, RESPONSE_HEADERS } from '../filters.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';
import { Kerb, textFrom } from './kerb.ts';

/** Opens `/app/page`; the descriptor lies at 268. Reads what is open into 4096; the length lies at 264. */
const OPENING = (text: Text): string =>
  `(drop (call $pathOpen (i32.const 3) (i32.const 1) ${text('page')} (i32.const 0) (i64.const 6) (i64.const 0) (i32.const 0) (i32.const 268)))`;
const READING = `(i32.store (i32.const 256) (i32.const 4096)) (i32.store (i32.const 260) (i32.const 1000))
  (drop (call $fdRead (i32.load (i32.const 268)) (i32.const 256) (i32.const 1) (i32.const 264)))`;

/** Reads its page when it is deployed, and says so; each answer is a count of starts, one of requests, and the page. */
const PAGE = cgi((text) => ({
  fields: `(global $starts (mut i32) (i32.const 0)) (global $requests (mut i32) (i32.const 0))
    (func (export "wizer.initialize")
      (global.set $starts (i32.add (global.get $starts) (i32.const 1)))
      ${OPENING(text)} ${READING} (drop (call $fdClose (i32.load (i32.const 268))))
      (call $out ${text('initialised\n')}))`,
  start: `(global.set $requests (i32.add (global.get $requests) (i32.const 1)))
    (call $out ${text(CGI_HEAD)}) (call $show (global.get $starts)) (call $show (global.get $requests))
    (call $out (i32.const 4096) (i32.load (i32.const 264)))`,
}));

/** Leaves its page open. */
const OPEN = cgi((text) => ({
  fields: `(func (export "wizer.initialize") ${OPENING(text)})`,
  start: `(call $out ${text(CGI_HEAD)}) ${READING} (call $out (i32.const 4096) (i32.load (i32.const 264)))`,
}));

/** Answers a count of starts, and one of configurations in tens. */
const FILTER = filter((text) => ({
  fields: `(global $count (mut i32) (i32.const 0))
    (func (export "_initialize")
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (drop (call $log (i32.const 3) ${text('initialised')})))`,
  configure: '(global.set $count (i32.add (global.get $count) (i32.const 10)))',
  requestHeaders: '(call $say (global.get $count))',
}));

/** Lets everything pass, and tells its own counts in a field of the response. */
const OUTER = filter((text) => ({
  fields: `(global $count (mut i32) (i32.const 48))
    (func (export "_initialize")
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (drop (call $log (i32.const 3) ${text('initialised')})))`,
  configure: '(i32.store8 (i32.const 1025) (i32.add (i32.load8_u (i32.const 1025)) (i32.const 49)))',
  responseHeaders: `(i32.store8 (i32.const 1024) (global.get $count))
    (drop (call $add_header_map_value ${RESPONSE_HEADERS} ${text('x-counts')} (i32.const 1024) (i32.const 2)))`,
}));

/** Draws random bytes at its start, and lets everything pass. */
const DICE = filter(() => ({
  imports: '(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))',
  fields: '(func (export "_initialize") (drop (call $random (i32.const 0) (i32.const 8))))',
}));

/** Both in front of an app. */
const CHAIN = '[[filters]]\nname = "outer"\nmain = "outer.wasm"\n[[filters]]\nname = "dice"\nmain = "dice.wasm"\n';

let edge: Edge;
let admin: Admin;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshot-'));
  const page = { manifest: '[files]\n"/app" = "files"\n', files: { 'files/page': 'of the folder' } };
  const chain = { manifest: CHAIN, module: FILTER, files: { 'outer.wasm': OUTER, 'dice.wasm': DICE } };
  edge = await startEdge({
    apps: { placed: { ...page, module: PAGE }, open: { ...page, module: OPEN }, sieve: { module: FILTER }, chain },
    flags: ['--threads', '2'],
  });
  admin = await Admin.of(edge);
});
afterAll(async () => {
  await edge.stop();
  await rm(folder, { recursive: true });
});

/** A folder with the app and this page. */
async function written(name: string, page: string): Promise<string> {
  const app = join(folder, name);
  await mkdir(join(app, 'files'), { recursive: true });
  await writeFile(join(app, 'files', 'page'), page);
  await writeFile(join(app, 'app.wasm'), PAGE);
  await writeFile(join(app, 'kerb.toml'), `name = "${name}"\nmain = "app.wasm"\n[files]\n"/app" = "files"\n`);
  return app;
}

type Uploaded = { module: Uint8Array } | { archive: Uint8Array };

async function report(name: string, what: Uploaded): Promise<{ startUp: unknown; filters: unknown }> {
  const { body } = await admin.change('POST', `/tenants/${name}/versions`, what);
  return (body as { version: { report: { startUp: unknown; filters: unknown } } }).version.report;
}

async function deploy(name: string, what: Uploaded): Promise<unknown> {
  return (await report(name, what)).startUp;
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

describe('start-up code of a program', () => {
  it('runs once for all requests on all threads, with the files of its app', async () => {
    expect(edge.stderr).toMatch(/placed: version .*; start-up once, image \d+ KiB/);
    expect(await answers('placed')).toEqual(['200 1 1 of the folder']);
    await edge.untilLogged(() => starts('placed') > 0);
    expect(starts('placed')).toBe(1);
  });

  it('runs per instance where it leaves a file open, which its request then reads', async () => {
    expect(edge.stderr).toMatch(/open: version .*; start-up per instance: it leaves descriptors open/);
    expect(await answers('open')).toEqual(['200 of the folder']);
  });

  it('leaves an image to its own version: another one, and one that comes back, has its own', async () => {
    await admin.change('POST', '/tenants', { json: { name: 'up' } });
    for (const page of ['first', 'second']) {
      const { bytes } = await packApp(await written('up', page));
      expect(await deploy('up', { archive: bytes })).toMatchObject({ imageBytes: 12_288, perInstance: null });
      expect(await answers('up')).toEqual([`200 1 1 ${page}`]);
    }
    await admin.change('POST', '/tenants/up/rollback', { json: {} });
    expect(await answers('up')).toEqual(['200 1 1 first']);
    const ended = edge.end('SIGTERM');
    edge = await edge.restart();
    await ended;
    expect(await answers('up')).toEqual(['200 1 1 first']);
    admin = await Admin.of(edge);
  });
});

describe('start-up code of a filter', () => {
  it('runs once, and each instance is configured', async () => {
    expect(await answers('sieve')).toEqual(['200 11']);
    await edge.untilLogged(() => starts('sieve') > 0);
    expect(starts('sieve')).toBe(1);
    await admin.change('POST', '/tenants', { json: { name: 'uploaded' } });
    expect(await deploy('uploaded', { module: FILTER })).toMatchObject({ imageBytes: 4_096, perInstance: null });
    expect(await answers('uploaded')).toEqual(['200 11']);
  });
});

describe('start-up code of filters in front', () => {
  /** What the outer filter and the app answer, on both threads. */
  async function counts(app: string): Promise<string[]> {
    const all = await Promise.all(Array.from({ length: 24 }, () => edge.fetch(app)));
    return [...new Set(all.map(({ headers, text }) => `${String(headers['x-counts'])} ${text}`))];
  }

  it('runs once, each filter is configured, and the log says of each how it starts', async () => {
    expect(await counts('chain')).toEqual(['11 11']);
    await edge.untilLogged(() => starts('chain') >= 2);
    expect(starts('chain')).toBe(2);
    expect(edge.stderr).toMatch(
      /chain: version .*; start-up once, image \d+ KiB; filter outer: start-up once, image \d+ KiB; filter dice: start-up per instance: it draws random bytes/,
    );
  });

  it('is told of filter by filter where it is uploaded', async () => {
    const app = join(folder, 'chained');
    await mkdir(app, { recursive: true });
    const files = { 'app.wasm': FILTER, 'outer.wasm': OUTER, 'dice.wasm': DICE };
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(app, name), bytes);
    await writeFile(join(app, 'kerb.toml'), `name = "chained"\nmain = "app.wasm"\n${CHAIN}`);
    await admin.change('POST', '/tenants', { json: { name: 'chained' } });
    const { bytes } = await packApp(app);
    const why = 'it draws random bytes (wasi_snapshot_preview1.random_get)';
    expect(await report('chained', { archive: bytes })).toMatchObject({
      startUp: { imageBytes: 4_096 },
      filters: [
        { name: 'outer', startUp: { imageBytes: 4_096, perInstance: null } },
        { name: 'dice', startUp: { imageBytes: null, perInstance: why } },
      ],
    });
    expect(await counts('chained')).toEqual(['11 11']);
    await edge.untilLogged(() => starts('chained') >= 2);
    expect(starts('chained')).toBe(2);
  });
});

describe('start-up code in kerb dev', () => {
  it('runs once for each version, which a change of its files is', async () => {
    await written('shop', 'first');
    const kerb = new Kerb(['dev', 'shop', '--port', '0'], { cwd: folder, env: {} });
    const [, port] = await kerb.untilSaid(/:(\d+)\/ {2}version \w+ serves .*start-up once, image \d+ KiB/);
    const at = Number(port);
    const found = [await textFrom(at, 'shop.localhost'), await textFrom(at, 'shop.localhost')];
    expect(found.map(({ text }) => text)).toEqual(['1 1 first', '1 1 first']);
    await writeFile(join(folder, 'shop', 'files', 'page'), 'second');
    await kerb.untilSaid(/^version \w+ serves .*start-up once/m);
    expect((await textFrom(at, 'shop.localhost')).text).toBe('1 1 second');
    await kerb.end('SIGTERM');
  });
});
