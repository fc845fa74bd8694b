/** Every sample tenant, deployed as it is in `tenants/` and asked over real sockets. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { crc32, inflateSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp, type TestRequest, type TestResponse } from './edge.ts';

const SAMPLES = fileURLToPath(new URL('../../tenants/', import.meta.url));
/** Where the manifests of the middleware samples expect the edge. */
const WRITTEN_ORIGIN = 'http://site.localhost:8080';

/** Every folder with an app in it. */
const NAMES = (await readdir(SAMPLES, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory() && entry.name !== 'bindings')
  .map(({ name }) => name);

/** Samples that are Proxy-Wasm filters. */
const FILTERS: ReadonlySet<string> = new Set(['censor', 'turnstile']);

/** Serves `site` and other origins: what middleware reaches. */
let origin: Edge;
/** Serves every sample: what the tests ask. */
let edge: Edge;

/** Lengths of bodies for the rewriter, the second the longest that it takes. */
const SHORT = 100;
const LONGEST = 1024 * 1024;

/** An origin that answers HTML of so many bytes. */
function htmlOf(length: number): string {
  return `(module
    (import "http_handler" "set_header_value" (func $set (param i32 i32 i32 i32 i32)))
    (import "http_handler" "write_body" (func $write (param i32 i32 i32)))
    (memory (export "memory") 18)
    (data (i32.const 0) "content-typetext/htmletag\\"1\\"Harbour Books")
    (func (export "handle_request") (result i64)
      (call $set (i32.const 1) (i32.const 0) (i32.const 12) (i32.const 12) (i32.const 9))
      (call $set (i32.const 1) (i32.const 21) (i32.const 4) (i32.const 25) (i32.const 3))
      (memory.fill (i32.const 41) (i32.const 46) (i32.const ${length}))
      (call $write (i32.const 1) (i32.const 28) (i32.const ${length}))
      (i64.const 0))
    (func (export "handle_response") (param i32 i32)))`;
}

/** The rewriter in front of another origin. */
async function rewriterBefore(name: string): Promise<TestApp> {
  const written = await readFile(join(SAMPLES, 'rewriter/kerb.toml'), 'utf8');
  const manifest = written.replace(/^(name|main) = .*$/gm, '').replace(WRITTEN_ORIGIN, originOf(name));
  return { manifest, module: await readFile(join(SAMPLES, 'rewriter/rewriter.wasm')) };
}

function originOf(name: string): string {
  return `http://${name}.localhost:${origin.port}`;
}

beforeAll(async () => {
  origin = await startEdge({
    samples: ['site'],
    apps: {
      short: { module: htmlOf(SHORT) },
      longest: { module: htmlOf(LONGEST) },
      longer: { module: htmlOf(LONGEST + 1) },
    },
  });
  edge = await startEdge({
    samples: NAMES,
    apps: {
      'rewriter-short': await rewriterBefore('short'),
      'rewriter-longest': await rewriterBefore('longest'),
      'rewriter-longer': await rewriterBefore('longer'),
    },
    manifest: (text) => text.replaceAll(WRITTEN_ORIGIN, originOf('site')),
    flags: ['--allow-backend', '127.0.0.0/8'],
  });
});

afterAll(async () => {
  await edge.stop();
  await origin.stop();
});

function ask(tenant: string, path: string, question: TestRequest = {}): Promise<TestResponse> {
  return edge.fetch(tenant, path, question);
}

/** A body that is sent piece by piece, chunked. */
function inPieces(pieces: readonly (string | Uint8Array)[]): Readable {
  return Readable.from(pieces.map((piece) => Buffer.from(piece)));
}

/** Samples that are CGI programs; wasi-cgi.test.ts asks them. */
const PROGRAMS: ReadonlySet<string> = new Set(['docs', 'ticker', 'feedback', 'tally']);

describe('the built modules', () => {
  it('are at least ten', () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(10);
  });

  it.each(NAMES.filter((name) => !PROGRAMS.has(name) && !FILTERS.has(name)))(
    '%s exports the names of the ABI, imports only its functions, and is small',
    async (name) => {
      const bytes = await readFile(join(SAMPLES, name, `${name}.wasm`));
      const module = new WebAssembly.Module(bytes);
      const exported = WebAssembly.Module.exports(module).map((item) => item.name);
      expect(exported.toSorted()).toEqual(['handle_request', 'handle_response', 'memory']);
      const modules = new Set(WebAssembly.Module.imports(module).map((item) => item.module));
      expect([...modules].filter((item) => item !== 'http_handler' && !item.startsWith('kerb_'))).toEqual([]);
      expect(bytes.length).toBeLessThan(20 * 1024);
    },
  );

  it.each([...FILTERS])('%s exports a Proxy-Wasm filter, imports only its functions, and is small', async (name) => {
    const bytes = await readFile(join(SAMPLES, name, `${name}.wasm`));
    const module = new WebAssembly.Module(bytes);
    const exported = WebAssembly.Module.exports(module).map((item) => item.name);
    expect(exported.filter((item) => item !== 'memory' && !item.startsWith('proxy_'))).toEqual([]);
    expect(exported).toContain('proxy_abi_version_0_2_1');
    const modules = new Set(WebAssembly.Module.imports(module).map((item) => item.module));
    expect([...modules]).toEqual(['env']);
    expect(bytes.length).toBeLessThan(20 * 1024);
  });

  it.each([...PROGRAMS])('%s exports its program, imports only WASI, and is small', async (name) => {
    const bytes = await readFile(join(SAMPLES, name, `${name}.wasm`));
    const module = new WebAssembly.Module(bytes);
    expect(
      WebAssembly.Module.exports(module)
        .map((item) => item.name)
        .toSorted(),
    ).toEqual(['_start', 'memory']);
    const modules = new Set(WebAssembly.Module.imports(module).map((item) => item.module));
    expect([...modules]).toEqual(['wasi_snapshot_preview1']);
    expect(bytes.length).toBeLessThan(64 * 1024);
  });

  it('of counter and counter-fresh are the same', async () => {
    const [warm, fresh] = ['counter', 'counter-fresh'].map((name) => readFile(join(SAMPLES, name, `${name}.wasm`)));
    expect(await warm).toEqual(await fresh);
  });
});

describe('hello', () => {
  it('answers every path and method with its greeting', async () => {
    for (const [path, method] of [
      ['/', 'GET'],
      ['/anything?at=all', 'POST'],
    ] as const) {
      const answer = await ask('hello', path, { method });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(answer.text).toBe('Hello from wasm, in a sandbox of its own.\n');
    }
  });

  it('answers HEAD without a body', async () => {
    const answer = await ask('hello', '/', { method: 'HEAD' });
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
  });
});

describe('json-api', () => {
  const order = {
    currency: 'EUR',
    discount_percent: 10,
    tax_percent: 20,
    items: [
      { name: 'Tea "é"', price: 4.25, quantity: 3 },
      { name: 'Stamp', price: 0.5, quantity: 1 },
    ],
  };

  const post = (
    body: readonly (string | Uint8Array)[],
    type = 'application/json; charset=utf-8',
  ): Promise<TestResponse> =>
    ask('json-api', '/quote', { method: 'POST', headers: { 'content-type': type }, body: inPieces(body) });

  async function refusal(body: string | Uint8Array): Promise<unknown> {
    const answer = await post([body]);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    return JSON.parse(answer.text);
  }

  it('adds up a quote whose body comes in pieces that cut a character in two', async () => {
    const bytes = Buffer.from(JSON.stringify(order));
    const cut = bytes.indexOf(0xc3) + 1;
    const answer = await post([bytes.subarray(0, 5), bytes.subarray(5, cut), bytes.subarray(cut)]);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual({
      currency: 'EUR',
      lines: [
        { name: 'Tea "é"', quantity: 3, total: '12.75' },
        { name: 'Stamp', quantity: 1, total: '0.50' },
      ],
      subtotal: '13.25',
      discount: '1.33',
      tax: '2.38',
      total: '14.30',
    });
  });

  it.each([
    ['', 'a value is missing', 0],
    ['{"currency":"EUR",}', "a member's name is missing", 18],
    ['[01]', 'a number must not begin with 0', 2],
    ['[1] x', 'something follows the value', 4],
    ['["\\ud800"]', 'half of a surrogate pair is missing', 8],
    ['["\u0001"]', 'this string does not end, or has a control character in it', 2],
    ['['.repeat(1000), 'this is nested too deeply', 33],
    [new Uint8Array([0x22, 0xff, 0x22]), 'this is not UTF-8', 1],
  ])('says where the JSON %j breaks off', async (body, detail, offset) => {
    expect(await refusal(body)).toEqual({ title: 'Malformed JSON', detail, offset });
  });

  it.each([
    ['', 'must be an object', []],
    ['/currency', 'must be a string of three capital letters, such as "EUR"', { ...order, currency: 'eur' }],
    ['/items', 'must be an array of 1 to 50 items', { ...order, items: [] }],
    ['/items', 'must be an array of 1 to 50 items', { ...order, items: Array(51).fill(order.items[0]) }],
    ['/tax_percent', 'must be a whole number from 0 to 100', { ...order, tax_percent: 101 }],
    ['', 'has a member with an unknown name', { ...order, coupon: 'FREE' }],
    ['/items/0', 'must be an object', { ...order, items: [7] }],
    ['/items/1/quantity', 'must be a whole number from 1 to 10000', withItem({ quantity: 0 })],
    ['/items/1/price', 'must be a number from 0 to 1000000 with at most two decimals', withItem({ price: 0.125 })],
    ['/items/1/price', 'must be a number from 0 to 1000000 with at most two decimals', withItem({ price: -1 })],
    ['/items/1/name', 'must be a string of 1 to 200 bytes', withItem({ name: '' })],
  ])('points at %j: %s', async (pointer, detail, body) => {
    expect(await refusal(JSON.stringify(body))).toEqual({ title: 'Invalid quote', detail, pointer });
  });

  function withItem(change: object): object {
    return { ...order, items: [order.items[0], { ...order.items[1], ...change }] };
  }

  it('refuses a member that stands twice instead of choosing one', async () => {
    const problem = await refusal('{"currency":"EUR","currency":"USD"}');
    expect(problem).toEqual({ title: 'Invalid quote', detail: 'stands twice', pointer: '/currency' });
  });

  it('says which methods a path takes', async () => {
    const answers = [await ask('json-api', '/quote'), await ask('json-api', '/', { method: 'DELETE' })];
    expect(answers.map(({ status, headers }) => [status, headers['allow']])).toEqual([
      [405, 'POST'],
      [405, 'GET, HEAD'],
    ]);
  });

  it('refuses other media types, unknown paths and bodies over its own limit', async () => {
    expect((await post(['{}'], 'text/plain')).status).toBe(415);
    expect((await ask('json-api', '/nothing')).status).toBe(404);
    expect((await post(['"', 'a'.repeat(16 * 1024)])).status).toBe(413);
  });

  it('is never asked about a body over the limit of its manifest', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': String(1024 * 1024 + 1) };
    const answer = await ask('json-api', '/quote', { method: 'POST', headers, body: Buffer.alloc(1024 * 1024 + 1) });
    expect([answer.status, answer.headers['kerb-outcome']]).toEqual([413, 'body_limit']);
  });
});

describe('page', () => {
  it('shows the request as the guest saw it', async () => {
    const { status, headers, text } = await ask('page', '/here?a=1&b=2', { headers: { 'x-note': 'hi' } });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toContain('<b>GET</b> /here?a=1&amp;b=2 <span>HTTP/1.1</span>');
    expect(text).toMatch(/You came from<\/dt><dd>127\.0\.0\.1:\d+<\/dd>/);
    expect(text).toContain('<dt>host</dt><dd>page.localhost</dd>');
    expect(text).toContain('<dt>x-note</dt><dd>hi</dd>');
    expect(text).not.toContain('{{');
  });

  it('shows markup in headers as text', async () => {
    const { text } = await ask('page', '/', { headers: { 'x-note': '<script>alert("1")</script> & \'é\'' } });
    expect(text).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;');
    expect(text).not.toContain('<script>');
  });

  it('does not repeat credentials', async () => {
    const { text } = await ask('page', '/', {
      headers: { cookie: 'session=topsecret', authorization: 'Bearer t0ken' },
    });
    expect(text).toContain('<dt>cookie</dt><dd><em>17 bytes, kept out of this page</em></dd>');
    expect(text).not.toMatch(/topsecret|t0ken/);
  });

  it('loads nothing from anywhere', async () => {
    const { text } = await ask('page', '/');
    expect(text).not.toMatch(/\b(?:src|href)=|url\(|@import|https?:/);
  });
});

describe('fractal', () => {
  interface Chunk {
    readonly type: string;
    readonly data: Buffer;
  }

  /** Chunks of a PNG, each with a good checksum. */
  function chunksOf(png: Buffer): Chunk[] {
    expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    const chunks: Chunk[] = [];
    for (let at = 8; at < png.length;) {
      const length = png.readUInt32BE(at);
      const data = png.subarray(at + 8, at + 8 + length);
      expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
      chunks.push({ type: png.toString('latin1', at + 4, at + 8), data });
      at += 12 + length;
    }
    return chunks;
  }

  /** The filtered rows, each behind its filter byte. */
  function rowsOf(png: Buffer): Buffer {
    return inflateSync(Buffer.concat(chunksOf(png).flatMap(({ type, data }) => (type === 'IDAT' ? [data] : []))));
  }

  it.each([
    ['', 512],
    ['?size=16&iter=16', 16],
    ['?x=-0.7453&y=0.1127&zoom=300&iter=600&size=256', 256],
    ['?cx=-0.8&cy=0.156&zoom=1.1&iter=500&size=300', 300],
  ])('paints %j as a whole PNG', async (query, size) => {
    const { status, headers, body } = await ask('fractal', `/image.png${query}`);
    expect([status, headers['content-type']]).toEqual([200, 'image/png']);
    const chunks = chunksOf(body);
    expect([chunks[0]?.type, chunks.at(-1)?.type]).toEqual(['IHDR', 'IEND']);
    const head = chunks[0]?.data ?? Buffer.alloc(0);
    expect([head.readUInt32BE(0), head.readUInt32BE(4), ...head.subarray(8)]).toEqual([size, size, 8, 2, 0, 0, 0]);
    const rows = rowsOf(body);
    expect(rows.length).toBe(size * (size * 3 + 1));
    expect(new Set(rows).size).toBeGreaterThan(50);
  });

  it('sends a large picture before it is painted', async () => {
    const { headers } = await ask('fractal', '/image.png?size=512');
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual([undefined, 'chunked']);
  });

  it('is stopped by its CPU budget in the middle of a picture', async () => {
    const target = '/image.png?x=-1.7687&y=-0.00174&zoom=2500&iter=5000&size=1024';
    const [answer] = await Promise.allSettled([ask('fractal', target)]);
    const line = await edge.untilLogged((logged) => logged['target'] === target);
    expect(line['outcome']).toBe('cpu_limit');
    expect(answer.status === 'rejected' || answer.value.status === 503).toBe(true);
  });

  it('paints the inside of the set in one colour', async () => {
    const rows = rowsOf((await ask('fractal', '/image.png?x=-0.1&zoom=100&size=32')).body);
    expect([...rows.subarray(0, 4)]).toEqual([4, 4, 5, 14]);
    expect([...rows.subarray(4, 97)]).toEqual(Array(93).fill(0));
  });

  it.each([
    ['x=5', 'x must be a number between -4 and 4'],
    ['y=nan', 'y must be a number between -4 and 4'],
    ['zoom=0', 'zoom must be a number between 0.25 and 1e13'],
    ['zoom=1e999', 'zoom must be a number between 0.25 and 1e13'],
    ['size=1025', 'size must be a whole number between 16 and 1024'],
    ['size=20.5', 'size must be a whole number between 16 and 1024'],
    ['iter=', 'iter must be a whole number between 16 and 5000'],
    ['x=1&cx=--1', 'cx must be a number between -2 and 2'],
  ])('refuses ?%s by name', async (query, detail) => {
    const answer = await ask('fractal', `/image.png?${query}`);
    expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(JSON.parse(answer.text)).toEqual({ title: 'Bad query parameter', detail });
  });

  it('has a page to explore with, and nothing else', async () => {
    const page = await ask('fractal', '/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<img id="picture"');
    expect((await ask('fractal', '/other')).status).toBe(404);
    const posted = await ask('fractal', '/image.png', { method: 'POST' });
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('counter', () => {
  const count = async (tenant: string): Promise<number> => {
    const { text } = await ask(tenant, '/');
    const said = /^Requests answered by this instance: (\d+)\n$/.exec(text)?.[1];
    if (said === undefined) throw new Error(`not a count: ${text}`);
    return Number(said);
  };

  it('counts on in a warm instance', async () => {
    const counts = [];
    for (let i = 0; i < 20; i++) counts.push(await count('counter'));
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });

  it('starts anew for every request with isolation = "request"', async () => {
    const counts = [];
    for (let i = 0; i < 5; i++) counts.push(await count('counter-fresh'));
    expect(counts).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('visits', () => {
  it('counts each path on, also when many ask at once', async () => {
    expect((await edge.fetch('visits', '/one?query')).text).toBe('1 visits\n');
    const answers = await Promise.all(Array.from({ length: 12 }, () => edge.fetch('visits', '/one')));
    const counts = answers.filter(({ status }) => status === 200).map(({ text }) => text);
    expect(new Set(counts).size).toBe(counts.length);
    expect((await edge.fetch('visits', '/one')).text).toBe(`${counts.length + 2} visits\n`);
  });

  it('sends away a client that comes too often, and says so at its log endpoint', async () => {
    const statuses = new Set<number>();
    for (let time = 0; time < 40; time++) statuses.add((await edge.fetch('visits', '/often')).status);
    expect([...statuses]).toEqual([200, 429]);
    const line = await edge.untilLogged(({ tenant, endpoint }) => tenant === 'visits' && endpoint === 'refused');
    expect(line).toMatchObject({ kind: 'guest', level: 'info', message: 'a client came too often' });
  });
});

describe('greeter', () => {
  it('remembers a client, and sends it away when it comes too often', async () => {
    expect((await edge.fetch('greeter')).text).toBe('Hello, visitor of 1 visit.\n');
    expect((await edge.fetch('greeter')).text).toBe('Hello, visitor of 2 visits.\n');
    const statuses = new Set<number>();
    for (let time = 0; time < 30; time++) statuses.add((await edge.fetch('greeter')).status);
    expect([...statuses]).toEqual([200, 429]);
  });
});

describe('runaway', () => {
  it('is stopped by its CPU budget while its neighbours answer', async () => {
    const [runaway, hello] = await Promise.all([ask('runaway', '/'), ask('hello', '/')]);
    expect([runaway.status, runaway.headers['kerb-outcome']]).toEqual([503, 'cpu_limit']);
    expect(runaway.headers['content-type']).toBe('application/problem+json');
    expect(hello.status).toBe(200);
  });
});

describe('site', () => {
  it('serves its pages, and 404 for others', async () => {
    const home = await ask('site', '/');
    expect([home.status, home.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(home.text).toContain('<h1>Harbour Books</h1>');
    expect((await ask('site', '/b/')).text).toContain('<h1>Find your next book by the water</h1>');
    expect((await ask('site', '/nowhere')).status).toBe(404);
  });

  it('echoes a body that is larger than its memory', async () => {
    const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(64 * 1024, i));
    const answer = await ask('site', '/echo', { method: 'POST', body: inPieces(pieces) });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(Buffer.concat(pieces))).toBe(true);
  });

  it('repeats every value of a header', async () => {
    const { text } = await ask('site', '/headers', { headers: { 'x-twice': ['one', 'two'] } });
    expect(text).toMatch(/^x-twice: one\nx-twice: two\n|^x-twice: one, two\n/m);
  });

  it('refuses methods that it does not know', async () => {
    const answer = await ask('site', '/about', { method: 'PUT' });
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'GET, HEAD']);
  });
});

describe('basic-auth', () => {
  const login = (credentials: string, scheme = 'Basic'): Readonly<Record<string, string>> => ({
    authorization: `${scheme} ${Buffer.from(credentials).toString('base64')}`,
  });

  const GUESSES = ['grace:nanosecond', 'grace:nanosecondss', 'grace:', 'grace', ':', '', 'ada:nanoseconds'];
  const MALFORMED = ['Basic', 'Basic ****', 'Basic Z3JhY2U6bmFub3NlY29uZHM', 'Bearer Z3JhY2U6bmFub3NlY29uZHM='];

  it.each([
    {},
    ...[...GUESSES, 'x'.repeat(129)].map((credentials) => login(credentials)),
    ...MALFORMED.map((authorization) => ({ authorization })),
  ])('challenges %j', async (headers) => {
    const answer = await ask('basic-auth', '/headers', { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="Kerb demo", charset="UTF-8"');
    expect(answer.text).toBe('401 Unauthorized: a user name and a password are needed.\n');
  });

  it('refuses two credentials at once, a good one among them', async () => {
    const { authorization = '' } = login('grace:nanoseconds');
    const answer = await ask('basic-auth', '/', { headers: { authorization: [authorization, authorization] } });
    expect([400, 401]).toContain(answer.status);
  });

  it('hands on with good credentials: the origin learns the name and never sees the password', async () => {
    const headers = { ...login('ada:analytical engine', 'bAsIc'), 'x-authenticated-user': 'root' };
    const { status, text } = await ask('basic-auth', '/headers', { headers });
    expect(status).toBe(200);
    expect(text).toMatch(/^x-authenticated-user: ada$/m);
    expect(text).not.toMatch(/authorization:|root/);
  });

  it('passes the answer of the origin through, 404 included', async () => {
    const answer = await ask('basic-auth', '/nowhere', { headers: login('grace:nanoseconds') });
    expect([answer.status, answer.text]).toEqual([404, '404 no such page in this shop\n']);
  });
});

describe('redirector', () => {
  it.each([
    ['/home', 301, '/'],
    ['/home?a=1&b=2', 301, '/?a=1&b=2'],
    ['/shop', 308, '/about'],
    ['/visit', 302, '/about'],
    ['/blog/', 301, 'https://blog.example/posts/'],
    ['/blog/2026/hello?x=1', 301, 'https://blog.example/posts/2026/hello?x=1'],
    ['/old/a/b', 308, '/a/b'],
  ])('sends %s on with %i to %s', async (path, status, location) => {
    const answer = await ask('redirector', path);
    expect([answer.status, answer.headers['location']]).toEqual([status, location]);
  });

  it.each(['/old//evil.example', '/old///evil.example/x'])('keeps %s on this host', async (path) => {
    const { headers } = await ask('redirector', path);
    expect(headers['location']).toMatch(/^\/evil\.example/);
  });

  it('hands everything else to the origin', async () => {
    expect((await ask('redirector', '/uri?q=1')).text).toBe('/uri?q=1');
    expect((await ask('redirector', '/homes')).status).toBe(404);
  });
});

describe('combine', () => {
  it('shows what both of its backends answer', async () => {
    const { status, text } = await ask('combine', '/');
    expect(status).toBe(200);
    expect(text).toMatch(/^== (shop|campaign): 200\n/);
    expect(text.match(/^== (shop|campaign): 200$/gm)?.toSorted()).toEqual(['== campaign: 200', '== shop: 200']);
    expect(text.match(/<h1>About the shop<\/h1>/g)).toHaveLength(2);
  });
});

describe('ab-split', () => {
  const HEADINGS = { a: '<h1>Harbour Books</h1>', b: '<h1>Find your next book by the water</h1>' };

  const COOKIE = /^variant=([ab]); Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/;

  /** The variant that a `Set-Cookie` field gives. */
  function variantOf(cookie: unknown): 'a' | 'b' {
    const variant = COOKIE.exec(String(cookie))?.[1];
    if (variant === 'a' || variant === 'b') return variant;
    throw new Error(`no cookie of ours: ${String(cookie)}`);
  }

  /** The variant that a visitor from this loopback address gets. */
  async function firstVisitFrom(localAddress: string): Promise<'a' | 'b'> {
    const dispatcher = new Agent({ localAddress });
    const response = await request(`http://127.0.0.1:${edge.port}/`, {
      headers: { host: 'ab-split.localhost' },
      dispatcher,
    });
    await response.body.dump();
    await dispatcher.close();
    return variantOf(response.headers['set-cookie']);
  }

  it('gives a visitor a variant, shows it, and keeps the answer out of shared caches', async () => {
    const answer = await ask('ab-split', '/');
    expect(answer.text).toContain(HEADINGS[variantOf(answer.headers['set-cookie'])]);
    expect(answer.headers['cache-control']).toBe('private');
  });

  it('splits addresses, and gives one address the same variant every time', async () => {
    const seen = { a: 0, b: 0 };
    for (let last = 1; last <= 24; last++) {
      const first = await firstVisitFrom(`127.0.0.${last}`);
      expect(await firstVisitFrom(`127.0.0.${last}`)).toBe(first);
      seen[first]++;
    }
    expect(Math.min(seen.a, seen.b)).toBeGreaterThan(4);
  });

  it.each(['a', 'b'] as const)('stays with variant %s of the cookie and sets none again', async (variant) => {
    const headers = { cookie: `theme=dark; variant=${variant}` };
    const answer = await ask('ab-split', '/', { headers });
    expect(answer.text).toContain(HEADINGS[variant]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('takes a cookie with another value for no cookie', async () => {
    const { headers } = await ask('ab-split', '/', { headers: { cookie: 'variant=c; xvariant=b' } });
    expect(headers['set-cookie']).toMatch(COOKIE);
  });

  it('keeps path and query for the origin', async () => {
    const { text } = await ask('ab-split', '/uri?q=1', { headers: { cookie: 'variant=a' } });
    expect(text).toBe('/uri?q=1');
    const { status } = await ask('ab-split', '/about?x', { headers: { cookie: 'variant=b' } });
    expect(status).toBe(200);
  });
});

describe('rewriter', () => {
  it('replaces words of HTML answers and frames them with security headers', async () => {
    const { status, headers, text } = await ask('rewriter', '/');
    expect(status).toBe(200);
    const original = (await ask('site', '/')).text;
    expect(text).toBe(original.replaceAll('Harbour Books', 'Lighthouse Books').replaceAll('since 1961', 'since 1874'));
    expect(text).toContain('<title>Lighthouse Books</title>');
    expect(headers['content-length']).toBe(String(Buffer.byteLength(text)));
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'strict-origin-when-cross-origin',
    });
  });

  it('hides the software of the origin', async () => {
    expect((await ask('site', '/')).headers['x-powered-by']).toBe('C');
    const { headers } = await ask('rewriter', '/');
    expect([headers['x-powered-by'], headers['server'] === 'harbour/1.0']).toEqual([undefined, false]);
  });

  it('leaves other types alone and asks the origin for plain text', async () => {
    const headers = { 'accept-encoding': 'gzip', range: 'bytes=0-1', 'x-note': 'Harbour Books' };
    const { text } = await ask('rewriter', '/headers', { headers });
    expect(text).toMatch(/^x-note: Harbour Books$/m);
    expect(text).not.toMatch(/^range:|^accept-encoding: .*gzip/m);
  });

  it('keeps the status of the origin', async () => {
    expect((await ask('rewriter', '/nowhere')).status).toBe(404);
  });

  it('drops the ETag of a body that it changed', async () => {
    const answer = await ask('rewriter-short', '/');
    expect(answer.text).toBe(`Lighthouse Books${'.'.repeat(SHORT - 13)}`);
    expect([answer.headers['etag'], answer.headers['content-length']]).toEqual([undefined, String(SHORT + 3)]);
  });

  it('rewrites a body of 1 MiB and leaves a longer one as it is', async () => {
    expect((await ask('rewriter-longest', '/')).text).toBe(`Lighthouse Books${'.'.repeat(LONGEST - 13)}`);
    const answer = await ask('rewriter-longer', '/');
    expect(answer.text).toBe(`Harbour Books${'.'.repeat(LONGEST + 1 - 13)}`);
    expect(answer.headers['etag']).toBe('"1"');
  });
});

describe('turnstile', () => {
  const withKey = (key: string): Promise<TestResponse> =>
    ask('turnstile', '/headers', { headers: { 'x-api-key': key } });

  it('refuses who has no key and who has another', async () => {
    expect([(await ask('turnstile', '/')).status, (await withKey('tea')).status]).toEqual([401, 403]);
  });

  it('tells the origin who it is, and not by which key', async () => {
    const { text, headers } = await withKey('tea-4821');
    expect(text).toContain('x-client: grace');
    expect(text).not.toContain('tea-4821');
    expect(Number(headers['x-requests-left'])).toBeLessThan(1_000);
  });

  it('lets a key go on as often as it may, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => withKey('rum-1977')));
    const lucky = answers.filter(({ status }) => status === 200);
    expect(new Set(lucky.map(({ headers }) => headers['x-requests-left']))).toEqual(new Set(['0', '1', '2']));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(5);
    expect(await edge.metric('kerb_guest_counter_total{tenant="turnstile",name="requests"}')).toBeGreaterThanOrEqual(3);
  });
});

describe('censor', () => {
  it('strikes the words of both filters of its chain, and leaves the length as it was', async () => {
    const [{ text }, struck] = [await ask('site', '/'), await ask('censor', '/')];
    expect(text).toContain('Harbour Books');
    expect(struck.text).toBe(text.replaceAll('Harbour Books', '******* *****').replaceAll('1961', '****'));
    expect(struck.headers['content-length']).toBe(String(Buffer.byteLength(text)));
  });

  it('leaves alone what is no text', async () => {
    const body = Buffer.from('Harbour Books');
    const { text } = await ask('censor', '/echo', { method: 'POST', body, headers: { 'content-type': 'image/png' } });
    expect(text).toBe('Harbour Books');
  });
});
