/** One address database: a file in the MaxMind DB format, version 2. */
import { Buffer } from 'node:buffer';
import { isIPv6 } from 'node:net';
import { Reader, type Response } from 'mmdb-lib';
import { KerbError } from '../errors.ts';

/** Bytes of zeros between the search tree and the data. */
const SEPARATOR_BYTES = 16;
const FORMAT_VERSION = 2;

/** What of a database's metadata its lookups rest on. */
export interface DatabaseShape {
  readonly nodeCount: number;
  /** Bits of one record; a node has two. */
  readonly recordBits: number;
  readonly ipVersion: 4 | 6;
  /** What it says that it is, such as `GeoLite2-City`. */
  readonly type: string;
  /** When it was made, in ms since the epoch. */
  readonly builtMs: number;
}

/** A database over bytes that nobody writes to, shared or not. */
export class Database {
  readonly shape: DatabaseShape;
  readonly bytes: Buffer;
  readonly #reader: Reader<Response>;

  /** Throws `bad_config` when the bytes do not end in metadata that fits them. */
  constructor(shared: SharedArrayBuffer) {
    this.bytes = Buffer.from(shared);
    this.#reader = readerOf(this.bytes);
    this.shape = shapeOf(this.#reader, this.bytes.length);
  }

  /** Where the data begins that the tree points into. */
  get dataAt(): number {
    const { nodeCount, recordBits } = this.shape;
    return (nodeCount * recordBits) / 4 + SEPARATOR_BYTES;
  }

  /** The record of a valid address; `null`: there is none. Throws some error for a record that is damaged. */
  record(address: string): unknown {
    // A tree of IPv4 addresses would be walked by the first bits of an IPv6 one, and answer for another address.
    if (this.shape.ipVersion === 4 && isIPv6(address)) return null;
    return this.#reader.get(address);
  }
}

function readerOf(bytes: Buffer): Reader<Response> {
  try {
    return new Reader(bytes);
  } catch {
    throw unusable('it has no metadata at its end: it is not of this format, or not whole');
  }
}

function shapeOf({ metadata }: Reader<Response>, bytes: number): DatabaseShape {
  const { binaryFormatMajorVersion, nodeCount, recordSize, ipVersion, databaseType, buildEpoch, searchTreeSize } =
    metadata;
  if (binaryFormatMajorVersion !== FORMAT_VERSION) throw unusable(`its format version is not ${FORMAT_VERSION}`);
  if (ipVersion !== 4 && ipVersion !== 6) throw unusable('its addresses are neither IPv4 nor IPv6');
  if (!Number.isSafeInteger(nodeCount) || nodeCount < 1) throw unusable('it has no search tree');
  if (searchTreeSize + SEPARATOR_BYTES > bytes) throw unusable('its search tree is larger than the file');
  return { nodeCount, recordBits: recordSize, ipVersion, type: String(databaseType), builtMs: buildEpoch.getTime() };
}

/** The error for a file that is no database, or a damaged one. */
export function unusable(what: string): KerbError {
  return new KerbError('bad_config', `it is no usable address database (MaxMind DB): ${what}`);
}
