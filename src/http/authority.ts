/** The authority of a request: what `Host` may say (RFC 9110 §7.2, RFC 3986 §3.2). */
import { isIPv4, isIPv6 } from 'node:net';
import { MAX_HOST_CHARS, MAX_LABEL_CHARS } from './limits.ts';

/** A valid authority, in the one spelling that routing compares. */
export interface Authority {
  /** Lower case, without trailing dot: a DNS name, an IPv4 address, or a compressed IPv6 address in brackets. */
  readonly host: string;
  /** `null` when none is given. Routing ignores it. */
  readonly port: number | null;
}

/** 1 at the code of every character of a DNS label: letters, digits, `-` and `_`. */
const LABEL_CHAR = new Uint8Array(128);
for (const char of '-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') {
  LABEL_CHAR[char.charCodeAt(0)] = 1;
}

const COLON = 0x3a;
const DOT = 0x2e;
const LAST_IS_NUMBER = /(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)$/;

/**
 * Reads `host[:port]`, or answers `null` when it is not one.
 *
 * Stricter than RFC 3986's `reg-name`: a host is a DNS name of letters, digits, `-` and `_`, a dotted IPv4 address, or an
 * IPv6 address in brackets. Percent-encoding, sub-delimiters, userinfo, zones, empty labels and the other spellings of IPv4
 * (`127.1`, `0x7f000001`) are refused: two parsers that read them differently would route one request to two tenants.
 */
export function parseAuthority(text: string): Authority | null {
  if (text.charCodeAt(0) === 0x5b) return parseBracketed(text);
  const colon = text.indexOf(':');
  const end = colon < 0 ? text.length : colon;
  const port = colon < 0 ? null : parsePort(text, colon + 1);
  if (port === undefined) return null;
  const host = parseName(text, end);
  return host === null ? null : { host, port };
}

/** The name before `end` in lower case, or `null` when it is none. */
function parseName(text: string, end: number): string | null {
  const length = text.charCodeAt(end - 1) === DOT ? end - 1 : end;
  if (length <= 0 || length > MAX_HOST_CHARS || !areLabels(text, length)) return null;
  const name = length === text.length ? text : text.slice(0, length);
  if (LAST_IS_NUMBER.test(name) && !isIPv4(name)) return null;
  return name.toLowerCase();
}

/** Whether the first `length` characters are labels joined by single dots. */
function areLabels(text: string, length: number): boolean {
  let start = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (i === start || i - start > MAX_LABEL_CHARS) return false;
      start = i + 1;
    } else if (code > 127 || LABEL_CHAR[code] === 0) return false;
  }
  return length > start && length - start <= MAX_LABEL_CHARS;
}

/** `[address]` or `[address]:port`. */
function parseBracketed(text: string): Authority | null {
  const close = text.indexOf(']');
  const address = text.slice(1, close);
  if (close < 0 || address.includes('%') || !isIPv6(address)) return null;
  if (close + 1 < text.length && text.charCodeAt(close + 1) !== COLON) return null;
  const port = close + 1 === text.length ? null : parsePort(text, close + 2);
  return port === undefined ? null : { host: new URL(`http://[${address}]`).hostname, port };
}

/** The port from `start` on: `null` when it is empty (RFC 3986 §3.2.3 allows it), `undefined` when it is none. */
function parsePort(text: string, start: number): number | null | undefined {
  if (start === text.length) return null;
  if (text.length - start > 5) return undefined;
  let port = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
  }
  return port <= 65_535 ? port : undefined;
}
