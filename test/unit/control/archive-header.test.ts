import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, readHeader } from '../../../src/control/archive-header.ts';
import { KerbError } from '../../../src/errors.ts';
import { tarEntry, withChecksum, type TarEntry } from './tar-bytes.ts';

function header(entry: TarEntry): Buffer {
  return tarEntry(entry).subarray(0, BLOCK_BYTES);
}

describe('a header', () => {
  it.each([
    ['0', 'file'],
    ['\0', 'file'],
    ['5', 'folder'],
    ['x', 'attributes'],
    ['g', 'global attributes'],
    ['L', 'long name'],
  ] as const)('of type %j is of a %s', (type, kind) => {
    expect(readHeader(header({ name: 'a', type }))).toEqual({ kind, name: Buffer.from('a'), size: 0 });
  });

  it('has a size in octal', () => {
    expect(readHeader(header({ name: 'a', size: '00000000017' })).size).toBe(15);
    expect(readHeader(header({ name: 'a', size: '777777777777' })).size).toBe(8 ** 12 - 1);
    expect(readHeader(header({ name: 'a', size: '' })).size).toBe(0);
  });

  it('has the whole of a name that fills its field, and of its prefix', () => {
    const [name, prefix] = ['n'.repeat(100), 'p'.repeat(155)];
    expect(Buffer.from(readHeader(header({ name, prefix })).name).toString()).toBe(`${prefix}/${name}`);
  });

  it('has no prefix in the format of GNU, which keeps times there', () => {
    const entry = { name: 'a', prefix: '14000000000', magic: 'ustar  \0' };
    expect(Buffer.from(readHeader(header(entry)).name).toString()).toBe('a');
  });

  it('is refused with any other type', () => {
    const known = new Set(['0', '\0', '5', 'x', 'g', 'L'].map((type) => type.charCodeAt(0)));
    const others = Array.from({ length: 256 }, (_, type) => type).filter((type) => !known.has(type));
    for (const type of others) {
      const block = header({ name: 'a' });
      block[156] = type;
      expect(() => readHeader(withChecksum(block)), `type ${type}`).toThrow(KerbError);
    }
  });

  it('of a folder is refused with a size, and of any kind with one that is no number', () => {
    expect(() => readHeader(header({ name: 'a', type: '5', size: '1' }))).toThrow(/folder with content/);
    for (const size of ['8', '-1', '0x1', '1 1', '1\u00001', '\u00ff', ' \u00001']) {
      expect(() => readHeader(header({ name: 'a', size })), `size ${JSON.stringify(size)}`).toThrow(/no octal number/);
    }
  });

  it('is refused with any changed byte', () => {
    const block = header({ name: 'name', prefix: 'prefix' });
    for (let at = 0; at < BLOCK_BYTES; at++) {
      if (at >= 148 && at < 156) continue;
      const changed = Buffer.from(block);
      changed[at] = (block[at] ?? 0) ^ 0x10;
      expect(() => readHeader(changed), `byte ${at}`).toThrow(/checksum/);
    }
  });
});
