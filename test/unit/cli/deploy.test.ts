import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyModuleSignature } from '../../../src/auth/module-signature.ts';
import { edgeUrls } from '../../../src/cli/edge-urls.ts';
import { packApp } from '../../../src/cli/pack.ts';
import { FILES, MODULE, appFolder } from './app-folder.ts';
import { FakeControl, TOKEN, refuse } from './fake-control.ts';
import { kerb, type Invocation, type Ran } from './kerb.ts';

let server: FakeControl;
let app: string;
let cwd: string;

beforeEach(async () => {
  server = new FakeControl();
  await server.listen();
  app = await appFolder();
  cwd = await mkdtemp(join(tmpdir(), 'kerb-cli-'));
});

afterEach(async () => {
  await server.close();
  for (const folder of [app, cwd]) await rm(folder, { recursive: true });
});

async function run(line: string, invocation: Invocation = {}): Promise<Ran> {
  return kerb(server.url, line.split(' '), { cwd, ...invocation });
}

function uploads(): FakeControl['requests'] {
  return server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/versions'));
}

describe('kerb deploy', () => {
  it('uploads a folder and tells what came of it', async () => {
    server.addTenant('hello');
    const env = { KERB_CONTROL_URL: server.url, KERB_TOKEN: TOKEN, KERB_EDGE_PORT: '9080' };
    const ran = await run(`deploy ${app} --note first`, { env });
    expect(ran.code).toBe(0);
    const { bytes } = await packApp(app);
    const [upload] = uploads();
    expect(upload?.headers['content-type']).toBe('application/gzip');
    expect(upload?.query).toEqual({ activate: 'true', note: 'first' });
    expect(upload?.body.equals(bytes)).toBe(true);
    expect(ran.stdout.split('\n')).toEqual([
      'hello version 1 is active',
      `  module aaaaaaaaaaaa, ${bytes.length} B, http-wasm`,
      '  code 1.0 KiB, 2.0 KiB with its checks, compiled in 3.2 ms',
      '  start-up 0.50 ms of CPU once, 1.0 MiB of memory, image 640.0 KiB',
      '  isolation request: tables change',
      '  note: left out: src/main.rs',
      'capabilities:',
      '  + kv sessions',
      '  - env MODE',
      'serves http://hello.localhost:9080/app',
      '',
    ]);
    expect(ran.stderr).toContain('uploading 6 files');
  });

  it('takes the working directory without a path, and writes JSON', async () => {
    server.addTenant('hello');
    const ran = await run('deploy --json --no-activate --accept-wider --if-match 1', { cwd: app });
    expect(JSON.parse(ran.stdout)).toMatchObject({ version: { version: 1 }, active: false, urls: [] });
    expect(uploads()[0]).toMatchObject({
      query: { activate: 'false', accept: 'wider' },
      headers: { 'if-match': '"1"' },
    });
  });

  it('says how to put a stored version in force', async () => {
    server.addTenant('hello');
    expect((await run(`deploy ${app} --no-activate`)).stdout).toContain(
      'is stored; kerb activate hello 1 puts it in force',
    );
  });

  it('makes the tenant with --create, once', async () => {
    expect((await run(`deploy ${app} --create`)).code).toBe(0);
    expect((await run(`deploy ${app} --create`)).stdout).toContain('hello version 2 is active');
    expect(server.requests.filter(({ path, method }) => path === '/v1/tenants' && method === 'POST')).toHaveLength(1);
  });

  it('says how to make a tenant that is missing', async () => {
    const ran = await run(`deploy ${app}`);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining('if there is no tenant hello yet, add --create'),
    ]);
  });

  it('uploads a bare module under a name', async () => {
    server.addTenant('bare');
    const ran = await run(`deploy ${join(app, 'build/hello.wasm')} --name bare`);
    expect(ran.code).toBe(0);
    expect(uploads()[0]?.headers['content-type']).toBe('application/wasm');
    expect([...(uploads()[0]?.body ?? [])]).toEqual([...MODULE]);
  });

  it('uploads a package as it is, for the tenant that it names', async () => {
    server.addTenant('hello');
    const { bytes } = await packApp(app);
    await writeFile(join(cwd, 'app.tgz'), bytes);
    expect((await run('deploy app.tgz')).code).toBe(0);
    expect(uploads()[0]?.body.equals(bytes)).toBe(true);
    expect(await readFile(join(cwd, 'app.tgz'))).toEqual(Buffer.from(bytes));
  });

  it('lists what a version may do more, and how to agree', async () => {
    server.addTenant('hello');
    server.instead.push((_, response) =>
      refuse(response, 409, 'wider_capabilities', 'it may do more', ['+ kv x', '+ secret Y']),
    );
    const ran = await run(`deploy ${app}`);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/ {2}- \+ kv x\n {2}- \+ secret Y\n.*--accept-wider\n$/);
  });

  it('shows progress on a terminal alone', async () => {
    await writeFile(join(app, 'public', 'large'), randomBytes(600_000));
    server.addTenant('hello');
    const shown = await run(`deploy ${app}`, { terminal: true });
    const drawn = shown.stderr.split('\r\u001b[K');
    expect(drawn[1]).toMatch(/^uploaded 0 B of 58\d\.\d KiB \(0 %\)$/);
    expect(drawn.at(-2)).toMatch(/ \(100 %\)$/);
    expect(drawn.at(-1)).toBe('');
    expect((await run(`deploy ${app}`)).stderr).not.toContain('\r');
  });

  it.each([
    ['deploy build/hello.wasm', 2, '--name TENANT'],
    ['deploy build/hello.wasm --name Hello', 2, '"Hello" is no tenant'],
    ['deploy conf.json', 2, 'neither a folder nor a .wasm'],
    ['deploy nowhere', 1, 'cannot be read (ENOENT)'],
    ['deploy public', 1, 'kerb.toml: cannot be read'],
  ])('refuses `%s` without uploading', async (line, code, message) => {
    const ran = await run(line, { cwd: app });
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(server.requests).toEqual([]);
  });

  it('lists the faults of a manifest without asking the server', async () => {
    await writeFile(join(app, 'kerb.toml'), 'name = "X"\nmian = "a"\n');
    const ran = await run(`deploy ${app}`);
    expect(ran.code).toBe(1);
    expect(ran.stderr.match(/^ {2}- /gm)?.length).toBeGreaterThan(1);
    expect(server.requests).toEqual([]);
  });
});

describe('kerb deploy --sign', () => {
  it('signs the module with a key that stays here', async () => {
    const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true });
    const secret = await exportJWK(privateKey);
    await writeFile(join(cwd, 'key.json'), JSON.stringify(secret));
    server.addTenant('hello');
    expect((await run(`deploy ${app} --sign key.json`)).code).toBe(0);
    const digest = createHash('sha256')
      .update(FILES['build/hello.wasm'] ?? '')
      .digest('hex');
    const signature = String(uploads()[0]?.headers['kerb-signature']);
    await expect(verifyModuleSignature(signature, digest, [await exportJWK(publicKey)])).resolves.toMatch(/^.{43}$/);
    expect(JSON.stringify(server.requests)).not.toContain(secret.d);
  });

  it.each([['{'], ['{}'], ['{"kty":"OKP","crv":"Ed25519","x":"abc","d":"geheim"}']])(
    'refuses a key %s',
    async (text) => {
      await writeFile(join(cwd, 'key.json'), text);
      const ran = await run(`deploy ${app} --sign key.json`);
      expect(ran.code).toBe(1);
      expect(ran.stderr).not.toContain('geheim');
      expect(uploads()).toEqual([]);
    },
  );

  it('refuses a package, of which the module is not at hand', async () => {
    await writeFile(join(cwd, 'app.tar.gz'), (await packApp(app)).bytes);
    await writeFile(join(cwd, 'key.json'), '{}');
    expect((await run('deploy app.tar.gz --sign key.json')).code).toBe(2);
  });
});

describe('addresses', () => {
  it.each([
    ['http://127.0.0.1:8081', {}, ['http://a.localhost:8080/x', '*.b.example/x']],
    ['http://127.0.0.1:8081', { KERB_EDGE_PORT: '80' }, ['http://a.localhost:80/x', '*.b.example/x']],
    ['https://control.example', {}, ['http://a.localhost/x', '*.b.example/x']],
  ])('of a server at %s with %j', (base, env, urls) => {
    expect(edgeUrls(['a.localhost', '*.b.example'], '/x', base, env)).toEqual(urls);
  });
});
