import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readUpload, type UploadSource } from '../../../src/control/upload-read.ts';
import { parseManifest } from '../../../src/control/manifest.ts';
import { KerbError, type KerbErrorCode } from '../../../src/errors.ts';
import { URI_GUEST } from '../../guests.ts';
import { gzipped, longName, numbers, paxEntry, paxRecord, tarOf, withChecksum } from './tar-bytes.ts';

const BLOCK = 512;
const CODES: ReadonlySet<KerbErrorCode> = new Set(['bad_request', 'bad_manifest', 'bad_module', 'too_large']);
const MANIFEST = 'name = "hello"\nmain = "a.wasm"\nconfig = { file = "conf" }\n[files]\n"/c" = "content"\n';

const SEEDS = [
  tarOf(
    paxEntry([paxRecord('comment', 'x')], 'g'),
    { name: 'hello/', type: '5' },
    { name: 'hello/kerb.toml', content: MANIFEST },
    { name: 'hello/a.wasm', content: URI_GUEST },
    paxEntry([paxRecord('path', 'hello/conf'), paxRecord('mtime', '1.25')]),
    { name: 'x', content: 'text' },
    longName('hello/content/a.txt'),
    { name: 'y', content: 'b', magic: 'ustar  \0' },
  ),
  tarOf(
    { name: 'p/fastly.toml', content: '[setup.backends.a]\naddress = "b"\n[local_server]\n' },
    { name: 'p/bin/main.wasm', content: URI_GUEST },
  ),
];

/** A tar with a few bytes changed; every other time the checksums are made right again, so that the change gets further. */
function mutated(seed: number): Buffer {
  const next = numbers(seed);
  const bytes = Buffer.from(SEEDS[seed % SEEDS.length] ?? '');
  for (let round = next(6); round >= 0; round--) {
    const block = next(bytes.length / BLOCK) * BLOCK;
    const at = block + next(seed % 3 === 0 ? 160 : BLOCK);
    bytes[at] = [0, 0x2f, 0x2e, 0x30 + next(10), 0x20, next(256)][next(6)] ?? 0;
  }
  if (seed % 2 === 0) {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      if (bytes.toString('latin1', at + 257, at + 262) === 'ustar') withChecksum(bytes.subarray(at, at + BLOCK));
    }
  }
  return seed % 5 === 0 ? bytes.subarray(0, next(bytes.length)) : bytes;
}

/** `sound` or `refused`; an upload that is read into something unsound, and any error that is not promised, throws. */
async function verdict(
  kind: 'module' | 'archive',
  bytes: Uint8Array<ArrayBuffer>,
  seed: number,
): Promise<'sound' | 'refused'> {
  try {
    const upload = { kind, bytes, manifest: null, signature: null };
    const source = await readUpload(upload, { name: 'hello', maxModuleBytes: 100_000, ceilings: {} });
    if (!isSound(source)) throw new Error('unsound');
    return 'sound';
  } catch (error) {
    if (error instanceof KerbError && CODES.has(error.code) && isReadable(error)) return 'refused';
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

function isSound({ manifest, manifestText, files, module }: UploadSource): boolean {
  const again = parseManifest(manifestText, 'kerb.toml');
  return (
    JSON.stringify(again) === JSON.stringify(manifest) &&
    manifest.name === 'hello' &&
    module.buffer.byteLength === module.length &&
    [...files.keys()].every((path) => /^[^\p{Cc}\\]+$/u.test(path) && resolve('/base', path) === `/base/${path}`)
  );
}

function isReadable(error: KerbError): boolean {
  return error
    .explain()
    .split('\n')
    .every((line) => /^[^\p{C}]{1,205}$/u.test(line));
}

describe('any upload', () => {
  it('that is a changed archive is sound or refused, with nothing but promised errors', async () => {
    const seen = { sound: 0, refused: 0 };
    for (let seed = 1; seed <= 2_000; seed++) seen[await verdict('archive', gzipped(mutated(seed)), seed)]++;
    expect(seen.sound).toBeGreaterThan(150);
    expect(seen.refused).toBeGreaterThan(1_000);
  });

  it('that is a changed gzip stream is sound or refused', async () => {
    const whole = gzipped(SEEDS[0] ?? Buffer.alloc(0));
    const seen = { sound: 0, refused: 0 };
    for (let seed = 1; seed <= 1_000; seed++) {
      const next = numbers(seed);
      const bytes = whole.slice(0, seed % 4 === 0 ? next(whole.length) : whole.length);
      for (let round = next(3); round >= 0; round--) bytes[next(bytes.length)] = next(256);
      seen[await verdict('archive', bytes, seed)]++;
    }
    expect(seen.refused).toBeGreaterThan(500);
  });

  it('of random bytes is refused, as a module and as an archive', async () => {
    const verdicts = new Set<string>();
    for (let seed = 1; seed <= 500; seed++) {
      const next = numbers(seed);
      const bytes = Uint8Array.from({ length: next(2_000) }, () => next(256));
      verdicts.add(await verdict('module', bytes, seed));
      verdicts.add(await verdict('archive', bytes, seed));
      verdicts.add(await verdict('archive', gzipped(bytes), seed));
    }
    expect([...verdicts]).toEqual(['refused']);
  });
});
