/** Byte ranges of whole stored bodies (RFC 9110 §14). */

/** What a Range field asks of a body: part of it, nothing that it has, or nothing that we answer in parts. */
export type RangeAnswer =
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' }
  | { readonly kind: 'whole' };

const WHOLE: RangeAnswer = Object.freeze({ kind: 'whole' });
const UNSATISFIABLE: RangeAnswer = Object.freeze({ kind: 'unsatisfiable' });

const SINGLE = /^bytes=[ \t]{0,8}(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]{0,8}$/i;

/**
 * What `values`, the lines of a Range field, ask of a body of `length` bytes.
 *
 * Several ranges are answered with the whole body, which a server may always do (RFC 9110 §14.2): overlapping ones would
 * let a request of a few bytes ask for a hundred times the body (§17.15). So is a field that is not understood.
 */
export function rangeOf(values: readonly string[], length: number): RangeAnswer {
  const [value = ''] = values;
  const found = values.length === 1 ? SINGLE.exec(value) : null;
  if (found === null) return WHOLE;
  const [, first, last, suffix] = found;
  if (first === undefined) return suffixOf(Number(suffix), length);
  return partOf(Number(first), last === undefined || last === '' ? Infinity : Number(last), length);
}

function partOf(first: number, last: number, length: number): RangeAnswer {
  if (last < first) return WHOLE; // Not a range (RFC 9110 §14.1.1).
  return first >= length ? UNSATISFIABLE : { kind: 'part', first, last: Math.min(last, length - 1) };
}

function suffixOf(suffix: number, length: number): RangeAnswer {
  if (suffix === 0 || length === 0) return UNSATISFIABLE;
  return { kind: 'part', first: Math.max(0, length - suffix), last: length - 1 };
}
