/** Key-value stores, config and secrets of a real Kerb: set through the API, read and written by guests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_GUEST, KV_GUEST, SECRET_GUEST } from '../kerb-guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

const KV = { manifest: '[stores]\nkv = ["main"]', module: KV_GUEST };
const SECRET = 'a value that nobody else may see';

let edge: Edge;
let admin: Admin;

beforeAll(async () => {
  edge = await startEdge({
    apps: {
      folder: KV,
      'folder-config': { manifest: '[stores]\nconfig = { theme = "dark" }', module: CONFIG_GUEST },
      'folder-secret': { manifest: '[stores]\nsecrets = ["API_KEY"]', module: SECRET_GUEST },
    },
    flags: ['--threads', '2'],
  });
  admin = await Admin.of(edge);
  await deploy('kept', '[stores]\nkv = ["main"]', KV_GUEST);
  await deploy('other', '[stores]\nkv = ["main"]', KV_GUEST);
  await deploy('configured', '[stores]\nconfig = { theme = "dark", lang = "en" }', CONFIG_GUEST);
  await deploy('secretive', '[stores]\nsecrets = ["API_KEY", "UNSET"]', SECRET_GUEST);
});
afterAll(() => edge.stop());

async function deploy(name: string, stores: string, module: Uint8Array): Promise<void> {
  await admin.change('POST', '/tenants', { json: { name } });
  const manifest = `name = "${name}"\nmain = "handler.wasm"\n${stores}\n`;
  const headers = { 'kerb-manifest': Buffer.from(manifest).toString('base64url') };
  await admin.change('POST', `/tenants/${name}/versions`, { module, headers });
}

async function say(app: string, path: string, method = 'GET', body?: string): Promise<string> {
  const answer = await edge.fetch(app, path, { method, ...(body === undefined ? {} : { body }) });
  expect(answer.status).toBe(200);
  return answer.text;
}

/** Puts bytes, as the API takes values, secrets and config. */
async function put(path: string, text: string, type = 'application/octet-stream'): Promise<void> {
  await admin.change('PUT', path, { archive: Buffer.from(text), headers: { 'content-type': type } });
}

/** Asks until the answer is there: a change of contents reaches the threads within moments. */
async function untilSaid(app: string, path: string, text: string): Promise<void> {
  for (let said = ''; said !== text;) said = await say(app, path);
}

describe.each(['kept', 'folder'])('a key-value store of %s', (app) => {
  it('keeps what a request wrote for all that come after it, until one deletes it', async () => {
    expect(await say(app, '/visits')).toBe('errno 20');
    expect(await say(app, '/visits', 'PUT', 'one')).toBe('');
    for (let again = 0; again < 8; again++) expect(await say(app, '/visits')).toBe('one');
    expect(await say(app, '/visits', 'DELETE')).toBe('');
    expect(await say(app, '/visits')).toBe('errno 20');
  });

  it('lists its keys in order', async () => {
    for (const key of ['b/2', 'b/10', 'a', 'b/1']) await say(app, `/${key}`, 'PUT', key);
    const listed = await edge.fetch(app, '/b/', { method: 'OPTIONS' });
    const keys: string[] = [];
    for (let at = 0; at < listed.body.length;) {
      const length = listed.body.readUInt32LE(at);
      keys.push(listed.body.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length;
    }
    expect(keys).toEqual(['b/1', 'b/10', 'b/2']);
  });

  it('answers many requests that wait at once', async () => {
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    await Promise.all(numbers.map((number) => say(app, `/many/${number}`, 'PUT', `value ${number}`)));
    const said = await Promise.all(numbers.map((number) => say(app, `/many/${number}`)));
    expect(said).toEqual(numbers.map((number) => `value ${number}`));
  });
});

describe('the API and guests', () => {
  it('have the same key-value stores', async () => {
    await say('kept', '/from-guest', 'PUT', 'guest');
    expect((await admin.ask('GET', '/tenants/kept/kv/main/from-guest')).body).toBe('guest');
    await put('/tenants/kept/kv/main/from-api', 'api');
    expect(await say('kept', '/from-api')).toBe('api');
  });

  it('a change of the config reaches an app that runs, over what its manifest says', async () => {
    expect(await say('configured', '/theme')).toBe('dark');
    await put('/tenants/configured/config/config/theme', 'light', 'text/plain; charset=utf-8');
    await untilSaid('configured', '/theme', 'light');
    expect(await say('configured', '/lang')).toBe('en');
    await admin.change('DELETE', '/tenants/configured/config/config/theme');
    await untilSaid('configured', '/theme', 'dark');
    expect(await say('configured', '/nothing')).toBe('errno 20');
  });

  it('a secret reaches an app that was granted it, and no other name does', async () => {
    await put('/tenants/secretive/secrets/UNGRANTED', SECRET);
    expect(await say('secretive', '/API_KEY')).toBe('errno 20');
    await put('/tenants/secretive/secrets/API_KEY', SECRET);
    await untilSaid('secretive', '/API_KEY', SECRET);
    expect(await say('secretive', '/UNSET')).toBe('errno 20');
    expect(await say('secretive', '/UNGRANTED')).toBe('errno 05');
    await admin.change('DELETE', '/tenants/secretive/secrets/API_KEY');
    await untilSaid('secretive', '/API_KEY', 'errno 20');
  });
});

it('another tenant finds nothing under the same names', async () => {
  await say('kept', '/mine', 'PUT', 'private');
  await say('folder', '/mine', 'PUT', 'folder');
  expect(await say('other', '/mine')).toBe('errno 20');
  expect(await say('other', '/mine', 'DELETE')).toBe('');
  expect([await say('kept', '/mine'), await say('folder', '/mine')]).toEqual(['private', 'folder']);
});

it('a tenant that comes again under its name finds nothing of the first', async () => {
  await deploy('again', '[stores]\nkv = ["main"]', KV_GUEST);
  await say('again', '/k', 'PUT', 'first');
  await admin.change('DELETE', '/tenants/again');
  await deploy('again', '[stores]\nkv = ["main"]', KV_GUEST);
  expect(await say('again', '/k')).toBe('errno 20');
});

it('apps of the folder have the config of their manifest, and no secrets', async () => {
  expect(await say('folder-config', '/theme')).toBe('dark');
  expect(await say('folder-secret', '/API_KEY')).toBe('errno 20');
});

it('a module that imports what is not granted is refused with the whole list', async () => {
  await admin.change('POST', '/tenants', { json: { name: 'greedy' } });
  const { status, body } = await admin.ask('POST', '/tenants/greedy/versions', { module: KV_GUEST });
  expect(status).toBe(422);
  expect(body).toMatchObject({ code: 'refused_module' });
  const { errors } = body as { errors: string[] };
  expect(errors.map((line) => line.split(' ')[1])).toEqual(
    ['open', 'get', 'put', 'delete', 'list'].map((name) => `kerb_kv.${name}`),
  );
});

it('what was written is there after a restart', async () => {
  await say('kept', '/durable', 'PUT', 'yes');
  await say('folder', '/durable', 'PUT', 'yes too');
  edge.process.kill('SIGKILL');
  edge = await edge.restart();
  expect([await say('kept', '/durable'), await say('folder', '/durable')]).toEqual(['yes', 'yes too']);
});
