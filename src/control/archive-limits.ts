/** Limits on uploaded archives, each with its reason. Reaching one ends the reading at once, and the upload is refused. */

/** What an archive may be. Sizes reached end in `too_large`, anything else in `bad_request`. */
export const ARCHIVE_LIMITS = {
  /** Bytes as they are sent. They are in memory as a whole: as much as the largest module takes uncompressed. 32 MiB. */
  compressedBytes: 32 * 1024 * 1024,
  /** Bytes unpacked, headers and padding included. All of it may be in memory until the manifest is known. 64 MiB. */
  bytes: 64 * 1024 * 1024,
  /** Unpacked bytes for each byte sent, beyond {@link ratioFloorBytes}. Modules and texts reach 20; deflate itself 1,032. */
  ratio: 200,
  /** Unpacked bytes up to which the ratio is not looked at: a module may be mostly zeros. 8 MiB. */
  ratioFloorBytes: 8 * 1024 * 1024,
  /** Unpacked bytes in one piece, between which other work of the thread has its turn. */
  chunkBytes: 64 * 1024,
  /** Files and folders, each of which has a cost beside its bytes. */
  entries: 10_000,
  /** UTF-8 bytes of a path: what Linux takes as one name, and manifests as a path. */
  pathBytes: 255,
  /** Segments of a path. */
  depth: 16,
  /** Bytes of the attributes (pax records) of an entry: some archivers put extended attributes of the file system there. */
  attributeBytes: 16 * 1024,
  /** The same, all entries together: reading the worst of it takes under a second in all. */
  attributeBytesTotal: 4 * 1024 * 1024,
  /** Headers of all kinds: an entry has one, and seldom another before it that holds its attributes. */
  headers: 25_000,
  /** Bytes of a name that stands in an entry of its own (GNU): room to say by how much it is too long. */
  longNameBytes: 4_096,
} as const;
