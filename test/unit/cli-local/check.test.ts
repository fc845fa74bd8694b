/** `kerb check`: the same admission as a server's, told in full. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assemble } from '../../wat.ts';
import { kerb, type Outcome } from './terminal.ts';

/** What a guest must have, with `fields` of its own. */
const guest = (fields = ''): Uint8Array =>
  assemble(`(module ${fields} (memory (export "memory") 2 8) (func (export "handle_request") (result i64) (i64.const 0))
    (func (export "handle_response") (param i32 i32)))`);

let cwd = '';
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'kerb-check-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

async function checked(manifest: string, module: Uint8Array | string, ...flags: string[]): Promise<Outcome> {
  await writeFile(join(cwd, 'kerb.toml'), `name = "shop"\nmain = "shop.wasm"\n${manifest}`);
  await writeFile(join(cwd, 'shop.wasm'), module);
  return kerb(cwd, 'check', '.', ...flags);
}

describe('an app that Kerb runs', () => {
  it('is accepted, with everything that it imports, exports, may use and may reach', async () => {
    const manifest =
      'origin = "site"\n[limits]\ncpu_ms = 20\n[backends.site]\nurl = "http://127.0.0.1:9000"\n[env]\nMODE = "s3cret"';
    const fields = '(import "http_handler" "log" (func (param i32 i32 i32)))';
    const { code, stdout, stderr } = await checked(manifest, guest(fields));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\.: Kerb runs it \(http-wasm\)\n/);
    expect(stdout).toMatch(/module +\d+ bytes -> \d+ bytes rewritten, 2 functions, sha-256 [0-9a-f]{12}\n/);
    expect(stdout).toContain('memory       128 KiB at first, at most 512 KiB\n');
    expect(stdout).toContain('http_handler.log  served\n');
    expect(stdout).toContain('serves       shop.localhost/\n');
    expect(stdout).toMatch(/limits .*\bcpu_ms 20\b/);
    expect(stdout).toContain('grants       backend site http://127.0.0.1:9000, env MODE\n');
    expect(stdout).not.toContain('s3cret');
  });

  it('is told every capability that lies beyond it', async () => {
    const manifest =
      'geo = true\n[stores]\ncache = true\n[backends.b]\nurl = "http://b.example"\nhealth = { path = "/up" }\n' +
      '[jwt.j]\nissuer = "i"\naudience = "a"\nsign = { secret = "KEY" }';
    const { stdout } = await checked(manifest, guest());
    const grants = /grants +(.*)\n/.exec(stdout)?.[1]?.split(', ');
    expect(grants).toEqual([
      'backend b http://b.example',
      'cache',
      'geo',
      'health b /up',
      'jwt j i',
      'sign j KEY',
      'sign j aud a ttl_s 300',
    ]);
  });

  it('as JSON is one object, without texts of the manifest that may be secret', async () => {
    const { code, stdout } = await checked('config = "s3cret"\n[env]\nMODE = "s3cret"', guest(), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: true,
      name: 'shop',
      abi: 'http-wasm',
      hosts: ['shop.localhost'],
      module: { functions: 2, imports: [], memory: { initialPages: 2, maximumPages: 8 } },
      report: { tenant: 'shop', abi: 'http-wasm', isolation: { wanted: 'request' } },
      refusals: [],
    });
    expect(JSON.parse(stdout)).toHaveProperty('capabilities', expect.arrayContaining(['env MODE', 'cpu_ms 50']));
    expect(stdout).not.toContain('s3cret');
  });

  it('may be a bare module, with the defaults of a manifest', async () => {
    await writeFile(join(cwd, 'My Shop.wasm'), guest());
    const { code, stdout } = await kerb(cwd, 'check', 'My Shop.wasm');
    expect([code, stdout]).toEqual([0, expect.stringContaining('my-shop.localhost/')]);
  });

  it('is warned of functions of WASI that link and always fail', async () => {
    const accept = '(import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32 i32) (result i32)))';
    const { code, stdout } = await checked('', guest(accept));
    expect(code).toBe(0);
    expect(stdout).toContain('sock_accept  links, and always fails with notsock: guests have no sockets');
    expect(stdout).toContain('1 that always fail\n');
  });
});

describe('an app that is refused', () => {
  it('ends with 1 and every import that is at fault, apart from those that are not', async () => {
    const imports = `(import "http_handler" "log" (func (param i32 i32 i32)))
      (import "http_handler" "lgo" (func (param i32 i32 i32)))
      (import "http_handler" "get_uri" (func (param i64) (result i32)))`;
    const { code, stdout } = await checked('', guest(imports), '--json');
    const report = JSON.parse(stdout) as { module: { imports: unknown[] }; refusals: { details: string[] }[] };
    expect(code).toBe(1);
    expect(report).toMatchObject({ accepted: false, abi: 'http-wasm', report: null });
    expect(report.module.imports).toMatchObject([
      { name: 'log', state: 'served' },
      { name: 'lgo', state: 'unsupported' },
      { name: 'get_uri', state: 'mismatched', note: 'ii->i' },
    ]);
    expect(report.refusals.flatMap(({ details }) => details).join('\n')).toMatch(/"lgo" is not offered/);
  });

  it('hears every fault of its manifest at once', async () => {
    const { code, stdout } = await checked('[limits]\ncpu_ms = 0\nmemory = 3\n', guest());
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\.: refused\n/);
    expect(stdout).toMatch(
      /kerb\.toml:4: limits\.cpu_ms: 0 is not .*\n.*kerb\.toml:5: limits\.memory: is an unknown key/,
    );
  });

  it('hears how much memory it would need', async () => {
    const { code, stdout } = await checked('[limits]\nmemory_mb = 1\n', guest());
    expect([code, stdout]).toEqual([0, expect.stringContaining('at most 512 KiB')]);
    const large = assemble(
      '(module (memory 40) (func (export "handle_request") (result i64) (i64.const 0)) (func (export "handle_response") (param i32 i32)))',
    );
    const refused = await checked('[limits]\nmemory_mb = 1\n', large);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('raise limits.memory_mb to 3');
  });

  it.each([
    ['bytes that are no module', '<html>', /refused: .*/],
    ['an empty file', '', /refused: .*/],
    ['a module that exports nothing', assemble('(module)'), /refused: the module speaks no ABI that Kerb knows/],
  ])('may be %s', async (_, module, said) => {
    const { code, stdout } = await checked('', module);
    expect([code, stdout]).toEqual([1, expect.stringMatching(said)]);
  });

  it('cannot write to the terminal by the names of its imports', async () => {
    const { stdout } = await checked('', guest('(import "\\1b[2J" "\\0a\\e2\\80\\ae" (func))'));
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('\u202e');
  });

  it('may be one whose module is not there', async () => {
    await writeFile(join(cwd, 'kerb.toml'), 'name = "shop"\nmain = "shop.wasm"\n');
    const { code, stdout } = await kerb(cwd, 'check', '.');
    expect([code, stdout]).toEqual([1, expect.stringContaining('shop.wasm is not there')]);
  });
});

describe('a path', () => {
  it.each([
    ['that is not there', 'nowhere', /is not there; name a folder or a \.wasm file/],
    ['without a manifest', '.', /has no kerb\.toml; kerb init makes one/],
  ])('%s is the fault of the command line', async (_, path, said) => {
    const { code, stdout, stderr } = await kerb(cwd, 'check', path);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(said)]);
  });
});
