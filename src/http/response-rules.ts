/** What a response may be before it is encoded: no transport checks it for us. */
import { isFieldValue, isToken } from './fields.ts';
import { headSizeFault, type HeadSizeFault } from './head-size.ts';
import type { HeaderList } from './headers.ts';

/** Why a response is not sent. */
export type ResponseFaultCode = 'status' | 'field_name' | 'field_value' | HeadSizeFault['code'];

/** A response that is not sent. The detail is for the tenant's log: printable ASCII, under 200 characters. */
export interface ResponseFault {
  readonly code: ResponseFaultCode;
  readonly detail: string;
}

/**
 * Checks the head that a guest or a backend made, and answers the first fault, or `null` when it may be sent.
 *
 * Demands an integer status from 200 to 599 (informational answers are the host's), token names, values without CR, LF, NUL
 * and other controls but HTAB (response splitting), and no head that is too long ({@link headSizeFault}). Fields of
 * {@link HOST_FIELDS} are no fault: the encoder leaves them out.
 */
export function checkResponse(status: number, headers: HeaderList): ResponseFault | null {
  if (!isStatus(status)) {
    return { code: 'status', detail: `the status ${status} is not a whole number from 200 to 599` };
  }
  return checkFieldList(headers);
}

/** Whether `status` is one that a guest may answer with: a final one (RFC 9110 §15). */
export function isStatus(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 599;
}

/** The part of {@link checkResponse} that holds for any list of fields: trailers, and what a guest sends to a backend. */
export function checkFieldList(headers: HeaderList): ResponseFault | null {
  const sizeFault = headSizeFault(headers);
  if (sizeFault?.code === 'too_many_fields') return sizeFault;
  let fault: ResponseFault | null = null;
  headers.forEach((name, value) => {
    fault ??= checkField(name, value);
  });
  return fault ?? sizeFault;
}

function checkField(name: string, value: string): ResponseFault | null {
  if (!isToken(name)) return { code: 'field_name', detail: `the field name ${quote(name)} is not a token` };
  if (isFieldValue(value)) return null;
  return { code: 'field_value', detail: `the value of ${quote(name)} has a control character` };
}

/** `text` for a log: cut, quoted, and with everything but printable ASCII escaped. */
function quote(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Whether the response to `method` with `status` may have content (RFC 9110 §6.4.1): not after HEAD, and not for 1xx, 204, 205
 * and 304. What was made for it is thrown away, or the client would read it as the next response.
 */
export function bodyAllowed(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/**
 * Whether a response with `status` may carry Content-Length (RFC 9110 §8.6): not 1xx and 204. After HEAD and for 304 it
 * says the length that the content would have had.
 */
export function lengthAllowed(status: number): boolean {
  return status >= 200 && status !== 204;
}

/**
 * Fields of a response that the host alone writes: framing, connection, the handshake of a WebSocket, `kerb-outcome`, `kerb-receipt`,
 * `kerb-served`, and `Date`, which the transport always adds and which must stand once (RFC 9110 §6.6.1). In lower case.
 */
export const HOST_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'http2-settings',
  'keep-alive',
  'kerb-outcome',
  'kerb-receipt',
  'kerb-served',
  'proxy-connection',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
