/** How long the head of a message may be, counted in one way for all that guests and backends make. */
import type { HeaderList } from './headers.ts';
import { MAX_FIELDS, MAX_HEAD_BYTES } from './limits.ts';

/** Why a head is too long. The detail is for the tenant's log: printable ASCII, under 200 characters. */
export interface HeadSizeFault {
  readonly code: 'too_many_fields' | 'head_too_large';
  readonly detail: string;
}

/** Bytes that separate a field's name from its value and end its line. */
const PUNCTUATION_BYTES = 4;

/**
 * Why no message may have so many fields, or such long ones: more than {@link MAX_FIELDS}, or than {@link MAX_HEAD_BYTES} of names,
 * values as UTF-8 and punctuation. `null`: a message may. Whoever lets a guest add fields asks with each: the host holds them, outside
 * the guest's own memory budget.
 */
export function headSizeFault(headers: HeaderList): HeadSizeFault | null {
  const { size } = headers;
  if (size > MAX_FIELDS) return { code: 'too_many_fields', detail: `${size} fields are more than ${MAX_FIELDS}` };
  let bytes = 0;
  headers.forEach((name, value) => {
    // A name is a token, one byte a character; of another one nothing is sent.
    bytes += name.length + Buffer.byteLength(value) + PUNCTUATION_BYTES;
  });
  if (bytes <= MAX_HEAD_BYTES) return null;
  return { code: 'head_too_large', detail: `the fields take ${bytes} bytes, more than ${MAX_HEAD_BYTES}` };
}
