import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ElfFailure } from '../../../src/setup/elf-file.js';
import { lowerGlibcVersion } from '../../../src/setup/elf-symbols.js';
import { ROOT, placesIn } from '../../../src/setup/places.js';

const LOWERING = { from: 'GLIBC_2.38', to: 'GLIBC_2.2.5', prefix: '__isoc23_' };
const HASH = { 'GLIBC_2.38': 0x0696_91b8, 'GLIBC_2.2.5': 0x0969_1a75 } as const;
const HIDDEN = 0x8000;

interface SymbolSpec {
  readonly name: string;
  readonly version: number;
}

interface ElfSpec {
  readonly symbols?: readonly SymbolSpec[];
  readonly lowVersionLibrary?: string;
}

const HIGH_INDEX = 7;
const LOW_INDEX = 3;
const USUAL_SYMBOLS: readonly SymbolSpec[] = [
  { name: '', version: 0 },
  { name: 'malloc', version: LOW_INDEX },
  { name: '__isoc23_strtol', version: HIGH_INDEX },
  { name: '__isoc23_local', version: 1 },
];

/** Where the parts of the synthetic file are. */
const AT = { header: 0, sections: 64, dynsym: 512, versym: 768, verneed: 1024, names: 1280, end: 1536 } as const;
const SECTION = { null: 0, dynsym: 1, names: 2, versym: 3, verneed: 4, count: 5 } as const;

/** A string table that grows as names are asked for. */
class Names {
  text = '\0';

  offsetOf(name: string): number {
    const known = this.text.indexOf(`\0${name}\0`);
    if (known >= 0) return known + 1;
    const offset = this.text.length;
    this.text += `${name}\0`;
    return offset;
  }
}

/** An ELF64 file with nothing but a header and the four tables that matter. */
function tinyElf({ symbols = USUAL_SYMBOLS, lowVersionLibrary = 'libc.so.6' }: ElfSpec = {}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(AT.end);
  const view = new DataView(bytes.buffer);
  const names = new Names();
  writeHeader(bytes, view);
  symbols.forEach(({ name, version }, index) => {
    view.setUint32(AT.dynsym + index * 24, names.offsetOf(name), true);
    view.setUint16(AT.versym + index * 2, version, true);
  });
  writeNeeds(view, names, lowVersionLibrary);
  bytes.set(Buffer.from(names.text, 'latin1'), AT.names);
  writeSection(view, SECTION.dynsym, { type: 11, offset: AT.dynsym, size: symbols.length * 24, link: SECTION.names });
  writeSection(view, SECTION.names, { type: 3, offset: AT.names, size: names.text.length });
  writeSection(view, SECTION.versym, { type: 0x6fffffff, offset: AT.versym, size: symbols.length * 2 });
  writeSection(view, SECTION.verneed, {
    type: 0x6ffffffe,
    offset: AT.verneed,
    size: 64 + 16,
    link: SECTION.names,
    info: 2,
  });
  return bytes.slice(0, AT.names + names.text.length);
}

function writeHeader(bytes: Uint8Array, view: DataView): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(18, 62, true);
  view.setBigUint64(0x28, BigInt(AT.sections), true);
  view.setUint16(0x3a, 64, true);
  view.setUint16(0x3c, SECTION.count, true);
}

function writeSection(
  view: DataView,
  index: number,
  {
    type,
    offset,
    size,
    link = 0,
    info = 0,
  }: { type: number; offset: number; size: number; link?: number; info?: number },
): void {
  const at = AT.sections + index * 64;
  view.setUint32(at + 4, type, true);
  view.setBigUint64(at + 24, BigInt(offset), true);
  view.setBigUint64(at + 32, BigInt(size), true);
  view.setUint32(at + 40, link, true);
  view.setUint32(at + 44, info, true);
}

/** libc.so.6 asks for the high version, and `lowVersionLibrary` for the low one: one entry each, then their versions. */
function writeNeeds(view: DataView, names: Names, lowVersionLibrary: string): void {
  const together = lowVersionLibrary === 'libc.so.6';
  writeNeed(view, AT.verneed, { count: together ? 2 : 1, library: names.offsetOf('libc.so.6'), first: 32, next: 16 });
  writeNeed(view, AT.verneed + 16, {
    count: 1,
    library: names.offsetOf(together ? 'libm.so.6' : lowVersionLibrary),
    first: 48,
    next: 0,
  });
  writeVersion(view, highAt, { version: 'GLIBC_2.38', index: HIGH_INDEX, names, next: together ? 16 : 0 });
  writeVersion(view, lowAt(together), { version: 'GLIBC_2.2.5', index: LOW_INDEX, names, next: 0 });
  if (together) writeVersion(view, AT.verneed + 64, { version: 'GLIBC_2.2.5', index: 9, names, next: 0 });
}

const highAt = AT.verneed + 32;
const lowAt = (together: boolean): number => (together ? AT.verneed + 48 : AT.verneed + 64);

function writeNeed(
  view: DataView,
  at: number,
  need: { count: number; library: number; first: number; next: number },
): void {
  view.setUint16(at, 1, true);
  view.setUint16(at + 2, need.count, true);
  view.setUint32(at + 4, need.library, true);
  view.setUint32(at + 8, need.first, true);
  view.setUint32(at + 12, need.next, true);
}

function writeVersion(
  view: DataView,
  at: number,
  { version, index, names, next }: { version: keyof typeof HASH; index: number; names: Names; next: number },
): void {
  view.setUint32(at, HASH[version], true);
  view.setUint16(at + 6, index, true);
  view.setUint32(at + 8, names.offsetOf(version), true);
  view.setUint32(at + 12, next, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, nameOffset: number): string {
  const start = AT.names + nameOffset;
  return Buffer.from(bytes.subarray(start, bytes.indexOf(0, start))).toString('latin1');
}

function symbolsOf(bytes: Uint8Array, count: number): SymbolSpec[] {
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, index) => ({
    name: textAt(bytes, view.getUint32(AT.dynsym + index * 24, true)),
    version: view.getUint16(AT.versym + index * 2, true),
  }));
}

describe('lowerGlibcVersion', () => {
  it('renames and rebinds the symbols of the new version, and no others', () => {
    expect(symbolsOf(lowerGlibcVersion(tinyElf(), LOWERING), 4)).toEqual([
      { name: '', version: 0 },
      { name: 'malloc', version: LOW_INDEX },
      { name: 'strtol', version: LOW_INDEX },
      { name: '__isoc23_local', version: 1 },
    ]);
  });

  it('keeps the hidden bit of a symbol that it rebinds', () => {
    const symbols = [{ name: '__isoc23_strtoul', version: HIGH_INDEX | HIDDEN }];
    const lowered = lowerGlibcVersion(tinyElf({ symbols }), LOWERING);
    expect(symbolsOf(lowered, 1)).toEqual([{ name: 'strtoul', version: LOW_INDEX | HIDDEN }]);
  });

  it('turns the requirement into one of the old version, under its own index', () => {
    const lowered = lowerGlibcVersion(tinyElf(), LOWERING);
    const view = viewOf(lowered);
    expect(view.getUint32(highAt, true)).toBe(HASH['GLIBC_2.2.5']);
    expect(textAt(lowered, view.getUint32(highAt + 8, true))).toBe('GLIBC_2.2.5');
    expect(view.getUint16(highAt + 6, true)).toBe(HIGH_INDEX);
  });

  it('changes nothing in the bytes that it is given, and nothing else in the copy', () => {
    const original = tinyElf();
    const before = original.slice();
    const lowered = lowerGlibcVersion(original, LOWERING);
    expect(original).toEqual(before);
    const changed = [...lowered.keys()].filter((at) => lowered[at] !== before[at]);
    const allowed = [AT.dynsym + 2 * 24, AT.versym + 2 * 2, highAt, highAt + 8];
    expect(changed.filter((at) => !allowed.some((start) => at >= start && at < start + 4))).toEqual([]);
  });

  it('reads a view that starts inside its buffer', () => {
    const elf = tinyElf();
    const padded = new Uint8Array(elf.length + 5);
    padded.set(elf, 5);
    expect(lowerGlibcVersion(padded.subarray(5), LOWERING)).toEqual(lowerGlibcVersion(tinyElf(), LOWERING));
  });

  it('refuses a symbol of the new version that has no plain namesake', () => {
    for (const name of ['fancy_new_call', '__isoc23_']) {
      const symbols = [{ name, version: HIGH_INDEX }];
      expect(() => lowerGlibcVersion(tinyElf({ symbols }), LOWERING)).toThrow(
        `the symbol ${name} has no older equivalent`,
      );
    }
  });

  it('refuses when only another library asks for the old version', () => {
    expect(() => lowerGlibcVersion(tinyElf({ lowVersionLibrary: 'libm.so.6' }), LOWERING)).toThrow(
      'needs GLIBC_2.38 but not GLIBC_2.2.5 of libc.so.6',
    );
  });

  it('refuses a file that does not need the new version', () => {
    expect(() => lowerGlibcVersion(tinyElf(), { ...LOWERING, from: 'GLIBC_2.99' })).toThrow('does not need GLIBC_2.99');
  });
});

describe('lowerGlibcVersion on broken files', () => {
  /** The tiny file with one number overwritten. */
  const broken = (at: number, bits: 16 | 32 | 64, value: number): Uint8Array => {
    const bytes = tinyElf();
    const view = viewOf(bytes);
    if (bits === 16) view.setUint16(at, value, true);
    else if (bits === 32) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    return bytes;
  };
  const section = (index: number): number => AT.sections + index * 64;

  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', new Uint8Array(0), 'is not ELF'],
    ['text', Buffer.from('#!/bin/sh\n'.repeat(20)), 'is not ELF'],
    ['a 32-bit file', broken(4, 16, 0x0101), 'not a little-endian x86-64'],
    ['a big-endian file', broken(4, 16, 0x0202), 'not a little-endian x86-64'],
    ['another machine', broken(18, 16, 183), 'not a little-endian x86-64'],
    ['section headers past the end', broken(0x28, 64, AT.end - 8), 'leaves the file'],
    ['section headers beyond any file', broken(0x28, 64, 2 ** 60), 'leaves the file'],
    ['section headers of another size', broken(0x3a, 16, 40), 'not of 64 bytes'],
    ['no symbol table', broken(section(SECTION.dynsym) + 4, 32, 1), 'no section of type 0xb'],
    ['no version table', broken(section(SECTION.versym) + 4, 32, 1), 'no section of type 0x6fffffff'],
    ['no needs table', broken(section(SECTION.verneed) + 4, 32, 1), 'no section of type 0x6ffffffe'],
    ['a symbol table past the end', broken(section(SECTION.dynsym) + 32, 64, AT.end), 'a section leaves the file'],
    ['a version table that is too short', broken(section(SECTION.versym) + 32, 64, 4), 'shorter than .dynsym'],
    ['a link to no section', broken(section(SECTION.verneed) + 40, 32, 99), 'section 99 does not exist'],
    ['a needs list without end', broken(section(SECTION.verneed) + 44, 32, 0xffff_ffff), 'overlap'],
    ['a needs list that repeats an entry', broken(AT.verneed + 12, 32, 0), 'overlap'],
    ['a version list that repeats an entry', broken(highAt + 12, 32, 0), 'overlap'],
    ['a version list outside its section', broken(AT.verneed + 8, 32, 0xffff_0000), 'leaves its section'],
    ['a library name outside the names', broken(AT.verneed + 4, 32, 0xffff_0000), 'leaves its section'],
    ['a symbol name outside the names', broken(AT.dynsym + 2 * 24, 32, 0xffff_0000), 'leaves its section'],
    ['names without an end', broken(section(SECTION.names) + 32, 64, 5), 'leaves its section'],
  ];

  it.each(cases)('refuses %s', (_, bytes, reason) => {
    expect(() => lowerGlibcVersion(bytes, LOWERING)).toThrow(ElfFailure);
    expect(() => lowerGlibcVersion(bytes, LOWERING)).toThrow(reason);
  });

  it('refuses every truncation', () => {
    const whole = tinyElf();
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => lowerGlibcVersion(whole.subarray(0, length), LOWERING)).toThrow(ElfFailure);
    }
  });
});

describe('lowerGlibcVersion on the installed uWebSockets.js', () => {
  const { uwsBinary } = placesIn(ROOT);

  it.runIf(existsSync(uwsBinary))('renames the three C23 functions only', () => {
    const original = readFileSync(uwsBinary);
    const lowered = lowerGlibcVersion(original, LOWERING);
    expect(lowered.length).toBe(original.length);
    const changedBytes = lowered.reduce((count, byte, at) => count + (byte === original[at] ? 0 : 1), 0);
    expect(changedBytes).toBeGreaterThan(0);
    // Per symbol at most a name of four bytes and an index of two, and the eight of the requirement.
    expect(changedBytes).toBeLessThanOrEqual(3 * 6 + 8);
    expect(() => lowerGlibcVersion(lowered, LOWERING)).toThrow('does not need GLIBC_2.38');
  });
});
