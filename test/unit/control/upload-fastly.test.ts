import { describe, expect, it } from 'vitest';
import { fastlyManifest, type FastlyManifest } from '../../../src/control/upload-fastly.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';
import { KerbError } from '../../../src/errors.ts';

function made(text: string): FastlyManifest {
  return fastlyManifest(text, { file: 'pkg/fastly.toml', tenant: 'hello', ceilings: {} });
}

function manifestOf(text: string): Manifest {
  return parseManifest(made(text).text, 'kerb.toml');
}

function refusal(text: string): KerbError {
  try {
    made(text);
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('a fastly.toml', () => {
  it('may be empty', () => {
    expect(manifestOf('')).toMatchObject({ name: 'hello', main: 'bin/main.wasm', abi: 'fastly', backends: [] });
  });

  it.each([
    ['address = "example.com"', 'https://example.com/'],
    ['address = "example.com"\nport = 443', 'https://example.com/'],
    ['address = "example.com"\nport = 80', 'http://example.com/'],
    ['address = "example.com"\nport = 8443', 'https://example.com:8443/'],
    ['address = "192.0.2.1"\nport = 80', 'http://192.0.2.1/'],
    ['address = "2001:db8::1"', 'https://[2001:db8::1]/'],
  ])('has a backend with %j', (lines, url) => {
    expect(manifestOf(`[setup.backends."my.site"]\n${lines}`).backends).toEqual([{ name: 'my.site', url }]);
  });

  it.each([
    'address = "example.com/path"',
    'address = "user@example.com"',
    'address = "example.com#"',
    'address = "a b"',
    'address = ""',
    'address = 7',
    'address = "example.com"\nport = 0',
    'address = "example.com"\nport = 65536',
    'address = "example.com"\nport = "443"',
    'address = "example.com"\nport = 1.5',
  ])('with %j for a backend is refused', (lines) => {
    const error = refusal(`[setup.backends.site]\n${lines}`);
    expect([error.code, error.details]).toEqual([
      'bad_manifest',
      [expect.stringMatching(/^pkg\/fastly.toml:1: setup.backends.site: has no address/)],
    ]);
  });

  it('grants stores and secrets by name, each once', () => {
    const { stores } = manifestOf(`
      [setup.kv_stores.sessions]
      [setup.object_stores]
      sessions = {}
      old = {}
      [setup.secret_stores.a.entries.API_KEY]
      [setup.secret_stores.b.entries]
      API_KEY = {}
      OTHER = { description = "x" }
    `);
    expect(stores).toMatchObject({ kv: ['sessions', 'old'], config: null, secrets: ['API_KEY', 'OTHER'] });
  });

  it('has every name that is not taken in one refusal', () => {
    const error = refusal(
      '[setup.backends."a b"]\naddress = "x"\n[setup.kv_stores."-"]\n[setup.secret_stores.x.entries."é"]',
    );
    expect(error.details).toHaveLength(3);
    expect(error.details[0]).toMatch(
      /^pkg\/fastly.toml:1: setup.backends."a b": is a name that Kerb does not take; use/,
    );
  });

  it('takes the names that a manifest takes', () => {
    for (const name of ['a', 'A.b_c-9', 'x'.repeat(63)]) {
      expect(manifestOf(`[setup.kv_stores."${name}"]`).stores.kv).toEqual([name]);
    }
    for (const name of ['', '.a', '_a', 'x'.repeat(64)])
      expect(refusal(`[setup.kv_stores."${name}"]`).details).toHaveLength(1);
  });

  it('says what of it is left out, and why', () => {
    const { notes } = made(`
      manifest_version = 3
      name = "x"
      description = ""
      authors = ["a"]
      language = "rust"
      cloned_from = "https://example.com"
      service_id = "a"
      "\\u001b[2J" = 1
      [scripts]
      build = "make"
      [local_server]
      [setup.backends.later]
      [setup.config_stores.theme]
      [setup.log_endpoints.a]
      [setup.new_thing]
    `);
    expect(notes).toEqual([
      expect.stringMatching(/^service_id is ignored: the upload itself/),
      '"\\u{1b}[2J" is ignored: Kerb does not know it',
      expect.stringMatching(/^local_server is ignored: it describes/),
      'setup.config_stores is ignored: set their items through the control plane',
      expect.stringMatching(/^setup.log_endpoints is ignored/),
      'setup.new_thing is ignored: Kerb does not know it',
      'setup.backends.later is ignored: it has no address',
    ]);
  });

  it('has no more notes than a person reads', () => {
    const { notes } = made(Array.from({ length: 1_000 }, (_, at) => `k${at} = 1`).join('\n'));
    expect([notes.length, notes.at(-1)]).toEqual([51, 'and 950 more notes']);
  });

  it.each([
    ['that is not TOML', '=', /fastly.toml:1: is not TOML/],
    ['with a name that acts on prototypes', '[setup.backends.__proto__]\naddress = "x"', /reserved name/],
    ['with tables that are none', 'setup = 1\n[x', /not TOML/],
  ])('%s is refused', (_, text, said) => {
    expect(refusal(text).explain()).toMatch(said);
  });

  it('with other things in place of tables has nothing', () => {
    expect(manifestOf('setup = 1').backends).toEqual([]);
    expect(manifestOf('[setup]\nbackends = [1]\nkv_stores = "a"').stores.kv).toEqual([]);
  });
});
