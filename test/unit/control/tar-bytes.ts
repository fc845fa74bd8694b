/** Tar archives made by hand, byte by byte, sound or not. */
import { gzipSync } from 'node:zlib';

/** One entry. What is left out is as a plain archiver writes it. */
export interface TarEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** The type flag: `0`. */
  readonly type?: string;
  /** The size field: that of the content, in octal. */
  readonly size?: string | Uint8Array;
  readonly prefix?: string;
  /** Magic and version: POSIX. */
  readonly magic?: string;
  /** Added to the checksum: 0. */
  readonly checksumError?: number;
}

const BLOCK = 512;

/** The bytes of an entry: header, content, padding. */
export function tarEntry(entry: TarEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([headerBlock(entry, content.length), content, padding]);
}

function headerBlock(entry: TarEntry, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  put(block, 0, 100, entry.name);
  put(block, 100, 8, '0000644\0');
  put(block, 124, 12, entry.size ?? `${length.toString(8).padStart(11, '0')} `);
  put(block, 156, 1, entry.type ?? '0');
  put(block, 257, 8, entry.magic ?? 'ustar\x0000');
  put(block, 345, 155, entry.prefix ?? '');
  return withChecksum(block, entry.checksumError ?? 0);
}

/** Sets the checksum of a header to what its other bytes make it. */
export function withChecksum(block: Buffer, error = 0): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0) + error;
  put(block, 148, 8, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

function put(block: Buffer, at: number, bytes: number, value: string | Uint8Array): void {
  const source = typeof value === 'string' ? Buffer.from(value) : value;
  block.set(source.subarray(0, bytes), at);
}

/** An archive of these entries, with its end mark. Bytes are taken as they are. */
export function tarOf(...entries: readonly (TarEntry | Buffer)[]): Buffer {
  const parts = entries.map((entry) => (Buffer.isBuffer(entry) ? entry : tarEntry(entry)));
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** The same, compressed. */
export function tarGz(...entries: readonly (TarEntry | Buffer)[]): Uint8Array<ArrayBuffer> {
  return gzipped(tarOf(...entries));
}

/** Bytes compressed, in a buffer of their own. */
export function gzipped(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes, { level: 1 }));
}

/** One pax record, its length counted. */
export function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** An entry of pax attributes for the one after it; type `g` for all after it. */
export function paxEntry(records: readonly Buffer[], type = 'x'): TarEntry {
  return { name: 'PaxHeader/x', type, content: Buffer.concat(records) };
}

/** GNU's entry for a long name. */
export function longName(name: string): TarEntry {
  return { name: '././@LongLink', type: 'L', content: `${name}\0`, magic: 'ustar  \0' };
}

/** A small generator with a fixed start: a failure is the same failure next time. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
