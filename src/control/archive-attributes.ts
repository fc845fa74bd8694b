/** What describes an entry of a tar archive from outside of its header: pax records (POSIX.1-2001) and GNU's long names. */
import type { KerbError } from '../errors.ts';
import { archiveFault } from './archive-faults.ts';

/** What attributes change of the entry that follows. */
export interface EntryAttributes {
  /** The whole name; `null`: that of the header. */
  readonly path: string | null;
  /** Must be what the header says; `null`: not told. */
  readonly size: number | null;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
/** Digits of the length of a record: what is longer than this is over every limit. */
const LENGTH_DIGITS = 7;

/**
 * Reads pax records, `<length> <key>=<value>\n` each. Times, owners and extended attributes are passed over.
 *
 * Throws `bad_request`: records that do not fill the bytes exactly, a key twice, the target of a link, a sparse file, a size that is no
 * number, a path that is not UTF-8 or has a NUL. With the attributes of a whole archive, `global`, a path and a size are refused too.
 */
export function readAttributes(bytes: Uint8Array, scope: 'entry' | 'global'): EntryAttributes {
  const values = new Map<string, Uint8Array>();
  for (let at = 0; at < bytes.length;) at = readRecord(bytes, at, values);
  for (const key of values.keys()) refuseKey(key, scope);
  const path = values.get('path');
  const size = values.get('size');
  return { path: path === undefined ? null : textOf(path), size: size === undefined ? null : sizeOf(size) };
}

/** The name in the content of a GNU long-name entry, which ends in one NUL. Throws `bad_request` for anything else. */
export function readLongName(bytes: Uint8Array): string {
  if (bytes.length < 2 || bytes.indexOf(0) !== bytes.length - 1) throw malformed();
  return textOf(bytes.subarray(0, -1));
}

/** Reads the record at `at`; answers where the next one begins. */
function readRecord(bytes: Uint8Array, at: number, values: Map<string, Uint8Array>): number {
  const space = bytes.subarray(at, at + LENGTH_DIGITS + 1).indexOf(SPACE);
  const digits = latin1(bytes.subarray(at, at + Math.max(space, 0)));
  const end = at + Number(digits);
  if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || bytes[end - 1] !== NEWLINE) throw malformed();
  const record = bytes.subarray(at + space + 1, end - 1);
  const equals = record.indexOf(0x3d);
  const key = latin1(record.subarray(0, Math.max(equals, 0)));
  if (key === '' || values.has(key)) throw malformed();
  values.set(key, record.subarray(equals + 1));
  return end;
}

function refuseKey(key: string, scope: 'entry' | 'global'): void {
  if (key.startsWith('GNU.sparse.')) throw archiveFault('has a sparse file; pack it without --sparse');
  if (key === 'linkpath') throw archiveFault('has a link; only files and folders are taken: put the file itself there');
  if (scope === 'global' && (key === 'path' || key === 'size')) {
    throw archiveFault(`sets one ${key} for all files; pack it again`);
  }
}

function sizeOf(value: Uint8Array): number {
  const text = latin1(value);
  if (!/^\d{1,15}$/.test(text)) throw archiveFault('has an attribute "size" that is no number; pack it again');
  return Number(text);
}

/** The text of a name. Throws `bad_request` for bytes that are not UTF-8: two of them would look the same. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw archiveFault('has a name that is not UTF-8; rename the file');
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function malformed(): KerbError {
  return archiveFault('has attributes that are malformed; pack it again');
}
