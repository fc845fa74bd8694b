import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { BUDGETS, MANIFEST_LIMITS } from '../../../src/control/manifest-limits.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';

const HEAD = 'name = "app"\nmain = "app.wasm"\n';

/** A manifest whose first two lines are sound: `more` begins on line 3. */
function manifestWith(more: string): Manifest {
  return parseManifest(HEAD + more, 'kerb.toml');
}

function errorOf(text: string, file = 'kerb.toml'): KerbError {
  try {
    parseManifest(text, file);
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 100)}`);
}

function faultsWith(more: string): readonly string[] {
  const error = errorOf(HEAD + more);
  expect(error.code).toBe('bad_manifest');
  for (const detail of error.details) expect(detail.length).toBeLessThan(240);
  return error.details;
}

describe('a manifest', () => {
  it('needs a name and a module, and defaults the rest', () => {
    expect(manifestWith('')).toEqual({
      name: 'app',
      main: 'app.wasm',
      hosts: ['app.localhost'],
      path: '/',
      abi: 'auto',
      isolation: 'request',
      rootId: '',
      failureMode: 'closed',
      filters: [],
      receipt: false,
      geo: false,
      origin: null,
      config: { kind: 'text', text: '' },
      limits: {
        cpuMs: 50,
        cpuWeight: 100,
        cpuMsPerSecond: null,
        cpuBurstMs: 10_000,
        wallMs: 30_000,
        memoryBytes: 128 * 1024 * 1024,
        concurrency: 200,
        subrequests: 32,
        webSockets: 100,
        requestBodyBytes: 10 * 1024 * 1024,
        cacheBytes: 32 * 1024 * 1024,
        scratchBytes: 0,
      },
      backends: [],
      jwt: [],
      args: null,
      env: [],
      files: [],
      stores: { kv: [], cache: false, config: null, secrets: [], signingKeys: [] },
      onFailure: [],
    });
  });

  it('takes every key of the contract', () => {
    const text = `
name = "hello"
main = "./build/handler.wasm"
hosts = ["Hello.LOCALHOST", "*.Example.com"]
path = "/api/"
abi = "fastly"
isolation = "reuse"
receipt = true
geo = true
origin = "site"
config = { file = "conf.json" }
args = ["/content/page.js", "-v"]
[limits]
cpu_ms = 1
cpu_weight = 300
cpu_ms_per_second = 500
cpu_burst_ms = 2000
wall_ms = 2
memory_mb = 3
concurrency = 4
subrequests = 0
websockets = 0
request_body_mb = 0
cache_mb = 5
scratch_mb = 3
[backends.site]
url = "HTTP://Site.example:80/base"
[env]
MODE = "demo"
[files]
"/content" = "./content"
[stores]
kv = ["sessions"]
cache = true
config = { theme = "dark" }
secrets = ["API_KEY"]
`;
    expect(parseManifest(text, 'kerb.toml')).toEqual({
      name: 'hello',
      main: 'build/handler.wasm',
      hosts: ['hello.localhost', '*.example.com'],
      path: '/api',
      abi: 'fastly',
      isolation: 'reuse',
      rootId: '',
      failureMode: 'closed',
      filters: [],
      receipt: true,
      geo: true,
      origin: 'site',
      config: { kind: 'file', path: 'conf.json' },
      limits: {
        cpuMs: 1,
        cpuWeight: 300,
        cpuMsPerSecond: 500,
        cpuBurstMs: 2_000,
        wallMs: 2,
        memoryBytes: 3 << 20,
        concurrency: 4,
        subrequests: 0,
        webSockets: 0,
        requestBodyBytes: 0,
        cacheBytes: 5 << 20,
        scratchBytes: 3 << 20,
      },
      backends: [{ name: 'site', url: 'http://site.example/base' }],
      jwt: [],
      args: ['/content/page.js', '-v'],
      env: [{ name: 'MODE', value: 'demo' }],
      files: [{ guest: '/content', folder: 'content' }],
      stores: {
        kv: ['sessions'],
        cache: true,
        config: [{ name: 'theme', value: 'dark' }],
        secrets: ['API_KEY'],
        signingKeys: [],
      },
      onFailure: [],
    });
  });

  it('is frozen all the way down and survives being posted to a thread', () => {
    const manifest = manifestWith('[env]\nA = "b"\n[backends.x]\nurl = "http://x"\n[stores]\nkv = ["a"]');
    const parts = [
      manifest,
      manifest.hosts,
      manifest.limits,
      manifest.backends,
      manifest.backends[0],
      manifest.env[0],
      manifest.stores.kv,
    ];
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
    expect(structuredClone(manifest)).toEqual(manifest);
  });

  it('may begin with a byte order mark and end lines with CRLF', () => {
    expect(parseManifest(`\ufeff${HEAD.replaceAll('\n', '\r\n')}`, 'kerb.toml').name).toBe('app');
  });

  it.each(['auto', 'http-wasm', 'wasi-cgi', 'fastly', 'proxy-wasm', 'wasi-http'])('may name the ABI %s', (abi) => {
    expect(manifestWith(`abi = "${abi}"`).abi).toBe(abi);
  });
});

describe('faults', () => {
  it('are reported all at once, by line, with what to do', () => {
    const error = errorOf(
      'nmae = "x"\nmain = "../x.wasm"\norigin = "sit"\n[limits]\ncpu_ms = 0\nmemory = 1\n',
      'kerb.toml',
    );
    expect(error.message).toBe('kerb.toml: the manifest has 6 faults');
    expect(error.details).toEqual([
      'kerb.toml:1: name: is missing; e.g. name = "my-app"',
      'kerb.toml:1: nmae: is an unknown key; did you mean name?',
      'kerb.toml:2: main: "../x.wasm" is not a relative path that stays beside the manifest; e.g. main = "handler.wasm"',
      'kerb.toml:3: origin: "sit" names no backend; add [backends.<name>] with this name and a url',
      'kerb.toml:5: limits.cpu_ms: 0 is not a whole number from 1 to 10000; leave it out for 50',
      'kerb.toml:6: limits.memory: is an unknown key; the keys here are cpu_ms, cpu_weight, cpu_ms_per_second, cpu_burst_ms, wall_ms, memory_mb, concurrency, subrequests, websockets, request_body_mb, cache_mb, scratch_mb',
    ]);
  });

  it.each([
    ['[limts]\ncpu_ms = 1', ':3: limts: is an unknown key; did you mean limits?'],
    ['[backends.a]\nurl = "http://x"\n\nurls = "y"', ':6: backends.a.urls: is an unknown key; did you mean url?'],
    ['[stores]\nsecret = ["x"]', ':4: stores.secret: is an unknown key; did you mean secrets?'],
    ['config = { file = "x", mode = 1 }', ':3: config.mode: is an unknown key; the keys here are file'],
    ['limits.cpu = 5', ':3: limits.cpu: is an unknown key; the keys here are'],
    ['toString = 1', ':3: toString: is an unknown key;'],
    ['constructor.x = 1', ':3: constructor: is an unknown key;'],
  ])('name an unknown key and its line: %s', (more, fault) => {
    expect(faultsWith(more)).toEqual([expect.stringContaining(fault)]);
  });

  it('point into lists', () => {
    expect(faultsWith('hosts = [\n  "a.example",\n  "b c",\n]')).toEqual([
      expect.stringContaining('kerb.toml:5: hosts[1]: "b c"'),
    ]);
  });

  it('list fifty and count the rest', () => {
    const error = errorOf(Array.from({ length: 5_000 }, (_, index) => `k${index} = 1`).join('\n'));
    expect(error.details).toHaveLength(MANIFEST_LIMITS.listedFaults + 1);
    expect(error.details.at(-1)).toBe('and 4952 more faults; correct these first');
  });

  it('stay on one short line when names and values are hostile', () => {
    const evil = '\\u001b[31m\\u000a\\u202e\\u009b';
    const error = errorOf(
      `name = "${evil.repeat(50)}"\nmain = "m"\n"${evil.repeat(50)}" = 1\n`,
      `${'d/'.repeat(300)}kerb.toml`,
    );
    expect(error.details).toHaveLength(2);
    for (const detail of error.details) {
      expect(detail.length).toBeLessThan(240);
      expect(detail).toMatch(/^[\x20-\x7e…]+$/);
      expect(detail).toContain('kerb.toml:');
    }
  });
});

describe('text that is hostile TOML', () => {
  it.each([
    ['[__proto__]\npolluted = 1'],
    ['__proto__.polluted = 1'],
    ['[limits.__proto__]\npolluted = 1'],
    ['limits = { __proto__ = { polluted = 1 } }'],
    ['[env]\n"__proto__" = "x"'],
    ['[[__proto__]]\npolluted = 1'],
  ])('cannot reach Object.prototype: %s', (more) => {
    expect(faultsWith(more)).toEqual([expect.stringContaining('__proto__: is a reserved name')]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('names issuers of tokens, with a key set of its own or behind a backend', () => {
    const { jwt } = manifestWith(`[backends.idp]\nurl = "https://idp.example"
[jwt.a]\nissuer = "https://idp.example"\naudience = "app"\njwks = { backend = "idp", path = "/jwks?x=1" }
[jwt.b]\nissuer = "i"\naudience = "x"\njwks = '{"keys":[]}'`);
    expect(jwt).toEqual([
      {
        name: 'a',
        issuer: 'https://idp.example',
        audience: 'app',
        keys: { kind: 'backend', backend: 'idp', path: '/jwks?x=1' },
        sign: null,
      },
      { name: 'b', issuer: 'i', audience: 'x', keys: { kind: 'text', text: '{"keys":[]}' }, sign: null },
    ]);
  });

  it('names issuers that the app signs as, whose keys are those of the signing key unless there are others', () => {
    const { jwt, stores } = manifestWith(`[jwt.a]\nissuer = "i"\naudience = "x"\nsign = { secret = "KEY" }
[jwt.b]\nissuer = "i"\naudience = "x"\njwks = '{"keys":[]}'\nsign = { secret = "KEY", alg = "ES256", ttl_s = 86400 }`);
    expect(jwt.map(({ keys, sign }) => [keys.kind, sign])).toEqual([
      ['signing', { secret: 'KEY', alg: 'EdDSA', ttlSeconds: 300 }],
      ['text', { secret: 'KEY', alg: 'ES256', ttlSeconds: 86_400 }],
    ]);
    expect([stores.signingKeys, stores.secrets]).toEqual([['KEY'], []]);
  });

  it.each([
    ['issuer = "i"\naudience = "x"', 'jwt.a.jwks: is missing'],
    ['issuer = "i"\naudience = "x"\nsign = {}', 'jwt.a.sign.secret: is missing'],
    ['issuer = "i"\naudience = "x"\nsign = { secret = "K", alg = "HS256" }', 'is not one of EdDSA, ES256'],
    ['issuer = "i"\naudience = "x"\nsign = { secret = "K", alg = "none" }', 'is not one of EdDSA, ES256'],
    ['issuer = "i"\naudience = "x"\nsign = { secret = "K", ttl_s = 0 }', 'is not a whole number from 1 to 86400'],
    ['issuer = "i"\naudience = "x"\nsign = { secret = "K", ttl_s = 86401 }', 'is not a whole number from 1 to 86400'],
    ['issuer = "i"\naudience = "x"\nsign = { secret = "K", jwk = 1 }', 'jwt.a.sign.jwk: is an unknown key'],
    ['audience = "x"\njwks = \'{"keys":[]}\'', 'jwt.a.issuer: is missing'],
    ['issuer = "i"\njwks = \'{"keys":[]}\'', 'jwt.a.audience: is missing'],
    ['issuer = ""\naudience = "x"\njwks = \'{"keys":[]}\'', 'jwt.a.issuer:'],
    ['issuer = "i"\naudience = "x"\njwks = "{}"', 'jwt.a.jwks:'],
    ['issuer = "i"\naudience = "x"\njwks = "https://idp/jwks"', 'jwt.a.jwks:'],
    ['issuer = "i"\naudience = "x"\njwks = { backend = "nobody", path = "/" }', 'names no backend'],
    ['issuer = "i"\naudience = "x"\njwks = { backend = "constructor", path = "/" }', 'names no backend'],
    ['issuer = "i"\naudience = "x"\njwks = { backend = "idp", path = "http://evil/" }', 'jwt.a.jwks'],
    ['issuer = "i"\naudience = "x"\njwks = { backend = "idp" }', 'jwt.a.jwks'],
    ['issuer = "i"\naudience = "x"\njwks = \'{"keys":[]}\'\nsecret = 1', 'jwt.a.secret: is an unknown key'],
  ])('refuses an issuer with %j', (lines, fault) => {
    const faults = faultsWith(`[backends.idp]\nurl = "https://idp.example"\n[jwt.a]\n${lines}`);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  it('can use the names that every object has as data', () => {
    const manifest = manifestWith('[env]\nconstructor = "a"\ntoString = "b"\n[backends.constructor]\nurl = "http://x"');
    expect(manifest.env).toEqual([
      { name: 'constructor', value: 'a' },
      { name: 'toString', value: 'b' },
    ]);
    expect(manifest.backends).toEqual([{ name: 'constructor', url: 'http://x/' }]);
    expect(faultsWith('origin = "constructor"')).toEqual([expect.stringContaining('names no backend')]);
  });

  it.each([
    ['limits = 1979-05-27', 'limits'],
    ['config = 1979-05-27T07:32:00Z', 'config'],
    ['[env]\nA = 07:32:00', 'env.A'],
    ['hosts = [1979-05-27]', 'hosts[0]'],
  ])('holds no dates: %s', (more, key) => {
    expect(faultsWith(more)).toEqual([expect.stringContaining(`${key}: is a date`)]);
  });

  it.each([
    'nan',
    '-inf',
    '9223372036854775807',
    '99999999999999999999999',
    '-1',
    '1.5',
    '"50"',
    'true',
    '[50]',
    '{}',
    '0x7fffffff',
  ])('has no number %s for a limit', (value) => {
    expect(faultsWith(`[limits]\ncpu_ms = ${value}`)).toEqual([
      expect.stringMatching(/:4: limits\.cpu_ms: .* is not a whole number/),
    ]);
  });

  it.each([
    ['name = "twice"', 3, 'multiple times'],
    ['[limits]\n[limits]', 4, 'multiple times'],
    ['[env]\nA = "x', 4, 'Unterminated'],
    ['= 1', 3, 'is not TOML'],
    ['a = "\\ud800"', 3, 'is not TOML'],
    ['a = "\0"', 3, 'is not TOML'],
  ])('ends at the first fault of syntax: %s', (more, line, words) => {
    const faults = faultsWith(more);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`kerb.toml:${line}: `);
    expect(faults[0]).toContain(words);
  });

  it.each([
    ['brackets', `a = ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['inline tables', `a = ${'{b='.repeat(12_000)}1${'}'.repeat(12_000)}`],
    ['dotted keys', `a${'.a'.repeat(20_000)} = 1`],
    ['headers', `[a${'.a'.repeat(20_000)}]\nb = 1`],
    ['digits', `a = ${'1'.repeat(60_000)}`],
  ])('cannot exhaust the stack with %s', (_, more) => {
    const faults = faultsWith(more);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]).toMatch(/nests (too deep|deeper)|unknown key/);
  });

  it('is refused unread beyond its size, counted in bytes', () => {
    expect(faultsWith(`# ${'é'.repeat(MANIFEST_LIMITS.bytes / 2)}`)).toEqual([
      expect.stringContaining('is larger than 65536 bytes'),
    ]);
    expect(manifestWith(`# ${'é'.repeat(MANIFEST_LIMITS.bytes / 2 - 100)}`).name).toBe('app');
  });

  it('is named once when it is no table where one belongs', () => {
    for (const key of ['limits', 'backends', 'env', 'files', 'stores']) {
      expect(faultsWith(`${key} = 1`)).toEqual([expect.stringContaining(`:3: ${key}: 1 is not a table; `)]);
      expect(faultsWith(`[[${key}]]`)).toEqual([expect.stringContaining(`:3: ${key}: a list is not a table; `)]);
    }
  });
});

describe('name', () => {
  it.each(['A', '', 'a_b', 'a.b', 'é', 'a'.repeat(64), '../x'])('refuses %j', (name) => {
    expect(errorOf(`name = ${JSON.stringify(name)}\nmain = "m"`).details).toHaveLength(1);
  });
});

describe('hosts', () => {
  it('are in the spelling that routing uses', () => {
    expect(manifestWith('hosts = ["A.Example.", "127.0.0.1", "[0:0::1]", "xn--caf-dma.example"]').hosts).toEqual([
      'a.example',
      '127.0.0.1',
      '[::1]',
      'xn--caf-dma.example',
    ]);
  });

  it.each([
    'a.example:80',
    '[::1]:80',
    'a:',
    '',
    '.',
    '*',
    '*.',
    'a.*.example',
    '*.*.example',
    '*.127.0.0.1',
    '*.[::1]',
    'a b',
    'é.example',
    '127.1',
    'a..b',
    '[::1',
    'http://a',
    'a/b',
    `${'a'.repeat(64)}.b`,
  ])('refuse %j', (host) => {
    expect(faultsWith(`hosts = [${JSON.stringify(host)}]`)).toEqual([expect.stringContaining('hosts[0]: ')]);
  });

  it('cannot be none, repeated or too many', () => {
    expect(faultsWith('hosts = []')).toEqual([expect.stringContaining('names no host')]);
    expect(faultsWith('hosts = ["a.example", "A.example"]')).toEqual([
      expect.stringContaining('hosts[1]: "A.example" is listed twice'),
    ]);
    const many = Array.from({ length: 101 }, (_, index) => `"h${index}.example"`);
    expect(faultsWith(`hosts = [${many.join()}]`)).toEqual([expect.stringContaining('more than 100 items')]);
    expect(faultsWith('hosts = "a.example"')).toEqual([expect.stringContaining('is not a list of host names')]);
  });
});

describe('path', () => {
  it.each([
    ['/', '/'],
    ['/api', '/api'],
    ['/api/', '/api'],
    ['/a/b.c/%C3%A9', '/a/b.c/%C3%A9'],
  ])('reads %s as %s', (path, kept) => {
    expect(manifestWith(`path = "${path}"`).path).toBe(kept);
  });

  it.each([
    '',
    'api',
    '//',
    '//a',
    '/a//b',
    '/a/..',
    '/./a',
    '/%2e%2E/a',
    '/%61',
    '/a%2fb',
    '/a%5Cb',
    '/a%00',
    '/%zz',
    '/a?b',
    '/a#b',
    '/a b',
    '/é',
    '/a\\b',
    `/${'a'.repeat(1_024)}`,
  ])('refuses %j, which no request path has or which has another spelling', (path) => {
    expect(faultsWith(`path = ${JSON.stringify(path)}`)).toEqual([expect.stringContaining(':3: path: ')]);
  });
});

describe('files beside the manifest', () => {
  const escapes = [
    '/etc/passwd',
    '../x',
    'a/../../x',
    'a/..',
    '.',
    '',
    './',
    'a//b',
    'a\\b',
    'a\u0000b',
    '..',
    'x/',
    'a'.repeat(256),
  ];

  it.each(escapes)('cannot be %j', (path) => {
    const text = JSON.stringify(path);
    expect(errorOf(`name = "a"\nmain = ${text}`).details).toEqual([expect.stringContaining(':2: main: ')]);
    expect(faultsWith(`config = { file = ${text} }`)).toEqual([expect.stringContaining('config.file: ')]);
    expect(faultsWith(`[files]\n"/x" = ${text}`)).toEqual([
      expect.stringContaining('files./x: '.replace('./x', '."/x"')),
    ]);
  });

  it('show under absolute guest paths only, each once', () => {
    for (const guest of ['x', '', '/../x', '/a//b', '//']) {
      expect(faultsWith(`[files]\n${JSON.stringify(guest)} = "x"`)).toEqual([
        expect.stringContaining('this key is not an absolute guest path'),
      ]);
    }
    expect(faultsWith('[files]\n"/a" = "x"\n"/a/" = "y"')).toEqual([
      expect.stringContaining('listed without the last "/"'),
    ]);
    expect(manifestWith('[files]\n"/" = "x"').files).toEqual([{ guest: '/', folder: 'x' }]);
  });
});

describe('config', () => {
  it('is text or a file, nothing else', () => {
    expect(manifestWith('config = """\na\nb"""').config).toEqual({ kind: 'text', text: 'a\nb' });
    expect(faultsWith('config = 5')).toEqual([
      'kerb.toml:3: config: 5 is not text or { file = "…" }; put it in quotes or name a file',
    ]);
    expect(faultsWith('config = {}')).toEqual(['kerb.toml:3: config.file: is missing; e.g. file = "conf.json"']);
    expect(faultsWith('config = { file = 3 }')).toEqual([
      expect.stringContaining('config.file: 3 is not a relative path'),
    ]);
  });
});

describe('limits', () => {
  it.each(Object.entries(BUDGETS))(
    '%s reaches from its least value to its ceiling',
    (key, { least, ceiling, standard }) => {
      const limitsAt = (value: number): Manifest['limits'] => manifestWith(`[limits]\n${key} = ${value}`).limits;
      expect(limitsAt(standard)).toEqual(manifestWith('').limits);
      expect(limitsAt(least)).not.toEqual(limitsAt(ceiling));
      for (const value of [least - 1, ceiling + 1]) expect(faultsWith(`[limits]\n${key} = ${value}`)).toHaveLength(1);
      expect(least <= standard && standard <= ceiling).toBe(true);
    },
  );
});

describe('backends', () => {
  it.each([
    'ftp://x',
    'http://',
    'http:x',
    '//x',
    'x',
    'http://u@x',
    'http://u:p@x/',
    'http://x/?',
    'http://x/?q=1',
    'http://x/#',
    'http://x/a b',
    'http://x\\@y',
    'ht\ntp://x',
    'http://x:0',
    'http://x//y',
    'http://http://y',
    'http://x:65536',
    'http://[::1',
    'javascript:1',
    `http://x/${'a'.repeat(2_048)}`,
  ])('cannot have the URL %j', (url) => {
    expect(faultsWith(`[backends.a]\nurl = ${JSON.stringify(url)}`)).toEqual([
      expect.stringContaining(':4: backends.a.url: '),
    ]);
  });

  it('need a URL and a plain name', () => {
    expect(faultsWith('[backends.a]')).toEqual([expect.stringContaining('backends.a.url: is missing; e.g. url = ')]);
    expect(faultsWith('[backends."a b"]\nurl = "http://x"')).toEqual([
      expect.stringContaining('backends."a b": this key is not a name'),
    ]);
    expect(faultsWith('[backends]\na = "http://x"')).toEqual([
      expect.stringContaining('backends.a: "http://x" is not a table; write [backends.<name>]'),
    ]);
  });

  it('have times and connections of their own, and only those that are said', () => {
    const lines = 'connect_ms = 1\nfirst_byte_ms = 300000\nbetween_bytes_ms = 20\nconnections = 1024';
    expect(manifestWith(`[backends.a]\nurl = "http://x"\n${lines}\n[backends.b]\nurl = "http://y"`).backends).toEqual([
      { name: 'a', url: 'http://x/', connectMs: 1, firstByteMs: 300_000, betweenBytesMs: 20, connections: 1_024 },
      { name: 'b', url: 'http://y/' },
    ]);
  });

  it('are checked as they say, with what is usual for what they do not', () => {
    const of = (health: string): unknown =>
      manifestWith(`[backends.a]\nurl = "http://x"\nhealth = ${health}`).backends[0];
    expect(of('{ path = "/healthz?x=1" }')).toEqual({
      name: 'a',
      url: 'http://x/',
      health: { path: '/healthz?x=1', intervalMs: 10_000, timeoutMs: 2_000, unhealthy: 3, healthy: 2, status: 200 },
    });
    const all = '{ path = "/", interval_s = 1, timeout_ms = 500, unhealthy = 1, healthy = 20, status = 204 }';
    expect(of(all)).toMatchObject({
      health: { path: '/', intervalMs: 1_000, timeoutMs: 500, unhealthy: 1, healthy: 20, status: 204 },
    });
  });

  it.each([
    ['connect_ms = 0', 'backends.a.connect_ms: 0 is not a whole number from 1 to 30000; leave it out for 2000'],
    ['connect_ms = 30001', 'backends.a.connect_ms'],
    ['first_byte_ms = 300001', 'backends.a.first_byte_ms'],
    ['first_byte_ms = "1s"', 'backends.a.first_byte_ms'],
    ['between_bytes_ms = 0.5', 'backends.a.between_bytes_ms'],
    ['connections = 0', 'backends.a.connections'],
    ['connections = 1025', 'backends.a.connections: 1025 is not a whole number from 1 to 1024; leave it out for 1024'],
    ['health = {}', 'backends.a.health.path: is missing; e.g. path = "/healthz"'],
    ['health = "/healthz"', 'backends.a.health: "/healthz" is not a table; e.g. health = { path = "/healthz" }'],
    ['health = { path = "healthz" }', 'backends.a.health.path'],
    ['health = { path = "http://evil/" }', 'backends.a.health.path'],
    ['health = { path = "/a b" }', 'backends.a.health.path'],
    ['health = { path = "/\\r\\nX: 1" }', 'backends.a.health.path'],
    ['health = { path = "/", interval_s = 0 }', 'backends.a.health.interval_s'],
    ['health = { path = "/", interval_s = 301 }', 'backends.a.health.interval_s'],
    ['health = { path = "/", timeout_ms = 10001 }', 'backends.a.health.timeout_ms'],
    ['health = { path = "/", unhealthy = 0 }', 'backends.a.health.unhealthy'],
    ['health = { path = "/", healthy = 21 }', 'backends.a.health.healthy'],
    ['health = { path = "/", status = 101 }', 'backends.a.health.status'],
    [
      'health = { path = "/", interval = 1 }',
      'backends.a.health.interval: is an unknown key; did you mean interval_s?',
    ],
  ])('cannot have %s', (line, fault) => {
    expect(faultsWith(`[backends.a]\nurl = "http://x"\n${line}`)).toEqual([expect.stringContaining(fault)]);
  });

  it('show other spellings of an address as what they are', () => {
    expect(manifestWith('[backends.a]\nurl = "http://2130706433/"').backends[0]?.url).toBe('http://127.0.0.1/');
  });

  it('are limited in number', () => {
    const many = Array.from({ length: 65 }, (_, index) => `[backends.b${index}]\nurl = "http://x"`);
    expect(faultsWith(many.join('\n'))).toEqual([expect.stringContaining('more than 64 entries')]);
  });
});

describe('env', () => {
  it('holds text without NUL, under names without = and NUL', () => {
    expect(faultsWith('[env]\nA = 1')).toEqual([
      expect.stringContaining('env.A: 1 is not text without NUL; put it in quotes'),
    ]);
    expect(faultsWith('[env]\nA = "\\u0000"')).toHaveLength(1);
    for (const name of ['"A=B"', '"A\\u0000"', '""']) {
      expect(faultsWith(`[env]\n${name} = "x"`)).toEqual([
        expect.stringContaining('this key is not a name without "="'),
      ]);
    }
  });

  it('is limited in number and size', () => {
    expect(faultsWith(`[env]\n${Array.from({ length: 101 }, (_, i) => `A${i} = ""`).join('\n')}`)).toHaveLength(1);
    expect(faultsWith(`[env]\nA = "${'x'.repeat(33_000)}"`)).toEqual([
      expect.stringContaining('holds more than 32768 characters'),
    ]);
  });
});

describe('stores', () => {
  it('tell an empty config store from none', () => {
    expect(manifestWith('[stores]\nconfig = {}').stores.config).toEqual([]);
    expect(manifestWith('[stores]').stores.config).toBeNull();
  });

  it('are granted by plain and distinct names', () => {
    expect(faultsWith('[stores]\nkv = ["a", "a"]')).toEqual([
      expect.stringContaining('stores.kv[1]: "a" is listed twice'),
    ]);
    expect(faultsWith('[stores]\nsecrets = ["../x"]')).toEqual([expect.stringContaining('stores.secrets[0]: ')]);
    expect(faultsWith('[stores]\nkv = "a"')).toEqual([
      expect.stringContaining('stores.kv: "a" is not a list of names'),
    ]);
    expect(faultsWith('[stores.config]\na = { b = 1 }')).toEqual([
      expect.stringContaining('stores.config.a: a table is not text'),
    ]);
  });
});
