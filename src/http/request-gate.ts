/** The request gate: what the transport accepted but HTTP/1.1 does not, refused in one place. */
import { parseAuthority } from './authority.ts';
import { isFieldValue, isToken } from './fields.ts';
import { parseContentLength } from './framing.ts';
import type { HeaderList } from './headers.ts';

/** A request as the transport copied it, not yet trusted in any part. */
export interface RawRequest {
  /** The method as on the wire: methods are case-sensitive (RFC 9110 §9.1), so a transport's lower-cased one is refused. */
  readonly method: string;
  /** The request target as on the wire, query included. */
  readonly target: string;
  /** Every field in order, repeated ones too, with lower-case names. */
  readonly headers: HeaderList;
}

/** Each reason for which a request is refused, with the sentence for the access log. The client learns none of them. */
export const REQUEST_FAULTS = {
  unknown_method: 'the method is not one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE',
  target_form: 'the request target is not in origin form (RFC 9112 section 3.2.1)',
  target_byte: 'the request target has a byte outside visible ASCII, or a #',
  field_name: 'a field name is empty or not a token (RFC 9110 section 5.1)',
  field_value: 'a field value has a control character (RFC 9110 section 5.5)',
  missing_host: 'there is no Host field (RFC 9112 section 3.2)',
  repeated_host: 'there is more than one Host field (RFC 9112 section 3.2)',
  bad_host: 'the Host field is not a host and an optional port (RFC 9112 section 3.2)',
  repeated_content_length: 'there is more than one Content-Length field (RFC 9112 section 6.3)',
  bad_content_length: 'the Content-Length is not digits alone, or above 2^53 - 1 (RFC 9112 section 6.3)',
  repeated_transfer_encoding: 'there is more than one Transfer-Encoding field (RFC 9112 section 6.1)',
  bad_transfer_encoding: 'the Transfer-Encoding is not exactly chunked (RFC 9112 section 6.1)',
  ambiguous_length: 'there are both Content-Length and Transfer-Encoding (RFC 9112 section 6.3)',
  repeated_field: 'a field that has one value stands more than once (RFC 9110 section 5.3)',
} as const satisfies Record<string, string>;

/** Why a request is refused. The outcome is always `bad_request`: 400, and the connection is closed. */
export type RequestFault = keyof typeof REQUEST_FAULTS;

/**
 * The methods that Kerb takes: those of RFC 9110 section 9 and PATCH, but CONNECT, which makes a tunnel. TRACE goes to the
 * guest like any other; Kerb itself never echoes a request.
 */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);

const HOST = 1;
const CONTENT_LENGTH = 2;
const TRANSFER_ENCODING = 4;

/**
 * Fields that have one value, each with its bit. Two receivers may take the first and the last of two, and disagree about
 * who asks for what; the first three decide about routing and framing.
 */
const SINGLETONS: ReadonlyMap<string, number> = new Map(
  [
    'host',
    'content-length',
    'transfer-encoding',
    'authorization',
    'content-type',
    'content-range',
    'expect',
    'if-modified-since',
    'if-range',
    'if-unmodified-since',
    'max-forwards',
    'origin',
    'proxy-authorization',
    'range',
    'referer',
    'user-agent',
  ].map((name, place) => [name, 1 << place]),
);

/**
 * Checks a request against RFC 9112 and answers the first fault, or `null` when it is sound.
 *
 * Sound means: a known method; a target in origin form of visible ASCII without `#`; token names and clean values; exactly
 * one valid Host; at most one of Content-Length and Transfer-Encoding, and that one valid. Absolute-form is refused although
 * RFC 9112 §3.2.2 asks servers to take it: it names a second authority beside Host, and only clients of forward proxies send
 * it. `*` names no resource of any tenant.
 *
 * What no gate behind a parser can see (bare LF in chunk framing, trailers) is the transport's.
 */
export function checkRequest(input: RawRequest): RequestFault | null {
  if (!METHODS.has(input.method)) return 'unknown_method';
  return checkTarget(input.target) ?? checkFields(input.headers);
}

const OUTSIDE_TARGET = /[^\x21\x22\x24-\x7e]/;

/**
 * Checks a request target alone: origin form (RFC 9112 §3.2.1) from `/` on, visible ASCII without `#`.
 *
 * Bytes above ASCII are refused because transports decode different ones to one U+FFFD: two URLs, one cache key.
 */
export function checkTarget(target: string): RequestFault | null {
  if (target.charCodeAt(0) !== 0x2f) return 'target_form';
  return OUTSIDE_TARGET.test(target) ? 'target_byte' : null;
}

/** One pass: syntax of each field, and the bits of the singletons seen. */
function checkFields(headers: HeaderList): RequestFault | null {
  let seen = 0;
  let fault: RequestFault | null = null;
  headers.forEach((_, value, name) => {
    if (fault !== null) return;
    const bit = SINGLETONS.get(name);
    if (bit === undefined) fault = isToken(name) ? null : 'field_name';
    else fault = (seen & bit) === 0 ? checkSingleton(bit, value) : repeated(bit);
    if (fault === null && !isFieldValue(value)) fault = 'field_value';
    seen |= bit ?? 0;
  });
  return fault ?? checkSeen(seen);
}

/** Without the `u` flag, so that no letter outside ASCII folds to one of these: U+212A lower-cases to `k`. */
const CHUNKED = /^chunked$/i;

function checkSingleton(bit: number, value: string): RequestFault | null {
  if (bit > TRANSFER_ENCODING) return null;
  if (bit === HOST) return parseAuthority(value) === null ? 'bad_host' : null;
  if (bit === CONTENT_LENGTH) return parseContentLength(value) === null ? 'bad_content_length' : null;
  return CHUNKED.test(value) ? null : 'bad_transfer_encoding';
}

function repeated(bit: number): RequestFault {
  if (bit === HOST) return 'repeated_host';
  if (bit === CONTENT_LENGTH) return 'repeated_content_length';
  return bit === TRANSFER_ENCODING ? 'repeated_transfer_encoding' : 'repeated_field';
}

function checkSeen(seen: number): RequestFault | null {
  if ((seen & HOST) === 0) return 'missing_host';
  const framing = CONTENT_LENGTH | TRANSFER_ENCODING;
  return (seen & framing) === framing ? 'ambiguous_length' : null;
}
