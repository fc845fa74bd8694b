import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeControl, refuse } from './fake-control.ts';
import { kerb, typing, type Invocation, type Ran } from './kerb.ts';

let server: FakeControl;
let folder: string;

beforeEach(async () => {
  server = new FakeControl();
  await server.listen();
  folder = await mkdtemp(join(tmpdir(), 'kerb-cli-'));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function run(line: string, invocation: Invocation = {}): Promise<Ran> {
  return kerb(server.url, line.split(' '), { cwd: folder, ...invocation });
}

function json(ran: Ran): unknown {
  expect(ran.stdout.match(/\n/g)).toHaveLength(1);
  return JSON.parse(ran.stdout);
}

describe('kerb versions', () => {
  it('lists as many as are asked for, over several pages', async () => {
    server.addVersions(server.addTenant('hello'), 5);
    const ran = await run('versions hello -n 3');
    expect(ran.code).toBe(0);
    expect(ran.stdout.split('\n').map((line) => line.trim().split(' ')[0])).toEqual(['VERSION', '5', '4', '3', '']);
    expect(server.requests.map(({ query }) => query)).toEqual([{ limit: '3' }, { limit: '1', cursor: '2' }]);
  });

  it('takes the tenant of the manifest that lies here', async () => {
    await writeFile(join(folder, 'kerb.toml'), 'name = "hello"\nmain = "a.wasm"\n');
    server.addVersions(server.addTenant('hello'), 1);
    expect(json(await run('versions --json'))).toMatchObject({ items: [{ tenant: 'hello', version: 1 }] });
  });

  it.each([
    ['versions', /TENANT is missing/],
    ['versions Hello', /"Hello" is no tenant/],
    ['versions hello -n 0', /--limit: "0" is not a whole number from 1/],
  ])('refuses `%s` without asking anybody', async (line, message) => {
    const ran = await run(line);
    expect([ran.code, server.requests.length]).toEqual([2, 0]);
    expect(ran.stderr).toMatch(message);
  });
});

describe('kerb activate, rollback and canary', () => {
  beforeEach(() => server.addVersions(server.addTenant('hello'), 3));

  it('activates a version', async () => {
    expect((await run('activate hello 2 --accept-wider --if-match 1')).stdout).toBe(
      'hello: version 2 serves, revision 2\n',
    );
    expect(server.last).toMatchObject({
      method: 'POST',
      path: '/v1/tenants/hello/activate',
      headers: { 'if-match': '"1"' },
    });
    expect(JSON.parse(server.last.body.toString())).toEqual({ version: 2, accept: 'wider' });
  });

  it('says what to do when the tenant was changed meanwhile', async () => {
    const ran = await run('rollback hello --if-match 7');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/Problem 412: the tenant is at revision 1\n.*--if-match/);
  });

  it('rolls back', async () => {
    expect(json(await run('rollback hello --json'))).toMatchObject({ active: 2, previous: 3 });
  });

  it('starts a canary and takes it back', async () => {
    const started = await run('canary hello 2 --percent 12.5 --max-cost-factor 3');
    expect(started.stdout).toBe('hello: version 3 serves, canary version 2 gets 12.5 %, revision 2\n');
    expect(JSON.parse(server.last.body.toString())).toEqual({ version: 2, percent: 12.5, maxCostFactor: 3 });
    expect((await run('canary hello --stop')).stdout).toBe('hello: version 3 serves, revision 3\n');
    expect(server.last.method).toBe('DELETE');
  });

  it.each([
    'activate hello 0',
    'activate hello two',
    'activate hello',
    'canary hello 2',
    'canary hello --percent 10',
    'canary hello 2 --percent 100',
    'canary hello 2 --percent 0',
    'canary hello 2 --percent 1e1',
    'canary hello 2 --percent 10 --max-cost-factor 1',
    'canary hello 2 --stop',
  ])('refuses `%s` without asking anybody', async (line) => {
    expect((await run(line)).code).toBe(2);
    expect(server.requests).toEqual([]);
  });
});

describe('kerb secret', () => {
  beforeEach(() => void server.addTenant('hello'));

  it('takes a value from a pipe, without the line end of echo', async () => {
    const ran = await run('secret put hello API_KEY', { stdin: 's3cret\n' });
    expect([ran.code, ran.stdout]).toEqual([0, '']);
    expect(server.last.body.toString()).toBe('s3cret');
    expect(ran.stderr).not.toContain('s3cret');
  });

  it('asks at a terminal without showing what is typed, and mends typing errors', async () => {
    const modes: boolean[] = [];
    const ran = await run('secret put hello API_KEY', {
      stdin: typing(['s3x\u007fc\u001b[A', 'ret\r'], modes),
      terminal: true,
    });
    expect([ran.code, modes]).toEqual([0, [true, false]]);
    expect(server.last.body.toString()).toBe('s3cret');
    expect(ran.stderr).not.toContain('s3');
  });

  it('ends with 130 on Ctrl-C at the prompt, with echo back on', async () => {
    const modes: boolean[] = [];
    const ran = await run('secret put hello API_KEY', { stdin: typing(['s3\u0003'], modes) });
    expect([ran.code, modes, server.requests]).toEqual([130, [true, false], []]);
  });

  it('takes a file as it is', async () => {
    await writeFile(join(folder, 'key.pem'), 'line\n');
    await run('secret put hello API_KEY --file key.pem');
    expect(server.last.body.toString()).toBe('line\n');
  });

  it('refuses an empty value and a value as argument', async () => {
    expect((await run('secret put hello API_KEY', { stdin: '\n' })).code).toBe(2);
    expect((await run('secret put hello API_KEY s3cret')).code).toBe(2);
    expect(server.requests).toEqual([]);
  });

  it('lists names and deletes', async () => {
    for (const name of ['A', 'B', 'C']) server.content.set(`secrets/${name}`, Buffer.from('x'));
    expect((await run('secret list hello')).stdout).toBe('A\nB\nC\n');
    expect(json(await run('secret delete hello B --json'))).toEqual({ tenant: 'hello', name: 'B' });
    expect(json(await run('secret list hello --json'))).toEqual({ items: ['A', 'C'] });
  });
});

describe('kerb kv', () => {
  beforeEach(() => void server.addTenant('hello'));

  it('stores bytes exactly, with time to live and metadata', async () => {
    const ran = await run('kv put hello sessions a/b --ttl 60 --metadata naïve%', { stdin: 'value\n' });
    expect(ran.code).toBe(0);
    expect(server.last).toMatchObject({
      method: 'PUT',
      path: '/v1/tenants/hello/kv/sessions/a%2Fb',
      query: { ttl: '60' },
    });
    expect(server.last.headers['kerb-metadata']).toBe('na%C3%AFve%25');
    expect(server.last.body.toString()).toBe('value\n');
  });

  it('prints bytes as they are into a pipe, and escaped at a terminal', async () => {
    const value = Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x0a]);
    server.content.set('kv/sessions/k', value);
    expect((await run('kv get hello sessions k')).bytes).toEqual(value);
    expect((await run('kv get hello sessions k', { terminal: true })).stdout).toBe('\\x1b[2J\ufffd\n');
    const answer = { value: value.toString('base64'), metadata: 'naïve', generation: 7 };
    expect(json(await run('kv get hello sessions k --json'))).toEqual(answer);
  });

  it('lists keys by prefix and deletes', async () => {
    for (const key of ['a1', 'a2', 'a3', 'b1']) server.content.set(`kv/sessions/${key}`, Buffer.from('x'));
    expect((await run('kv list hello sessions --prefix a')).stdout).toBe('a1\na2\na3\n');
    expect((await run('kv list hello sessions -n 1')).stdout).toBe('a1\n');
    expect((await run('kv delete hello sessions a1')).code).toBe(0);
    const missing = await run('kv delete hello sessions a1');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('no such key');
  });

  it('does not ask for keys that an address cannot hold', async () => {
    const ran = await run('kv get hello sessions ..');
    expect([ran.code, server.requests.length]).toEqual([1, 0]);
    expect(ran.stderr).toContain('cannot be part of an address');
  });

  it('says that a value is missing where nothing is piped', async () => {
    const ran = await run('kv put hello sessions k', { stdin: typing([]) });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('pipe it in');
  });
});

describe('kerb config', () => {
  beforeEach(() => void server.addTenant('hello'));

  it('sets a text from an argument or a pipe, lists and deletes', async () => {
    await run('config put hello theme colour dark');
    await run('config put hello theme size', { stdin: '12\n' });
    expect(server.last.body.toString()).toBe('12');
    expect((await run('config get hello theme colour')).stdout).toBe('dark');
    expect((await run('config get hello theme colour', { terminal: true })).stdout).toBe('dark\n');
    expect(json(await run('config get hello theme colour --json'))).toEqual({ key: 'colour', value: 'dark' });
    expect((await run('config list hello theme')).stdout).toBe('colour = "dark"\nsize = "12"\n');
    expect((await run('config delete hello theme size')).code).toBe(0);
    expect(json(await run('config list hello theme --json'))).toEqual({ items: { colour: 'dark' } });
  });
});

describe('kerb purge', () => {
  beforeEach(() => void server.addTenant('hello'));

  it('asks for what is named, and tells how much there was', async () => {
    const ran = await run('purge hello --tag news --soft');
    expect([ran.code, ran.stderr]).toEqual([0, 'hello: 12 stored responses made stale\n']);
    expect(JSON.parse(server.last.body.toString())).toEqual({ tag: 'news', soft: true });
    expect(json(await run('purge hello --all --json'))).toEqual({ tenant: 'hello', all: true, purged: 12 });
  });

  it.each(['purge hello', 'purge hello --all --tag x', 'purge hello --url'])('refuses `%s`', async (line) => {
    expect((await run(line)).code).toBe(2);
    expect(server.requests).toEqual([]);
  });
});

describe('kerb cache', () => {
  it('tells what is held, and how often that helped', async () => {
    server.addTenant('hello');
    const ran = await run('cache hello');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/responses\s+2\b/);
    expect(ran.stdout).toMatch(/memory\s+4\.0 KiB of 32\.0 MiB/);
    expect(ran.stdout).toMatch(/hit\s+7\s+70 %/);
    expect(json(await run('cache hello --json'))).toMatchObject({ entries: 2, requests: { hit: 7 } });
  });
});

describe('kerb usage', () => {
  it('shows hours, what failed, and the sum', async () => {
    server.addTenant('hello');
    const ran = await run('usage hello --from 1970-01-01 --to 1970-01-02T00:00:00Z');
    expect(server.last.query).toEqual({ from: '0', to: '86400000' });
    expect(ran.stdout.split('\n')).toEqual([
      'HOUR                  REQUESTS     CPU  NOT OK',
      '1970-01-01 00:00:00Z        10  1.5 ms  cpu_limit 1',
      '1970-01-01 01:00:00Z         5   2.0 s  cpu_limit 2',
      'total                       15   2.0 s  cpu_limit 3',
      '',
    ]);
  });

  it('looks back a day by default', async () => {
    server.addTenant('hello');
    expect(json(await run('usage hello --json'))).toMatchObject({ hours: [{ requests: 10 }, { requests: 5 }] });
    const { from, to } = server.last.query;
    expect(Number(to) - Number(from)).toBe(86_400_000);
  });

  it.each(['usage hello --from soon', 'usage hello --from 1h --to 2h', 'usage hello --to 2026-13-01'])(
    'refuses `%s`',
    async (line) => {
      expect((await run(line)).code).toBe(2);
    },
  );
});

describe('kerb token', () => {
  it('prints the token alone on standard output', async () => {
    const ran = await run('token create ci --scope tenant:deploy --scope tenant:read --tenant hello --ttl 12h');
    expect([ran.code, ran.stdout]).toEqual([0, 'aaa.bbb.ccc\n']);
    expect(ran.stderr).toContain('kerb token revoke tok1');
    const grant = { subject: 'ci', scopes: ['tenant:deploy', 'tenant:read'], tenant: 'hello', ttlSeconds: 43_200 };
    expect(JSON.parse(server.last.body.toString())).toEqual(grant);
  });

  it('writes it to a new file that nobody else reads', async () => {
    const ran = await run('token create ci --scope operator --once --out token --json');
    expect(json(ran)).toEqual({ id: 'tok1', expiresMs: 2_592_000_000, file: 'token' });
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe('aaa.bbb.ccc\n');
    expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  });

  it('takes the file away when there is no token for it, so that the next attempt works', async () => {
    server.instead.push((_, response) => refuse(response, 403, 'forbidden', 'no'));
    const line = 'token create ci --scope operator --out token';
    expect((await run(line)).code).toBe(1);
    await expect(stat(join(folder, 'token'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await run(line)).code).toBe(0);
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe('aaa.bbb.ccc\n');
  });

  it('issues nothing when the file is there already', async () => {
    await writeFile(join(folder, 'token'), 'mine');
    const ran = await run('token create ci --scope operator --out token');
    expect([ran.code, server.requests.length]).toEqual([1, 0]);
    expect(await readFile(join(folder, 'token'), 'utf8')).toBe('mine');
  });

  it.each([
    'token create ci',
    'token create ci --scope tenant:read',
    'token create ci --scope root',
    'token create ci --scope operator --ttl 91d',
    'token create ci --scope operator --ttl x',
  ])('refuses `%s`', async (line) => {
    expect((await run(line)).code).toBe(2);
    expect(server.requests).toEqual([]);
  });

  it('revokes, and says who one is', async () => {
    expect((await run('token revoke tok1')).stderr).toContain('tok1 is revoked');
    expect(server.last).toMatchObject({ method: 'DELETE', path: '/v1/tokens/tok1' });
    expect((await run('token whoami')).stdout).toContain('scopes   operator\ntenant   any\nexpires  1970-01-02');
    expect(json(await run('token whoami --json'))).toMatchObject({ subject: 'ops' });
  });
});

describe('kerb tenant', () => {
  it('creates, lists over pages, shows and deletes', async () => {
    for (const name of ['a', 'b', 'c']) expect((await run(`tenant create ${name}`)).code).toBe(0);
    expect((await run('tenant list')).stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'TENANT',
      'a',
      'b',
      'c',
      '',
    ]);
    expect((await run('tenant show b')).stdout).toContain('b: no version serves, revision 1');
    expect((await run('tenant delete b --yes')).code).toBe(0);
    expect(json(await run('tenant list --json'))).toMatchObject({ items: [{ name: 'a' }, { name: 'c' }] });
  });

  it('deletes only who is named at the prompt', async () => {
    server.addTenant('hello');
    expect((await run('tenant delete hello')).code).toBe(2);
    expect((await run('tenant delete hello', { stdin: typing(['hallo\n']) })).code).toBe(2);
    expect(server.requests).toEqual([]);
    expect((await run('tenant delete hello', { stdin: typing(['hello\n']) })).code).toBe(0);
    expect(server.tenants.size).toBe(0);
  });

  it('changes ceilings one by one, for the revision they were read at', async () => {
    server.addTenant('hello').limits = { cpu_ms: 20, wall_ms: 500 };
    const ran = await run('tenant limits hello --memory-mb 64 --clear wall-ms');
    expect(ran.stdout).toMatch(/^cpu-ms +20 .*\nmemory-mb +64 .*\n$/);
    expect(server.tenants.get('hello')?.limits).toEqual({ cpu_ms: 20, memory_mb: 64 });
    expect(server.requests.find(({ method }) => method === 'PUT')?.headers['if-match']).toBe('"1"');
  });

  it('shows ceilings without changing them', async () => {
    server.addTenant('hello');
    expect((await run('tenant limits hello')).stdout).toContain('no ceilings');
    expect(json(await run('tenant limits hello --json'))).toEqual({});
    expect(server.tenants.get('hello')?.revision).toBe(1);
    expect((await run('tenant limits hello --cpu-ms 1 --clear cpu-ms')).code).toBe(2);
  });
});

describe('kerb domain', () => {
  it('adds, lists and removes', async () => {
    server.addTenant('hello');
    expect((await run('domain add hello *.example.com')).stderr).toBe('*.example.com leads to hello\n');
    expect(server.last).toMatchObject({ method: 'PUT', path: '/v1/tenants/hello/domains/*.example.com' });
    expect((await run('domain list hello')).stdout).toMatch(/HOST .*\na\.example +1970-01-01 00:00:00Z +ops\n/);
    expect(json(await run('domain remove hello a.example --json'))).toEqual({ host: 'a.example' });
  });

  it('lists every fault of a refusal', async () => {
    server.addTenant('hello');
    server.instead.push((_, response) => refuse(response, 409, 'route_conflict', 'taken', ['one', 'two\u001b[2J']));
    const ran = await run('domain add hello a.example --json');
    expect(ran.stderr).toBe('kerb domain add: Problem 409: taken\n  - one\n  - two\\x1b[2J\n');
    expect(json(ran)).toEqual({
      error: { message: 'Problem 409: taken', code: 'route_conflict', status: 409, errors: ['one', 'two\u001b[2J'] },
    });
  });
});
