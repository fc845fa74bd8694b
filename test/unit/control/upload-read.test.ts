import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readUpload, type UploadSource, type UploadTerms } from '../../../src/control/upload-read.ts';
import type { Upload } from '../../../src/control/plane.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { KerbError } from '../../../src/errors.ts';
import { URI_GUEST } from '../../guests.ts';
import { tarGz, type TarEntry } from './tar-bytes.ts';

const MANIFEST = 'name = "hello"\nmain = "handler.wasm"\n';
const MODULE: TarEntry = { name: 'handler.wasm', content: URI_GUEST };

function bare(bytes: Uint8Array<ArrayBuffer>, manifest: string | null = null): Upload {
  return { kind: 'module', bytes, manifest, signature: null };
}

function archive(...entries: readonly TarEntry[]): Upload {
  return { kind: 'archive', bytes: tarGz(...entries), manifest: null, signature: null };
}

async function read(upload: Upload, terms: Partial<UploadTerms> = {}): Promise<UploadSource> {
  return readUpload(upload, { name: 'hello', maxModuleBytes: 1_000_000, ceilings: {}, ...terms });
}

async function refusal(upload: Upload, terms: Partial<UploadTerms> = {}): Promise<KerbError> {
  const error: unknown = await read(upload, terms).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof KerbError) return error;
  throw new Error('not refused, or with another error', { cause: error });
}

describe('a bare module', () => {
  it('gets a manifest of defaults', async () => {
    const source = await read(bare(URI_GUEST));
    expect(source.manifestText).toBe(MANIFEST);
    expect(source.manifest).toEqual(parseManifest(MANIFEST, 'kerb.toml'));
    expect(source.module).toEqual(URI_GUEST);
    expect(source.digest).toBe(createHash('sha256').update(URI_GUEST).digest('hex'));
    expect([source.config.length, source.files.size, source.notes]).toEqual([0, 0, []]);
  });

  it('brings a manifest, with a configuration in it', async () => {
    const text = `${MANIFEST}config = "dark"\n`;
    const source = await read(bare(URI_GUEST, text));
    expect([source.manifestText, Buffer.from(source.config).toString()]).toEqual([text, 'dark']);
  });

  it('is in a buffer of its own, also when it came in a larger one', async () => {
    const larger = new Uint8Array(URI_GUEST.length + 100);
    larger.set(URI_GUEST, 50);
    const { module } = await read(bare(larger.subarray(50, 50 + URI_GUEST.length)));
    expect(module.buffer.byteLength).toBe(URI_GUEST.length);
    expect(module).toEqual(URI_GUEST);
  });

  it('does not ask for more than the tenant may have when it asks for nothing', async () => {
    const ceilings = { memory_mb: 16, cpu_ms_per_second: 500, wall_ms: 60_000 };
    const { limits } = (await read(bare(URI_GUEST), { ceilings })).manifest;
    expect(limits).toMatchObject({ memoryBytes: 16 * 2 ** 20, cpuMsPerSecond: 500, wallMs: 30_000 });
  });

  it('may be for any tenant when none is named', async () => {
    expect((await read(bare(URI_GUEST), { name: null })).manifest.name).toBe('app');
    expect((await read(bare(URI_GUEST, MANIFEST), { name: null })).manifest.name).toBe('hello');
  });

  it.each([
    ['the manifest of another tenant', 'name = "other"\nmain = "x"', /"other" is not "hello"; correct the name/],
    ['a configuration in a file', `${MANIFEST}config = { file = "a.json" }`, /"a.json" cannot come with a bare module/],
    ['folders', `${MANIFEST}[files]\n"/c" = "content"`, /"content" cannot come with a bare module/],
    ['an unknown key', `${MANIFEST}nam = 1`, /kerb.toml:3: nam: is an unknown key; did you mean name/],
    ['a text that is not TOML', '{', /kerb.toml:1/],
  ])('with %s is refused', async (_, manifest, said) => {
    const error = await refusal(bare(URI_GUEST, manifest));
    expect([error.code, error.details.join('\n')]).toEqual(['bad_manifest', expect.stringMatching(said)]);
  });

  it('that is too large is refused, whatever the caller allows', async () => {
    expect((await refusal(bare(URI_GUEST), { maxModuleBytes: 10 })).message).toMatch(/10 are taken; strip/);
    const error = await refusal(bare(new Uint8Array(32 * 2 ** 20 + 1)), { maxModuleBytes: Infinity });
    expect([error.code, error.message]).toEqual(['too_large', expect.stringMatching('33554432 are taken')]);
  });

  it('that is something else is refused with what it is', async () => {
    const error = await refusal(bare(tarGz(MODULE)));
    expect([error.code, error.message]).toEqual([
      'bad_module',
      'the upload is no WebAssembly module: it is a gzip archive; send it as application/gzip',
    ]);
  });
});

describe('a folder', () => {
  const text = [
    MANIFEST,
    'config = { file = "conf/a.json" }',
    '[files]\n"/content" = "./content"\n"/more" = "data/more"\n',
  ].join('\n');
  const entries = (base: string): TarEntry[] => [
    { name: `${base}kerb.toml`, content: text },
    { ...MODULE, name: `${base}handler.wasm` },
    { name: `${base}conf/a.json`, content: '{}' },
    { name: `${base}content/index.html`, content: '<p>' },
    { name: `${base}content/deep/b.txt`, content: 'b' },
    { name: `${base}contents/secret.txt`, content: 'no' },
    { name: `${base}data/more`, type: '5' },
    { name: `${base}.env`, content: 'SECRET=1' },
  ];

  it.each([
    ['at the root', ''],
    ['in one top folder', 'hello/'],
    ['behind ./', './'],
    ['in a top folder behind ./', './hello/'],
  ])('%s is read with the files that its manifest names, and no others', async (_, base) => {
    const source = await read(archive(...entries(base)));
    expect(source.manifestText).toBe(text);
    expect(source.module).toEqual(URI_GUEST);
    expect(Buffer.from(source.config).toString()).toBe('{}');
    expect([...source.files.keys()].sort()).toEqual(['conf/a.json', 'content/deep/b.txt', 'content/index.html']);
    expect(source.digest).toBe(createHash('sha256').update(URI_GUEST).digest('hex'));
  });

  it('may have another folder beside it', async () => {
    const source = await read(archive(...entries('hello/'), { name: '._hello', content: 'x' }, { name: 'other/x' }));
    expect(source.manifest.name).toBe('hello');
  });

  it('has every file that is missing in one refusal, and what is there', async () => {
    const error = await refusal(archive({ name: 'kerb.toml', content: text }, { name: 'b.wasm', content: 'x' }));
    expect(error.code).toBe('bad_manifest');
    expect(error.details).toEqual([
      'main: "handler.wasm" is not in the archive; pack it too or correct the key: it has "b.wasm"',
      expect.stringMatching(/^config: "conf\/a.json" is not in the archive/),
      'files: "content" is no folder of the archive; pack it too or remove the entry',
      'files: "data/more" is no folder of the archive; pack it too or remove the entry',
    ]);
  });

  it.each([
    ['without a manifest', [MODULE], /no kerb.toml and no fastly.toml.*\n.*"handler.wasm"/],
    ['with its manifest too deep', [{ name: 'a/b/kerb.toml', content: MANIFEST }], /no kerb.toml/],
    ['with nothing', [], /it has no file/],
    ['of two apps', ['a', 'b'].map((app) => ({ name: `${app}/kerb.toml`, content: MANIFEST })), /has 2 apps/],
    [
      'of another tenant',
      [{ name: 'kerb.toml', content: 'name = "x"\nmain = "handler.wasm"' }, MODULE],
      /"x" is not "hello"/,
    ],
    ['without a name', [{ name: 'kerb.toml', content: 'main = "handler.wasm"' }, MODULE], /name: is missing/],
    ['with a manifest in another encoding', [{ name: 'kerb.toml', content: Uint8Array.of(0xff) }], /not UTF-8/],
  ] satisfies [string, TarEntry[], RegExp][])('%s is refused', async (_, parts, said) => {
    const error = await refusal(archive(...parts));
    expect([error.code, error.explain()]).toEqual(['bad_manifest', expect.stringMatching(said)]);
  });

  it('with something else for a module is refused with what it is', async () => {
    const parts = [
      { name: 'kerb.toml', content: MANIFEST },
      { ...MODULE, content: '(module)' },
    ];
    const error = await refusal(archive(...parts));
    expect([error.code, error.message]).toEqual([
      'bad_module',
      expect.stringMatching(/main "handler.wasm".*assemble it/),
    ]);
  });

  it('with a configuration that is too large is refused', async () => {
    const large = { name: 'conf/a.json', content: Buffer.alloc(2 ** 20 + 1) };
    expect((await refusal(archive(...entries('').filter(({ name }) => name !== large.name), large))).code).toBe(
      'too_large',
    );
  });

  it('cannot have a second manifest beside it', async () => {
    const error = await refusal({ ...archive(...entries('')), manifest: MANIFEST });
    expect([error.code, error.message]).toEqual(['bad_request', expect.stringMatching(/brings its own manifest/)]);
  });

  it('that is no archive is refused with what it is', async () => {
    const error = await refusal({ ...archive(), bytes: URI_GUEST });
    expect([error.code, error.message]).toEqual([
      'bad_request',
      'the archive is no gzip: it is a WebAssembly module; send it as application/wasm',
    ]);
  });

  it.each([
    ['a manifest that is not TOML', { name: 'a\u202e/kerb.toml', content: '[' }],
    ['files that are missing', { name: 'a\u202e/kerb.toml', content: MANIFEST }],
    ['a package without its module', { name: 'a\u202e/fastly.toml', content: '' }],
    ['a manifest in another encoding', { name: 'a\u202e/kerb.toml', content: Uint8Array.of(0xff) }],
    ['no manifest', { name: 'a\u202e\u2028.txt' }],
    ['an escape sequence', { name: '\u001b[2J/kerb.toml' }],
  ] satisfies [string, TarEntry][])('with %s shows nothing that acts on a terminal', async (_, entry) => {
    const lines = (await refusal(archive(entry))).explain().split('\n');
    expect(lines).toEqual(lines.filter((line) => /^[^\p{C}\p{Zl}]{10,210}$/u.test(line)));
    expect(lines.join()).toMatch(/\\u\{(?:202e|1b)\}/);
  });
});

describe('a Fastly package', () => {
  const toml = `manifest_version = 3
name = "My Package"
language = "rust"
service_id = "abc"
[local_server.backends.origin]
url = "http://localhost:1"
[setup.backends.origin]
address = "example.com"
`;
  const parts: TarEntry[] = [
    { name: 'my-package/fastly.toml', content: toml },
    { name: 'my-package/bin/main.wasm', content: URI_GUEST },
    { name: 'my-package/src/main.rs', content: 'fn main() {}' },
  ];

  it('becomes an app with the name of the tenant', async () => {
    const { manifest, manifestText, module, notes, files } = await read(archive(...parts));
    expect(manifest).toMatchObject({ name: 'hello', main: 'bin/main.wasm', abi: 'fastly', hosts: ['hello.localhost'] });
    expect(manifest.backends).toEqual([{ name: 'origin', url: 'https://example.com/' }]);
    expect(parseManifest(manifestText, 'kerb.toml')).toEqual(manifest);
    expect([module, files.size]).toEqual([URI_GUEST, 0]);
    expect(notes).toEqual([
      expect.stringMatching(/^service_id is ignored/),
      expect.stringMatching(/^local_server is ignored/),
    ]);
  });

  it('is read by a kerb.toml when it has one', async () => {
    const own = { name: 'my-package/kerb.toml', content: 'name = "hello"\nmain = "bin/main.wasm"' };
    const { manifest, notes } = await read(archive(...parts, own));
    expect([manifest.abi, manifest.backends, notes]).toEqual(['auto', [], []]);
  });

  it('without its module is refused', async () => {
    const error = await refusal(archive(...parts.slice(0, 1)));
    expect([error.code, error.details]).toEqual([
      'bad_manifest',
      [expect.stringMatching(/"bin\/main.wasm" is not in/)],
    ]);
  });

  it('keeps to the ceilings of the tenant', async () => {
    const { manifest } = await read(archive(...parts), { ceilings: { cpu_ms: 20 } });
    expect(manifest.limits.cpuMs).toBe(20);
  });
});
