import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgi, CGI_HEAD, type CgiCode, type Text } from '../cgi-guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';
import { RawClient } from './raw-client.ts';

let edge: Edge;

function app(code: (text: Text) => CgiCode, manifest = ''): TestApp {
  return { module: cgi(code), manifest };
}

/** Answers with a header block and a body as they are. */
function says(output: string): TestApp {
  return app((text) => ({ start: `(call $out ${text(output)})` }));
}

/** What a program writes, and what becomes of it: status and some fields. */
const SPELLINGS: Readonly<
  Record<string, readonly [output: string, status: number, fields: Readonly<Record<string, string>>]>
> = {
  newlines: ['Content-Type: text/x\nX-A: 1\n\nbody', 200, { 'content-type': 'text/x', 'x-a': '1' }],
  'carriage-returns': ['Content-Type: text/x\r\nX-A: 1\r\n\r\nbody', 200, { 'content-type': 'text/x', 'x-a': '1' }],
  mixed: ['Content-Type: text/x\r\nX-A: 1\n\r\nbody', 200, { 'x-a': '1' }],
  'no-space': ['Content-Type:text/x\nX-A:1\n\nbody', 200, { 'content-type': 'text/x', 'x-a': '1' }],
  blanks: ['Content-Type: \t text/x \t\nX-A:\t1\n\nbody', 200, { 'content-type': 'text/x', 'x-a': '1' }],
  'status-first': ['Status: 404 Not Found\nContent-Type: text/x\n\nbody', 404, {}],
  'status-last': ['Content-Type: text/x\nStatus: 404 Not Found\n\nbody', 404, {}],
  'status-lower': ['status: 404\n\nbody', 404, {}],
  'status-no-space': ['STATUS:404\n\nbody', 404, {}],
  'location-alone': ['Location: https://x.test/\n\n', 302, { location: 'https://x.test/' }],
  'location-local': ['Location: /other?x\n\n', 302, { location: '/other?x' }],
  'location-status': ['Status: 303 See Other\nLocation: /other\n\n', 303, { location: '/other' }],
  'location-type': ['Location: /other\nContent-Type: text/x\n\nbody', 302, { 'content-type': 'text/x' }],
  length: ['Content-Type: text/x\nContent-Length: 4\n\nbody', 200, { 'content-length': '4' }],
  colons: ['Content-Type: text/x\nX-A: a:b: c\n\nbody', 200, { 'x-a': 'a:b: c' }],
};

/** What is no header block, and what the tenant is told. */
const GARBAGE: Readonly<Record<string, readonly [output: string, detail: RegExp]>> = {
  nothing: ['', /before the blank line/],
  'no-blank-line': ['Content-Type: text/x\n', /before the blank line/],
  'only-a-body': ['<html>\n</html>\n\n', /line without a colon \(line 1\)/],
  'no-cgi-field': ['X-A: 1\n\nbody', /neither Content-Type, Location nor Status/],
  'empty-block': ['\nbody', /neither/],
  'bad-name': ['Content-Type: text/x\nX A: 1\n\n', /no token \(line 2\)/],
  'space-before-colon': ['Content-Type : text/x\n\n', /no token/],
  continued: ['Content-Type: text/x\n ; charset=x\n\n', /colon \(line 2\)/],
  'two-status': ['Status: 200\nStatus: 404\n\n', /second Status/],
  'status-words': ['Status: OK\n\n', /three digits/],
  'status-low': ['Status: 101 Switching\n\n', /status 101/],
  'length-words': ['Content-Type: text/x\nContent-Length: many\n\n', /no number/],
  'trailing-garbage': ['Content-Type: text/x\nContent-Length: 4\n\nbody and more', /Content-Length says 4/],
  'cut-body': ['Content-Type: text/x\nContent-Length: 9\n\nbody', /Content-Length says 9/],
  'bare-cr': ['Content-Type: text/x\rX-A: 1\n\nbody', /control character/],
};

beforeAll(async () => {
  edge = await startEdge({
    samples: ['docs', 'ticker', 'feedback', 'tally'],
    apps: {
      ...Object.fromEntries(Object.entries(SPELLINGS).map(([name, [output]]) => [`s-${name}`, says(output)])),
      ...Object.fromEntries(Object.entries(GARBAGE).map(([name, [output]]) => [`g-${name}`, says(output)])),
      env: app(
        (text) => ({ start: `(call $out ${text(CGI_HEAD)}) (call $environ)` }),
        '[env]\nHTTP_X_OWN = "mine"\nMODE = "x"',
      ),
      'env-below': app((text) => ({ start: `(call $out ${text(CGI_HEAD)}) (call $environ)` }), 'path = "/app"'),
      args: app((text) => ({ start: `(call $out ${text(CGI_HEAD)}) (call $args)` })),
      echo: app((text) => ({ start: `(call $out ${text(CGI_HEAD)}) (call $copy)` }), '[limits]\nrequest_body_mb = 20'),
      late: app((text) => ({
        start: `(call $out ${text(`${CGI_HEAD}first `)}) (call $sleep (i64.const 300000000)) (call $out ${text('second')})`,
      })),
      exits: app((text) => ({ start: `(call $out ${text(`${CGI_HEAD}done`)}) (call $exit (i32.const 0))` })),
      fails: app((text) => ({
        start: `(call $out ${text(`${CGI_HEAD}stands`)}) (call $err ${text('it went wrong\n')}) (call $exit (i32.const 3))`,
      })),
      'fails-early': app((text) => ({ start: `(call $out ${text('Content-Ty')}) (call $exit (i32.const 3))` })),
      traps: app((text) => ({ start: `(call $out ${text(`${CGI_HEAD}half`)}) unreachable` })),
      'traps-late': app((text) => ({
        start: `(call $out ${text(`${CGI_HEAD}half`)}) (call $sleep (i64.const 50000000)) unreachable`,
      })),
      counts: app((text) => ({
        fields: '(global $count (mut i32) (i32.const 48))',
        start: `(call $out ${text(CGI_HEAD)})
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (i32.store8 (i32.const 2000) (global.get $count))
          (i32.store8 (i32.const 3000) (i32.add (i32.load8_u (i32.const 3000)) (i32.const 49)))
          (i32.store8 (i32.const 2001) (i32.load8_u (i32.const 3000)))
          (call $out (i32.const 2000) (i32.const 2)) (call $exit (i32.const 0))`,
      })),
    },
  });
});
afterAll(() => edge.stop());

describe('a header block', () => {
  it.each(Object.entries(SPELLINGS))('with %s is understood', async (name, [output, status, fields]) => {
    const response = await edge.fetch(`s-${name}`);
    expect([response.status, response.headers]).toEqual([status, expect.objectContaining(fields)]);
    expect(response.headers['status']).toBeUndefined();
    expect(response.text).toBe(output.endsWith('body') ? 'body' : '');
  });

  it.each(Object.entries(GARBAGE))('that is %s is no response', async (name, [, detail]) => {
    const { status, headers } = await edge.fetch(`g-${name}`);
    expect([status, headers['kerb-outcome']]).toEqual([502, 'no_response']);
    const line = await edge.untilLogged((one) => one.kind === 'access' && one['tenant'] === `g-${name}`);
    expect(line['detail']).toMatch(detail);
  });
});

/** What a program sees, by name. */
async function variables(name: string, path: string, request = {}): Promise<Record<string, string>> {
  const { text } = await edge.fetch(name, path, request);
  const pairs = text.split('\0').filter((pair) => pair !== '');
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

describe('a program finds', () => {
  it('the request in its variables', async () => {
    const found = await variables('env', '/a%20b/c?x=1', {
      method: 'POST',
      body: 'four',
      headers: { 'content-type': 'a/b' },
    });
    expect(found).toMatchObject({
      CONTENT_LENGTH: '4',
      CONTENT_TYPE: 'a/b',
      GATEWAY_INTERFACE: 'CGI/1.1',
      PATH_INFO: '/a b/c',
      QUERY_STRING: 'x=1',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: 'POST',
      REQUEST_URI: '/a%20b/c?x=1',
      SCRIPT_NAME: '',
      SERVER_NAME: 'env.localhost',
      SERVER_PORT: '80',
      SERVER_PROTOCOL: 'HTTP/1.1',
      X_FULL_URL: 'http://env.localhost/a%20b/c?x=1',
    });
    expect(found).not.toHaveProperty('HTTP_CONTENT_LENGTH');
  });

  it('its prefix as the script', async () => {
    expect(await variables('env-below', '/app/x/y')).toMatchObject({ SCRIPT_NAME: '/app', PATH_INFO: '/x/y' });
    expect(await variables('env-below', '/app')).toMatchObject({ SCRIPT_NAME: '/app', PATH_INFO: '' });
  });

  it('fields joined, and none that pass for others', async () => {
    const found = await variables('env', '/', {
      headers: {
        'X-Two': ['1', '2'],
        cookie: ['a=1', 'b=2'],
        Proxy: 'http://evil.test',
        X_Own: 'forged',
        'X-Own': 'of the client',
        authorization: 'Basic eA==',
      },
    });
    expect(found).toMatchObject({ HTTP_X_TWO: '1, 2', HTTP_COOKIE: 'a=1; b=2', HTTP_X_OWN: 'mine', MODE: 'x' });
    expect(found).toMatchObject({ HTTP_AUTHORIZATION: 'Basic eA==' });
    expect(found).not.toHaveProperty('HTTP_PROXY');
  });

  it.each([
    ['/?a=1&b=c%20d', ['/', 'a=1', 'b=c d']],
    ['/?one+two%21', ['/', 'one', 'two!']],
    ['/', ['/']],
    ['/?-s', ['/']],
    ['/?x+%2ds', ['/']],
    ['/?-d=x&y=1', ['/']],
  ])('the words of %s as its arguments', async (path, words) => {
    expect((await edge.fetch('args', path)).text.split('\0').slice(0, -1)).toEqual(words);
  });

  it('nothing of the last request', async () => {
    for (let round = 0; round < 5; round += 1) expect((await edge.fetch('counts')).text).toBe('11');
  });
});

describe('a program ends', () => {
  it('by exit as by return', async () => {
    expect(await edge.fetch('exits')).toMatchObject({ status: 200, text: 'done' });
  });

  it('with another status, which is logged, and its response stands', async () => {
    expect(await edge.fetch('fails')).toMatchObject({ status: 200, text: 'stands' });
    const lines = [await edge.untilLogged((one) => one['message'] === 'the program exited with status 3')];
    expect(lines[0]).toMatchObject({ level: 'warn', tenant: 'fails' });
    expect(await edge.untilLogged((one) => one['message'] === 'it went wrong')).toMatchObject({ level: 'error' });
  });

  it('too early for a response', async () => {
    expect((await edge.fetch('fails-early')).headers['kerb-outcome']).toBe('no_response');
  });

  it('in a trap, before its response is on its way or after', async () => {
    expect((await edge.fetch('traps')).headers['kerb-outcome']).toBe('guest_trap');
    await expect(edge.fetch('traps-late')).rejects.toThrow(/terminated|closed|reset/);
  });
});

describe('bodies', () => {
  it('stream in and out', async () => {
    const chunks = Array.from({ length: 40 }, (_, index) => Buffer.alloc(100_000, index));
    const whole = Buffer.concat(chunks);
    async function* slowly(): AsyncGenerator<Uint8Array> {
      for (const chunk of chunks) {
        await new Promise(setImmediate);
        yield chunk;
      }
    }
    const { body } = await edge.fetch('echo', '/', { method: 'POST', body: slowly() });
    expect(body.equals(whole)).toBe(true);
  });

  it('are not waited for: what is written comes while the program sleeps', async () => {
    const client = await RawClient.open(edge);
    const first = await client.get('late.localhost').until((received) => received.includes('first '));
    expect(first).not.toContain('second');
    expect(await client.until((received) => received.includes('second'))).toMatch(/transfer-encoding: chunked/i);
    client.socket.destroy();
  });

  it('that are short and written at once have a length', async () => {
    const { headers } = await edge.fetch('exits');
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual(['4', undefined]);
  });

  it('of HEAD are left out', async () => {
    expect(await edge.fetch('exits', '/', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });
});

/** Asks until the file is served as it is now. */
async function untilServed(text: string): Promise<void> {
  while ((await edge.fetch('docs', '/new.txt')).text !== text);
}

describe('the samples', () => {
  it('docs serves files with their types, and nothing else', async () => {
    const page = await edge.fetch('docs', '/');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toBe(await readFile(new URL('../../tenants/docs/public/index.html', import.meta.url), 'utf8'));
    expect((await edge.fetch('docs', '/guide/')).text).toContain('<h1>Guide</h1>');
    expect((await edge.fetch('docs', '/guide')).text).toContain('<h1>Guide</h1>');
    expect((await edge.fetch('docs', '/style.css')).headers['content-type']).toBe('text/css');
    const outside = ['/none', '/../kerb.toml', '/%2e%2e/kerb.toml', '/style.css/', '/%00', '//etc/passwd'];
    const statuses = await Promise.all(outside.map(async (path) => (await edge.fetch('docs', path)).status));
    expect(statuses).toEqual(outside.map(() => 404));
    const since = String(page.headers['last-modified']);
    expect((await edge.fetch('docs', '/', { headers: { 'if-modified-since': since } })).status).toBe(304);
    expect((await edge.fetch('docs', '/', { method: 'PUT' })).status).toBe(405);
  });

  it('docs is deployed again when a file of its folder changes', async () => {
    const { version } = await edge.untilLogged((one) => one.kind === 'access' && one['tenant'] === 'docs');
    const file = join(edge.tenants, 'docs', 'public', 'new.txt');
    await writeFile(file, 'new');
    await untilServed('new');
    await writeFile(file, 'changed');
    await untilServed('changed');
    const served = await edge.untilLogged((one) => one['tenant'] === 'docs' && one['version'] !== version);
    expect(served['target']).toBe('/new.txt');
  });

  it('ticker sends events while it sleeps', async () => {
    const { text, headers } = await edge.fetch('ticker', '/?count=3&every=10');
    expect(headers['content-type']).toBe('text/event-stream');
    expect(text).toBe('data: 1 of 3\n\ndata: 2 of 3\n\ndata: 3 of 3\n\n');
  });

  it('feedback shows what was sent, escaped', async () => {
    expect((await edge.fetch('feedback')).text).toContain('<form method="post">');
    const { text } = await edge.fetch('feedback', '/', {
      method: 'POST',
      body: 'name=%3Cb%3E&words=a+b%26c&broken=%4',
    });
    expect(text).toContain('<dt>name</dt><dd>&lt;b&gt;</dd>');
    expect(text).toContain('<dt>words</dt><dd>a b&amp;c</dd>');
    expect(text).toContain('<dt>broken</dt><dd>%4</dd>');
    expect((await edge.fetch('feedback', '/', { method: 'POST', body: 'x'.repeat(20_000) })).status).toBe(413);
  });

  it('tally counts what it is sent', async () => {
    const body = 'one two\nthree\n'.repeat(10_000);
    const { text } = await edge.fetch('tally', '/', { method: 'POST', body });
    expect(JSON.parse(text)).toEqual({ lines: 20_000, words: 30_000, bytes: body.length });
    expect(JSON.parse((await edge.fetch('tally')).text)).toEqual({ lines: 0, words: 0, bytes: 0 });
  });
});
