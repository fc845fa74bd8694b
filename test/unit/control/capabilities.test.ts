import { describe, expect, it } from 'vitest';
import { capabilitiesOf, capabilityDiff, refuseWider, type ImportName } from '../../../src/control/capabilities.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { KerbError } from '../../../src/errors.ts';

const START = 'name = "hello"\nmain = "a.wasm"\n';

function linesOf(text: string, imports: readonly ImportName[] = []): string[] {
  return capabilitiesOf(parseManifest(START + text, 'kerb.toml'), imports);
}

/** What a manifest adds to one of defaults. */
function addedBy(text: string): readonly string[] {
  return capabilityDiff(linesOf(''), linesOf(text)).added;
}

const FULL = `
hosts = ["www.example.com", "*.example.com", "[::1]"]
path = "/api"
[limits]
cpu_ms_per_second = 500
[backends.site]
url = "http://127.0.0.1:9000"
[backends.api]
url = "https://example.com/base"
[env]
MODE = "demo"
"a b" = ""
[files]
"/content" = "./content"
[stores]
kv = ["sessions"]
config = { theme = "dark" }
secrets = ["API_KEY"]
`;

describe('the capabilities of a version', () => {
  const signing = (audience: string, ttl: number): string =>
    `[jwt.x]\nissuer = "i"\naudience = "${audience}"\nsign = { secret = "KEY", ttl_s = ${ttl} }`;

  it('name the secret of a key that signs, for whom it signs and for how long', () => {
    expect(addedBy(signing('a', 300))).toEqual(['jwt x i', 'sign x KEY', 'sign x aud a ttl_s 300']);
  });

  it.each([
    ['for another audience', signing('admin', 300), 'sign x aud admin ttl_s 300'],
    ['for longer', signing('a', 86_400), 'sign x aud a ttl_s 86400'],
  ])('are wider when tokens are signed %s', (_, after, line) => {
    expect(capabilityDiff(linesOf(signing('a', 300)), linesOf(after)).added).toEqual([line]);
  });

  it('are sorted lines of what it may do', () => {
    expect(linesOf(FULL, [{ module: 'http_handler', name: 'log' }])).toEqual([
      'backend api https://example.com/base',
      'backend site http://127.0.0.1:9000',
      'cache_mb 32',
      'concurrency 200',
      'config',
      'config theme',
      'cpu_burst_ms 10000',
      'cpu_ms 50',
      'cpu_ms_per_second 500',
      'cpu_weight 100',
      'env "a b"',
      'env MODE',
      'files /content',
      'host *.example.com',
      'host [::1]',
      'host www.example.com',
      'import http_handler.log',
      'kv sessions',
      'memory_mb 128',
      'path /api',
      'request_body_mb 10',
      'scratch_mb 0',
      'secret API_KEY',
      'subrequests 32',
      'wall_ms 30000',
      'websockets 100',
    ]);
  });

  it('name the issuers whose tokens are believed', () => {
    const jwt = (issuer: string): string => `[jwt.main]\nissuer = "${issuer}"\naudience = "a"\njwks = '{"keys":[]}'`;
    expect(linesOf(jwt('https://idp.example'), [])).toContain('jwt main https://idp.example');
    expect(capabilityDiff(linesOf(jwt('a'), []), linesOf(jwt('b'), []))).toEqual({
      added: ['jwt main b'],
      removed: ['jwt main a'],
    });
  });

  it('do not depend on the order in which they are written', () => {
    const one = linesOf('[stores]\nkv = ["a", "b"]', [
      { module: 'm', name: 'x' },
      { module: 'm', name: 'y' },
    ]);
    const other = linesOf('[stores]\nkv = ["b", "a"]', [
      { module: 'm', name: 'y' },
      { module: 'm', name: 'x' },
    ]);
    expect(one).toEqual(other);
  });

  it('do not show values of the environment and of the configuration', () => {
    expect(linesOf('[env]\nA = "hidden"\n[stores]\nconfig = { b = "hidden" }').join()).not.toContain('hidden');
    expect(addedBy('[stores]\nconfig = {}')).toEqual(['config']);
  });

  it('are different lines when they are different, whatever their names', () => {
    const names = [
      'a b',
      'a\nb',
      'a\\u{a}b',
      'a\\nb',
      'a"b',
      'a\\"b',
      'a\u202eb',
      'a\u{a}',
      'x'.repeat(70),
      `${'x'.repeat(70)}y`,
    ];
    const lines = names.flatMap((name) =>
      linesOf('', [{ module: 'env', name }]).filter((line) => line.startsWith('import')),
    );
    expect(new Set(lines).size).toBe(names.length);
    const dotted = [
      { module: 'a.b', name: 'c' },
      { module: 'a', name: 'b.c' },
    ].map((entry) => linesOf('', [entry]).find((line) => line.startsWith('import')));
    expect(dotted).toEqual(['import "a.b".c', 'import a."b.c"']);
  });

  it('are short and safe to print, whatever their names', () => {
    const name = '\u001b[2J\u202e"'.repeat(300);
    const url = `https://example.com/${'x'.repeat(2_000)}`;
    const lines = linesOf(`[env]\n${JSON.stringify(name)} = ""\n[backends.${'b'.repeat(63)}]\nurl = "${url}"`, [
      { module: name, name },
    ]);
    for (const line of lines) expect(line).toMatch(/^[^\p{C}]{1,199}$/u);
    expect(lines.filter((line) => line.includes('sha-256:'))).toHaveLength(3);
  });
});

describe('what a version may do more than another', () => {
  it('is nothing for the first, and for the same again', () => {
    expect(capabilityDiff(null, linesOf(FULL))).toEqual({ added: [], removed: [] });
    expect(capabilityDiff(linesOf(FULL), linesOf(FULL))).toEqual({ added: [], removed: [] });
  });

  it.each([
    ['[backends.site]\nurl = "http://127.0.0.1:9000"', 'backend site http://127.0.0.1:9000'],
    ['[stores]\nkv = ["sessions"]', 'kv sessions'],
    ['[stores]\nsecrets = ["API_KEY"]', 'secret API_KEY'],
    ['[env]\nMODE = "demo"', 'env MODE'],
    ['[files]\n"/content" = "content"', 'files /content'],
    ['[limits]\nmemory_mb = 256', 'memory_mb 128 -> 256'],
    ['[limits]\ncpu_ms = 100', 'cpu_ms 50 -> 100'],
    ['[limits]\ncpu_weight = 1000', 'cpu_weight 100 -> 1000'],
    ['[limits]\nsubrequests = 33', 'subrequests 32 -> 33'],
    ['[limits]\nwebsockets = 101', 'websockets 100 -> 101'],
    ['hosts = ["hello.localhost", "www.example.com"]', 'host www.example.com'],
  ])('is seen with %j, and is taken away the other way round', (text, line) => {
    expect(capabilityDiff(linesOf(''), linesOf(text))).toEqual({ added: [line], removed: [] });
    const { added, removed } = capabilityDiff(linesOf(text), linesOf(''));
    expect([added, removed]).toEqual([[], [line.replace(/(\d+) -> (\d+)$/, '$2 -> $1')]]);
  });

  it('is a check of a backend, and one of another path', () => {
    const site = (rest: string): string[] => linesOf(`[backends.site]\nurl = "http://x"\n${rest}`);
    const checked = site('health = { path = "/up?x" }');
    expect(capabilityDiff(site(''), checked).added).toEqual(['health site /up?x']);
    expect(capabilityDiff(checked, site('health = { path = "/pay" }'))).toEqual({
      added: ['health site /pay'],
      removed: ['health site /up?x'],
    });
    expect(capabilityDiff(checked, site('health = { path = "/up?x", interval_s = 1 }\nconnect_ms = 1')).added).toEqual(
      [],
    );
  });

  it('is an import', () => {
    expect(capabilityDiff(linesOf(''), linesOf('', [{ module: 'http_handler', name: 'log' }])).added).toEqual([
      'import http_handler.log',
    ]);
  });

  it('is another address of a backend', () => {
    const at = (url: string): string[] => linesOf(`[backends.site]\nurl = "${url}"`);
    expect(capabilityDiff(at('https://a.example'), at('https://b.example'))).toEqual({
      added: ['backend site https://b.example'],
      removed: ['backend site https://a.example'],
    });
  });

  it('is a quota that is gone', () => {
    const quota = linesOf('[limits]\ncpu_ms_per_second = 500');
    expect(capabilityDiff(quota, linesOf(''))).toEqual({ added: ['cpu_ms_per_second 500 -> none'], removed: [] });
    expect(capabilityDiff(linesOf(''), quota)).toEqual({ added: [], removed: ['cpu_ms_per_second none -> 500'] });
  });

  it('is a path that is not below the one before', () => {
    const diff = (before: string, after: string): readonly string[] =>
      capabilityDiff(linesOf(`path = "${before}"`), linesOf(`path = "${after}"`)).added;
    expect(diff('/api', '/')).toEqual(['path /api -> /']);
    expect(diff('/api', '/apix')).toEqual(['path /api -> /apix']);
    expect(diff('/api', '/other')).toEqual(['path /api -> /other']);
    expect([diff('/', '/api'), diff('/api', '/api/x')]).toEqual([[], []]);
  });

  it('is not a value of the environment or of the configuration', () => {
    const [one, other] = ['1', '2'].map((value) =>
      linesOf(`[env]\nA = "${value}"\n[stores]\nconfig = { a = "${value}" }`),
    );
    expect(capabilityDiff(one ?? null, other ?? [])).toEqual({ added: [], removed: [] });
  });

  it('is an answer without the guest, and a path that is left out no more', () => {
    const origin = 'origin = "o"\n[backends.o]\nurl = "http://x"\n';
    const rule = (path: string, serve: string): string =>
      `[[on_failure]]\npath = "${path}"\non = ["trap"]\nserve = ${serve}\n`;
    const open = origin + rule('/', '["origin"]');
    const closed = open + rule('/admin', '[]') + rule('/b', '["page"]\npage = "b.html"');
    expect(linesOf(open)).toContain('on_failure trap origin /');
    expect(linesOf(closed)).toContain('on_failure trap origin / but "/admin /b"');
    expect(capabilityDiff(linesOf(closed), linesOf(open)).added).toEqual(['on_failure trap origin /']);
    expect(linesOf(rule('/', '["page"]\npage = "b.html"'))).toEqual(linesOf(''));
    expect(linesOf(`${open}${rule('/b', '["origin", "stale"]')}`)).toEqual(
      expect.arrayContaining(['on_failure trap origin /', 'on_failure trap origin /b', 'on_failure trap stale /b']),
    );
  });

  it('is what a line that cannot be read may hide', () => {
    expect(capabilityDiff(['cpu_ms 50'], ['cpu_ms many']).added).toEqual(['cpu_ms 50 -> many']);
    expect(capabilityDiff([], ['cpu_ms 50']).added).toEqual(['cpu_ms 50']);
  });

  it('is refused with every line of it', () => {
    expect(() => refuseWider({ added: [], removed: ['env A'] })).not.toThrow();
    const wider = { added: ['env A', 'kv b'], removed: [] };
    expect(() => refuseWider(wider)).toThrow(KerbError);
    expect(() => refuseWider(wider)).toThrow(
      expect.objectContaining({ code: 'wider_capabilities', details: wider.added }) as Error,
    );
  });
});
