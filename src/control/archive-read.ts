/**
 * An uploaded archive, a tar in gzip, as files in memory.
 *
 * The tar format is read here and not by a package: readers that are made to extract whatever they can take unknown types for files,
 * decode names with replacement characters, skip what is malformed and let attributes change sizes; none of that shows afterwards.
 */
import type { KerbError } from '../errors.ts';
import { readAttributes, readLongName, textOf, type EntryAttributes } from './archive-attributes.ts';
import { ArchiveBytes, isZero } from './archive-bytes.ts';
import { archiveFault, archiveTooLarge, cutOff, entryFault } from './archive-faults.ts';
import { BLOCK_BYTES, readHeader, type ArchiveHeader } from './archive-header.ts';
import { inflated } from './archive-inflate.ts';
import { ARCHIVE_LIMITS } from './archive-limits.ts';
import { ArchivePaths, archivePath } from './archive-paths.ts';

/** What was in an archive, by paths that are safe: relative, plain, of one spelling. */
export interface ArchiveContent {
  /** Contents, each in a buffer of its own. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** Folders that have entries of their own. */
  readonly folders: ReadonlySet<string>;
}

const NO_ATTRIBUTES: EntryAttributes = Object.freeze({ path: null, size: null });

/**
 * Unpacks an archive. Unpacking itself runs off the thread, and the thread is free between pieces of 64 KiB.
 *
 * Rejects with a KerbError as {@link inflated}, {@link readHeader}, {@link readAttributes}, {@link archivePath} and
 * {@link ArchivePaths.add} say; moreover `too_large` for more than 10,000 entries or contents, attributes or names over their limit, and
 * `bad_request` for an archive without its end mark, with anything behind it, or with attributes that describe nothing.
 */
export async function readArchive(bytes: Uint8Array<ArrayBuffer>): Promise<ArchiveContent> {
  const source = new ArchiveBytes(inflated(bytes));
  try {
    return await new Reading(source).content();
  } finally {
    await source.close();
  }
}

/** One pass over an archive. */
class Reading {
  readonly #source: ArchiveBytes;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #folders = new Set<string>();
  readonly #paths = new ArchivePaths();
  #headers = 0;
  #attributeBytes = 0;
  #contentBytes = 0;
  /** Of the entry that follows; `null`: it has none. */
  #attributes: EntryAttributes | null = null;

  constructor(source: ArchiveBytes) {
    this.#source = source;
  }

  async content(): Promise<ArchiveContent> {
    for (let block = await this.#block(); !isZero(block); block = await this.#block()) {
      await this.#entry(readHeader(block));
    }
    await this.#end();
    return { files: this.#files, folders: this.#folders };
  }

  async #block(): Promise<Uint8Array> {
    const block = await this.#source.take(BLOCK_BYTES);
    if (block === null) throw cutOff();
    return block;
  }

  async #entry(header: ArchiveHeader): Promise<void> {
    if (++this.#headers > ARCHIVE_LIMITS.headers) throw tooMany(ARCHIVE_LIMITS.headers, 'headers');
    if (header.kind === 'file' || header.kind === 'folder') return this.#keep(header, header.kind);
    this.#attributeBytes += header.size;
    if (this.#attributeBytes > ARCHIVE_LIMITS.attributeBytesTotal)
      throw tooMany(ARCHIVE_LIMITS.attributeBytesTotal, 'bytes of attributes');
    if (header.kind === 'global attributes') {
      readAttributes(await this.#contentOf(header, ARCHIVE_LIMITS.attributeBytes), 'global');
      return;
    }
    if (this.#attributes !== null) throw archiveFault('describes an entry twice; pack it in one format');
    this.#attributes = await this.#described(header);
  }

  async #described(header: ArchiveHeader): Promise<EntryAttributes> {
    if (header.kind === 'attributes') {
      return readAttributes(await this.#contentOf(header, ARCHIVE_LIMITS.attributeBytes), 'entry');
    }
    return { path: readLongName(await this.#contentOf(header, ARCHIVE_LIMITS.longNameBytes)), size: null };
  }

  async #keep(header: ArchiveHeader, kind: 'file' | 'folder'): Promise<void> {
    if (this.#files.size + this.#folders.size >= ARCHIVE_LIMITS.entries) {
      throw tooMany(ARCHIVE_LIMITS.entries, 'files and folders');
    }
    const { path: told, size } = this.#attributes ?? NO_ATTRIBUTES;
    this.#attributes = null;
    const name = told ?? textOf(header.name);
    if (size !== null && size !== header.size) throw entryFault(name, 'has two sizes; pack it again');
    const path = archivePath(name, kind);
    this.#paths.add(path, kind);
    if (kind === 'folder') this.#folders.add(path);
    else this.#files.set(path, await this.#contentOf(header, ARCHIVE_LIMITS.bytes));
  }

  /** The content of an entry, and past its padding. Nothing is set aside for a size that is over a limit. */
  async #contentOf({ size }: ArchiveHeader, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#contentBytes += size;
    if (size > maxBytes || this.#contentBytes > ARCHIVE_LIMITS.bytes) {
      const limit = Math.min(maxBytes, ARCHIVE_LIMITS.bytes);
      throw archiveTooLarge(`is over ${limit} bytes with an entry of ${size} bytes; pack only what the app needs`);
    }
    const content = await this.#source.take(size);
    const padding = await this.#source.take((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
    if (content === null || padding === null) throw cutOff();
    return content;
  }

  /** A second block of zeros, and then zeros only: archivers fill up to a multiple of 10 KiB. */
  async #end(): Promise<void> {
    if (this.#attributes !== null) throw archiveFault('describes an entry that is not there; pack it again');
    const zeros = await this.#source.zerosToEnd();
    if (zeros === null) throw archiveFault('has more behind its end mark; pack it as one archive');
    if (zeros < BLOCK_BYTES || zeros % BLOCK_BYTES !== 0) throw cutOff();
  }
}

function tooMany(limit: number, what: string): KerbError {
  return archiveTooLarge(`has more than ${limit} ${what}; pack only what the app needs`);
}
