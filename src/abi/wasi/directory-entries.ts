/** What `fd_readdir` answers: entries of a folder as records in a row. */
import { Buffer } from 'node:buffer';
import type { FolderNode } from './files/node.ts';
import { FILETYPE, type Filetype } from './typenames.ts';

const DIRENT_BYTES = 24;

/** A line of a listing. */
interface Listed {
  readonly name: string;
  readonly inode: number;
  readonly filetype: Filetype;
  /** Its position: a listing that goes on from it begins with the next. */
  readonly cookie: number;
}

/** Positions of `.` and `..`; those of others are larger. */
const SELF = 1;
const PARENT = 2;

/** Entries behind a position, `.` and `..` first. `..` of the folder that a guest was given is that folder: it knows no other. */
function* listing(folder: FolderNode, after: bigint): Generator<Listed> {
  const filetype = FILETYPE.directory;
  if (after < SELF) yield { name: '.', inode: folder.inode, filetype, cookie: SELF };
  if (after < PARENT) yield { name: '..', inode: folder.parent.inode, filetype, cookie: PARENT };
  for (const { name, node, cookie } of folder.entriesAfter(after))
    yield { name, inode: node.inode, filetype: node.filetype, cookie };
}

/**
 * The entries of `folder` behind the position `after`, at most `limit` bytes. The last one may be cut: a buffer that is full says that
 * there is more, and its reader goes on behind the last entry that is whole. Each is
 *
 * ```text
 * 0 next u64 | 8 ino u64 | 16 bytes of the name u32 | 20 filetype u8 | 24 name
 * ```
 */
export function encodeEntries(folder: FolderNode, after: bigint, limit: number): Buffer {
  const records: Buffer[] = [];
  let length = 0;
  for (const entry of listing(folder, after)) {
    if (length >= limit) break;
    const record = encodeEntry(entry);
    records.push(record);
    length += record.length;
  }
  return Buffer.concat(records, Math.min(length, limit));
}

function encodeEntry({ name, inode, filetype, cookie }: Listed): Buffer {
  const nameBytes = Buffer.from(name);
  const record = Buffer.alloc(DIRENT_BYTES + nameBytes.length);
  record.writeBigUInt64LE(BigInt(cookie), 0);
  record.writeBigUInt64LE(BigInt(inode), 8);
  record.writeUInt32LE(nameBytes.length, 16);
  record.writeUInt8(filetype, 20);
  record.set(nameBytes, DIRENT_BYTES);
  return record;
}
