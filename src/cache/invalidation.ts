/** Which stored responses an unsafe method ends (RFC 9111 §4.4). */
import type { HeaderList } from '../http/headers.ts';
import type { KeyParts } from './key.ts';

/** Methods that change nothing (RFC 9110 §9.2.1, and QUERY). Any other one, known or not, may have changed its target. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'QUERY', 'REPORT', 'SEARCH', 'TRACE']);

/** Whether a request's method may change what is stored. */
export function isUnsafe(method: string): boolean {
  return !SAFE.has(method);
}

/** Whether an answer says that the request was carried out: 2xx and 3xx (RFC 9111 §4.4). */
export function isNonError(status: number): boolean {
  return status >= 200 && status < 400;
}

/**
 * The targets that an unsafe request's answer invalidates: its own, and those of `Location` and `Content-Location` where
 * their origin is the request's. Another origin is never named: it could be made to lose what it stored.
 */
export function invalidatedTargets(request: KeyParts, response: HeaderList): readonly string[] {
  const values = [...response.getAll('location'), ...response.getAll('content-location')];
  const targets = values.map((value) => targetOf(request, value)).filter((target) => target !== null);
  return [...new Set([request.target, ...targets])];
}

/** The target that a reference names, as its key would have it, or `null` when it is none of this origin. */
function targetOf({ scheme, host, target }: KeyParts, reference: string): string | null {
  const [value = ''] = reference.split('#', 1);
  const base = `${scheme}://${host}`;
  const resolved = URL.parse(value, `${base}${target}`);
  if (resolved === null || resolved.origin !== URL.parse(base)?.origin) return null;
  // A path is taken as it is written: keys are compared byte by byte.
  if (value.startsWith('/') && !value.startsWith('//')) return value;
  if (value.toLowerCase().startsWith(`${base}/`)) return value.slice(base.length);
  return resolved.pathname + resolved.search;
}
