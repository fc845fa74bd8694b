/** How long a body is: the fields that delimit messages (RFC 9112 §6). */
import type { HeaderList } from './headers.ts';
import { MAX_LENGTH_DIGITS } from './limits.ts';

/**
 * The number that a Content-Length value says, or `null` when it is not digits alone, or more than 2^53 - 1. Signs, blanks,
 * hexadecimal, and lists of equal numbers are refused: parsers differ on them, and a difference smuggles a request.
 */
export function parseContentLength(value: string): number | null {
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) return null;
  let length = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return null;
    length = length * 10 + digit;
  }
  return Number.isSafeInteger(length) ? length : null;
}

/**
 * The length that a head declares: `null` when it has no Content-Length, several, or an invalid one. For heads that passed
 * the request gate, `null` means that there is none.
 */
export function declaredLength(headers: HeaderList): number | null {
  if (!headers.has('content-length')) return null;
  const values = headers.getAll('content-length');
  return values.length === 1 ? parseContentLength(values[0] as string) : null;
}

/** Whether a request head announces a body: a length above zero, or chunks (RFC 9112 §6.3). */
export function announcesBody(headers: HeaderList): boolean {
  return headers.has('transfer-encoding') || (declaredLength(headers) ?? 0) > 0;
}
