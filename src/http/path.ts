/** Paths of request targets: how they are compared, and which of them have one spelling. */

/** Characters of a path segment (RFC 3986 §3.3) with percent-encoding left out of the unreserved ones. */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;
/** Percent-encoded letters, digits, `-`, `.`, `_`, `~`, `/`, `\` and NUL: two spellings of one path, or a hidden separator. */
const AMBIGUOUS = /%(?:2[defDEF]|3[0-9]|4[1-9a-fA-F]|5[0-9acfACF]|6[1-9a-fA-F]|7[0-9aeAE]|00)/;

/** Whether a segment is not empty, no dot segment, and spelled in the one way that everybody reads alike. */
export function isPlainSegment(segment: string): boolean {
  return SEGMENT.test(segment) && segment !== '.' && segment !== '..' && !AMBIGUOUS.test(segment);
}

/**
 * Whether the path of an origin-form target is spelled in the one way that everybody reads alike: plain segments, perhaps a slash at
 * the end. Of another one, such as `/a/../b` or `/%61`, a backend may think that it lies elsewhere than {@link covers} does.
 */
export function isPlainPath(target: string): boolean {
  const query = target.indexOf('?');
  const segments = (query < 0 ? target : target.slice(0, query)).slice(1).split('/');
  return segments.every(
    (segment, place) => isPlainSegment(segment) || (segment === '' && place === segments.length - 1),
  );
}

/** Whether a target is under a path prefix, in whole segments as they are spelled; a query ends the path. */
export function covers(prefix: string, target: string): boolean {
  if (prefix === '/') return true;
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  if (!target.startsWith(base)) return false;
  const next = target[base.length];
  return next === undefined || next === '/' || next === '?';
}
