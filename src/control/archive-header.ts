/**
 * One header of a tar archive (POSIX.1-1988 ustar, and what GNU tar makes of it), read strictly: where two readers could differ, it is refused.
 *
 * | at | bytes | field |
 * |---|---|---|
 * | 0 | 100 | name |
 * | 124 | 12 | size, octal |
 * | 148 | 8 | checksum, octal |
 * | 156 | 1 | type |
 * | 257 | 8 | magic and version |
 * | 345 | 155 | prefix of the name (POSIX only) |
 */
import { archiveFault, entryFault } from './archive-faults.ts';

/** Bytes of a header; contents are padded to a multiple of it. */
export const BLOCK_BYTES = 512;

/** What an entry is: two that are kept, and three that describe the next one. */
export type EntryKind = 'file' | 'folder' | 'attributes' | 'global attributes' | 'long name';

/** A header without fault. */
export interface ArchiveHeader {
  readonly kind: EntryKind;
  /** The name as it stands here. It may be cut in the middle of a character when attributes bring the whole one. */
  readonly name: Uint8Array;
  /** Bytes of content that follow; 0 for a folder. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, EntryKind>> = Object.freeze({
  '\0': 'file',
  '0': 'file',
  '5': 'folder',
  x: 'attributes',
  g: 'global attributes',
  L: 'long name',
});

/** The types that archivers write and that are refused, in words. */
const REFUSED_TYPES: ReadonlyMap<string, string> = new Map([
  ['1', 'a hard link'],
  ['2', 'a symbolic link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a pipe'],
  ['7', 'a contiguous file'],
  ['D', 'a list of a folder'],
  ['K', 'a link'],
  ['M', 'a part of a file'],
  ['S', 'a sparse file'],
  ['V', 'a volume label'],
]);

const CHECKSUM = { at: 148, bytes: 8 } as const;
const POSIX_MAGIC = 'ustar\x0000';
const GNU_MAGIC = 'ustar  \0';
const latin1 = new TextDecoder('latin1');

/**
 * Reads a block of {@link BLOCK_BYTES}. Throws `bad_request`: a wrong checksum, a format without a magic, a type that is neither file nor
 * folder, a size that is negative, huge or not a number, a folder with content.
 */
export function readHeader(block: Uint8Array): ArchiveHeader {
  if (octal(block, CHECKSUM.at, CHECKSUM.bytes) !== checksumOf(block)) {
    throw archiveFault('is no tar archive, or is damaged: a checksum is wrong; pack a folder with tar -czf');
  }
  const magic = latin1.decode(block.subarray(257, 265));
  if (magic !== POSIX_MAGIC && magic !== GNU_MAGIC) {
    throw archiveFault('is of an old kind of tar; pack it with tar --format=ustar, pax or gnu');
  }
  const name = nameOf(block, magic);
  const kind = kindOf(block, name);
  const size = octal(block, 124, 12);
  if (size === null) throw entryFault(shown(name), 'has a size that is no octal number; pack it again');
  if (kind === 'folder' && size > 0) throw entryFault(shown(name), 'is a folder with content; pack it again');
  return { kind, name, size };
}

function kindOf(block: Uint8Array, name: Uint8Array): EntryKind {
  const type = String.fromCharCode(block[156] ?? 0);
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind !== undefined) return kind;
  const said = REFUSED_TYPES.get(type) ?? 'of an unknown type';
  throw entryFault(shown(name), `is ${said}; only files and folders are taken: put the file itself there`);
}

function nameOf(block: Uint8Array, magic: string): Uint8Array {
  const name = textField(block, 0, 100);
  const prefix = magic === POSIX_MAGIC ? textField(block, 345, 155) : new Uint8Array(0);
  return prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from('/'), name]);
}

/** Up to the first NUL. Nothing but NUL may follow: what is hidden there, another reader would show. */
function textField(block: Uint8Array, at: number, bytes: number): Uint8Array {
  const field = block.subarray(at, at + bytes);
  const end = field.indexOf(0);
  if (end < 0) return field;
  if (field.subarray(end).some((byte) => byte !== 0)) {
    throw entryFault(shown(field.subarray(0, end)), 'has a NUL in its name; rename it');
  }
  return field.subarray(0, end);
}

/** Octal digits between spaces and NULs, none at all for 0; `null` for anything else, binary numbers of GNU tar (from 8 GiB) among them. */
function octal(block: Uint8Array, at: number, bytes: number): number | null {
  const text = latin1.decode(block.subarray(at, at + bytes));
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1];
  return digits === undefined ? null : Number.parseInt(`0${digits}`, 8);
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksumOf(block: Uint8Array): number {
  let sum = CHECKSUM.bytes * 0x20;
  for (let at = 0; at < block.length; at++) {
    if (at < CHECKSUM.at || at >= CHECKSUM.at + CHECKSUM.bytes) sum += block[at] ?? 0;
  }
  return sum;
}

function shown(name: Uint8Array): string {
  return new TextDecoder().decode(name);
}
