/** The claims of a token (RFC 7519 section 4.1), read strictly once its signature is known to fit. */
import { CLOCK_SKEW_MS, MAX_AUDIENCES, MAX_ID_LENGTH, MAX_SUBJECT_LENGTH } from './limits.ts';
import { tokenRefused } from './token-faults.ts';

/** What every token must say, and all that it says. */
export interface Claims {
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly notBeforeMs: number;
  readonly id: string;
  /** Good for one request. */
  readonly once: boolean;
  readonly all: ReadonlyMap<string, unknown>;
}

/** The last second of the year 9999. */
const LAST_SECOND = 253_402_300_799;
/** What is logged must not act on a terminal: no controls, no marks that reorder text, no lone surrogates. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
/** An id is also part of an address: `DELETE /v1/tokens/ID`. */
const NO_ID = /[^\x21-\x7e]/;

/** Reads claims. Throws `unauthorized` when one is missing or malformed. */
export function readClaims(all: ReadonlyMap<string, unknown>): Claims {
  const issuedMs = dateOf(all, 'iat');
  const once = all.has('once') ? all.get('once') : false;
  if (typeof once !== 'boolean') throw tokenRefused('claims');
  return {
    subject: textOf(all, 'sub', MAX_SUBJECT_LENGTH, UNPRINTABLE),
    audiences: audiencesOf(all.get('aud')),
    issuedMs,
    expiresMs: dateOf(all, 'exp'),
    notBeforeMs: all.has('nbf') ? dateOf(all, 'nbf') : issuedMs,
    id: textOf(all, 'jti', MAX_ID_LENGTH, NO_ID),
    once,
    all,
  };
}

/** Checks when a token is valid. Throws `unauthorized`: it is over, not valid yet, or longer valid than `maxLifetimeMs`. */
export function checkTimes(claims: Claims, maxLifetimeMs: number, nowMs: number): void {
  const { issuedMs, expiresMs, notBeforeMs } = claims;
  if (expiresMs <= nowMs) throw tokenRefused('expired');
  if (Math.max(issuedMs, notBeforeMs) > nowMs + CLOCK_SKEW_MS) throw tokenRefused('early');
  if (expiresMs <= issuedMs) throw tokenRefused('claims');
  if (expiresMs - issuedMs > maxLifetimeMs) throw tokenRefused('lifetime');
}

/** RFC 7519 section 2, NumericDate: seconds, possibly with a fraction. */
function dateOf(all: ReadonlyMap<string, unknown>, name: string): number {
  const seconds = all.get(name);
  if (typeof seconds !== 'number' || seconds < 0 || seconds > LAST_SECOND) throw tokenRefused('claims');
  return Math.floor(seconds * 1_000);
}

function textOf(all: ReadonlyMap<string, unknown>, name: string, maxLength: number, unwanted: RegExp): string {
  const text = all.get(name);
  if (typeof text !== 'string' || text === '' || text.length > maxLength || unwanted.test(text))
    throw tokenRefused('claims');
  return text;
}

function audiencesOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_AUDIENCES) throw tokenRefused('claims');
  return list.map((entry) => {
    if (typeof entry !== 'string') throw tokenRefused('claims');
    return entry;
  });
}
