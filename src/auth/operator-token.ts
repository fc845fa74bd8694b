/** The operator's token in the data folder: what a person on this machine controls a fresh server with. */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { KerbError } from '../errors.ts';
import { syncFolder } from '../store/folders.ts';
import { MAX_TOKEN_BYTES, OPERATOR_TOKEN_RENEWAL_MS } from './limits.ts';
import type { TokenLog } from './ports.ts';
import type { Identity } from './scopes.ts';
import type { TokenIssuer } from './token-issuer.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** The file's name in the data folder. */
export const OPERATOR_TOKEN_FILE = 'operator.token';

const MODE = 0o600;
/** Permissions of anybody but the owner. */
const OTHERS = 0o077;

/** What a token file rests on. */
export interface OperatorTokenParts {
  /** The data folder; it exists. */
  readonly folder: string;
  readonly issuer: TokenIssuer;
  readonly verifier: TokenVerifier;
  readonly log: TokenLog;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Where the token is, and whether it is a new one. */
export interface OperatorToken {
  readonly path: string;
  readonly isNew: boolean;
}

/**
 * Makes sure that the file has a token of this server that is valid for long; to be called at every start, and daily. A token that
 * others could read is revoked and replaced. The file has mode 0600 from its first byte on, and is replaced as a whole. Rejects with
 * `bad_config` when the path is a link, or anything but a file of this user, and leaves it alone.
 */
export async function ensureOperatorToken(parts: OperatorTokenParts): Promise<OperatorToken> {
  const path = join(parts.folder, OPERATOR_TOKEN_FILE);
  if (await isGood(path, parts)) return { path, isNew: false };
  const { token } = await parts.issuer.mintForOperator();
  await replaceFile(parts.folder, path, `${token}\n`);
  return { path, isNew: true };
}

/** Everything is asked of the one open file, which nobody can exchange in between. */
async function isGood(path: string, parts: OperatorTokenParts): Promise<boolean> {
  const file = await openedFile(path);
  if (file === null) return false;
  try {
    const stats = await file.stat();
    checkFile(path, stats);
    const identity = await identityIn(file, parts.verifier);
    return identity !== null && isUsable(identity, stats, parts);
  } finally {
    await file.close();
  }
}

/** `null`: there is none. A link is not followed, and a pipe not waited for. */
async function openedFile(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    if (isSystemError(error, 'ELOOP')) throw unusable(path, 'is a symbolic link');
    throw error;
  }
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function unusable(path: string, why: string): KerbError {
  return new KerbError('bad_config', `${path} ${why}; remove it, then start again`);
}

function checkFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw unusable(path, 'is not a file');
  if (stats.uid !== process.geteuid?.()) throw unusable(path, 'belongs to another user');
}

/** Whose token the file has; `null` when it is none that is valid here. */
async function identityIn(file: FileHandle, verifier: TokenVerifier): Promise<Identity | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_TOKEN_BYTES + 1));
  try {
    return await verifier.verify(buffer.toString('latin1', 0, bytesRead).trim());
  } catch (error) {
    if (error instanceof KerbError && error.code === 'unauthorized') return null;
    throw error;
  }
}

function isUsable(identity: Identity, stats: Stats, { log, now }: OperatorTokenParts): boolean {
  const isExposed = (stats.mode & OTHERS) !== 0;
  if (isExposed) log.revokeToken(identity.tokenId, now());
  return !isExposed && identity.scopes.includes('operator') && identity.expiresMs - now() > OPERATOR_TOKEN_RENEWAL_MS;
}

/** Writes beside the file, then renames over it: whoever reads sees the old token or the new one, whenever the process dies. */
async function replaceFile(folder: string, path: string, content: string): Promise<void> {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    await writeDurably(fresh, content);
    await rename(fresh, path);
  } catch (error) {
    await unlink(fresh).catch((missing: unknown) => {
      if (!isSystemError(missing, 'ENOENT')) throw missing;
    });
    throw error;
  }
  syncFolder(folder);
}

async function writeDurably(path: string, content: string): Promise<void> {
  // Exclusive: never into a file or through a link that somebody has put there.
  const file = await open(path, 'wx', MODE);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
