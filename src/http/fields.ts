/** Field names and values: their syntax, their bytes, and the fields that end at this hop (RFC 9110 §5, §7.6.1). */
import { HeaderList } from './headers.ts';

/** 1 at the code of every `tchar` (RFC 9110 §5.6.2). */
const TCHAR = new Uint8Array(128);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TCHAR[char.charCodeAt(0)] = 1;
}

/** Whether `text` is a token (RFC 9110 §5.6.2), which a method and a field name must be (§5.1, §9.1). The empty text is not. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127 || TCHAR[code] === 0) return false;
  }
  return text.length > 0;
}

/** Anything that may not stand in a field value: controls but HTAB. Text above ASCII travels as obs-text. */
// oxlint-disable-next-line no-control-regex -- controls are what it is there to find
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;

/**
 * Whether `text` may be a field value (RFC 9110 §5.5): no CR, LF, NUL or other control but HTAB. The empty text may.
 *
 * Text above U+007F is welcome because values leave as UTF-8 ({@link toByteString}); written as Latin-1 it would be cut to
 * its low byte, and U+010A would become a line feed.
 */
export function isFieldValue(text: string): boolean {
  return !FORBIDDEN_IN_VALUE.test(text);
}

/** `text` without the blanks and tabs around it, which are not part of a field value (RFC 9110 §5.5). */
export function trimFieldValue(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Any character above ASCII. */
const ABOVE_ASCII = /[\x80-\uffff]/;

/** The UTF-8 bytes of `text`, one character a byte: what an API that writes Latin-1 (undici's) must be handed. */
export function toByteString(text: string): string {
  return ABOVE_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a value's bytes: UTF-8 where they are valid UTF-8, and Latin-1 otherwise, so that no two byte sequences
 * collapse into one replacement character.
 */
export function fromBytes(bytes: Uint8Array): string {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!ABOVE_ASCII.test(latin1)) return latin1;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return latin1; // Not UTF-8: the decoder has no other failure.
  }
}

/**
 * Fields that speak to the next hop only (RFC 9110 §7.6.1, and the hop-by-hop fields of RFC 2616 §13.5.1 that are still
 * sent). In lower case.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Fields that `Connection` cannot nominate. A client that could name them would remove what the hops in front of it added:
 * its own address, the loop mark, the credentials that a cache looks at.
 */
const NOT_NOMINATED: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'cdn-loop',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'set-cookie',
  'traceparent',
  'vary',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
]);

/** Names that the list's `Connection` fields nominate, in lower case. */
function nominated(headers: HeaderList): ReadonlySet<string> | null {
  if (!headers.has('connection')) return null;
  const names = headers.getAll('connection').flatMap((value) => value.toLowerCase().split(','));
  return new Set(names.map(trimFieldValue).filter((name) => !NOT_NOMINATED.has(name)));
}

/**
 * A new list of the fields that go further: without {@link HOP_BY_HOP} and without what `Connection` nominates
 * (RFC 9110 §7.6.1), except for fields that carry a security decision. `Content-Length` stays: its owner decides.
 */
export function stripHopByHop(headers: HeaderList): HeaderList {
  const extra = nominated(headers);
  const kept = new HeaderList();
  headers.forEach((name, value, lowerName) => {
    if (!HOP_BY_HOP.has(lowerName) && !extra?.has(lowerName)) kept.append(name, value);
  });
  return kept;
}
