/** The door of the store: names and sizes that it takes, and the errors for those that it does not. */
import { TENANT_NAME } from '../names.ts';
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';
import { STORE_LIMITS } from './limits.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Throws `bad_request` unless `name` may be a tenant's. */
export function acceptTenantName(name: string): void {
  if (TENANT_NAME.test(name)) return;
  throw new KerbError('bad_request', `${quoted(name)} is no tenant name; use 1 to 63 of a-z, 0-9 and "-"`);
}

/** Throws a `TypeError` unless `digest` is a SHA-256 in lower-case hex: the store's callers compute digests, nobody sends them. */
export function acceptDigest(digest: string): void {
  if (!DIGEST.test(digest)) throw new TypeError(`${quoted(digest)} is no SHA-256 digest in lower-case hex`);
}

/** Throws a `TypeError` unless `value` is a whole number of at least 0. `what` names it. */
export function acceptWhole(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${what} is ${value}, and no whole number`);
}

/**
 * Throws `too_large` when `bytes` are more than a limit of {@link STORE_LIMITS}; `what` begins the message, `remedy` ends it.
 */
export function acceptSize(what: string, bytes: number, limit: keyof typeof STORE_LIMITS, remedy: string): void {
  const most = STORE_LIMITS[limit];
  if (bytes <= most) return;
  throw new KerbError('too_large', `${what} has ${bytes} bytes, and at most ${most} are stored (${limit}); ${remedy}`);
}

/** Throws `too_large` when there are more entries than a limit of {@link STORE_LIMITS}. */
export function acceptCount(what: string, entries: number, limit: keyof typeof STORE_LIMITS, remedy: string): void {
  const most = STORE_LIMITS[limit];
  if (entries <= most) return;
  throw new KerbError('too_large', `${what}: at most ${most} are stored (${limit}); ${remedy}`);
}

/**
 * Throws unless `name` may name something stored: `bad_request` when it is empty, or not Unicode text (with half of a surrogate pair,
 * which UTF-8 cannot tell from others); `too_large` above the limit. `what` is the kind of name.
 */
export function acceptName(what: string, name: string, limit: keyof typeof STORE_LIMITS = 'nameBytes'): void {
  if (name === '') throw new KerbError('bad_request', `the ${what} is empty; give it at least one character`);
  acceptText(`the ${what} ${quoted(name)}`, name);
  acceptSize(`the ${what} ${quoted(name)}`, Buffer.byteLength(name), limit, 'choose a shorter one');
}

/** Throws `bad_request` unless `text` is Unicode text, which comes back as it went in. `what` begins the message. */
export function acceptText(what: string, text: string): void {
  if (text.isWellFormed()) return;
  throw new KerbError('bad_request', `${what} holds half of a surrogate pair; send Unicode text`);
}

/** Throws like {@link acceptName}, and `bad_request` for `.` and `..`, which no address can name (RFC 3986 section 5.2.4). */
export function acceptKvKey(key: string): void {
  acceptName('key', key, 'kvKeyBytes');
  if (key !== '.' && key !== '..') return;
  throw new KerbError('bad_request', `the key ${quoted(key)} cannot be part of an address; choose another one`);
}

/** The error of a tenant that is not there. */
export function noTenant(name: string): KerbError {
  return new KerbError('not_found', `there is no tenant ${quoted(name)}; create it first`);
}
