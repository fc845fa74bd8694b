/** Attributes as records in guest memory, and the flags that say which times to set. */
import { Buffer } from 'node:buffer';
import type { GuestHost } from '../abi.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { Stat, Times } from './files/node.ts';
import { allBits, FSTFLAGS } from './typenames.ts';

/** Where a version of WASI puts the fields of a `filestat` that follow the type: `links` is a u64 in preview1. */
export interface FilestatLayout {
  readonly bytes: number;
  readonly links: 'u32' | 'u64';
}

/** Preview1. */
export const PREVIEW1_FILESTAT: FilestatLayout = { bytes: 64, links: 'u64' };

/** `wasi_unstable`. */
export const UNSTABLE_FILESTAT: FilestatLayout = { bytes: 56, links: 'u32' };

const ALL_FSTFLAGS = allBits(FSTFLAGS);

/**
 * A `filestat`:
 *
 * ```text
 * 0 dev u64 | 8 ino u64 | 16 filetype u8 | 24 nlink u64 | 32 size u64 | 40 atim u64 | 48 mtim u64 | 56 ctim u64      preview1
 *                                        | 20 nlink u32 | 24 size u64 | 32 atim u64 | 40 mtim u64 | 48 ctim u64      unstable
 * ```
 */
export function encodeFilestat(stat: Stat, { bytes, links }: FilestatLayout): Buffer {
  const record = Buffer.alloc(bytes);
  record.writeBigUInt64LE(BigInt(stat.device), 0);
  record.writeBigUInt64LE(BigInt(stat.inode), 8);
  record.writeUInt8(stat.filetype, 16);
  if (links === 'u64') record.writeBigUInt64LE(BigInt(stat.links), 24);
  else record.writeUInt32LE(stat.links, 20);
  const size = bytes - 32;
  record.writeBigUInt64LE(BigInt(stat.size), size);
  record.writeBigUInt64LE(stat.atimNs, size + 8);
  record.writeBigUInt64LE(stat.mtimNs, size + 16);
  record.writeBigUInt64LE(stat.ctimNs, size + 24);
  return record;
}

/** The times that `fstflags` select. Errors: `inval` for unknown bits, and for both a given time and the present one. */
export function timesOf(host: GuestHost, flags: number, atim: bigint, mtim: bigint): Times | Errno {
  const bothAtim = FSTFLAGS.atim | FSTFLAGS.atim_now;
  const bothMtim = FSTFLAGS.mtim | FSTFLAGS.mtim_now;
  if ((flags & ~ALL_FSTFLAGS) !== 0) return ERRNO.inval;
  if ((flags & bothAtim) === bothAtim || (flags & bothMtim) === bothMtim) return ERRNO.inval;
  const chosen = (given: number, present: number, time: bigint): bigint | null => {
    if ((flags & given) !== 0) return BigInt.asUintN(64, time);
    return (flags & present) !== 0 ? host.wallClockNs() : null;
  };
  return {
    atimNs: chosen(FSTFLAGS.atim, FSTFLAGS.atim_now, atim),
    mtimNs: chosen(FSTFLAGS.mtim, FSTFLAGS.mtim_now, mtim),
  };
}
