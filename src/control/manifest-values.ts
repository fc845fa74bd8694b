/** The texts of a manifest that have a syntax of their own: each is read into its one spelling, or refused with `null`. */
import { isIP } from 'node:net';
import { parseAuthority } from '../http/authority.ts';
import { isPlainSegment } from '../http/path.ts';
import { targetFault } from '../http/request-rules.ts';
import { MANIFEST_LIMITS } from './manifest-limits.ts';

const CONTROL_OR_SPACE = /[\p{C}\s\\?#]/u;

/**
 * A host name in lower case, or `*.` and one: the spelling that requests are routed by ({@link parseAuthority}).
 * `*` stands for one label. Ports, a wildcard elsewhere and a wildcard before an address are refused.
 */
export function hostPattern(text: string): string | null {
  const wild = text.startsWith('*.');
  const name = wild ? text.slice(2) : text;
  if (!name.startsWith('[') && name.includes(':')) return null;
  const authority = parseAuthority(name);
  if (authority === null || (name.startsWith('[') && !name.endsWith(']'))) return null;
  if (!wild) return authority.host;
  return isIP(authority.host) !== 0 || authority.host.startsWith('[') ? null : `*.${authority.host}`;
}

/**
 * A path prefix, without a slash at its end but for `/` itself. It matches whole segments: `/api` matches `/api` and
 * `/api/x`, not `/apix`. Empty and dot segments are refused, since no normalised request path has them; so is
 * percent-encoding of characters that need none.
 */
export function pathPrefix(text: string): string | null {
  if (!text.startsWith('/') || text.length > MANIFEST_LIMITS.pathChars) return null;
  const path = text.endsWith('/') ? text.slice(0, -1) : text;
  if (path === '') return '/';
  const segments = path.slice(1).split('/');
  return segments.every(isPlainSegment) ? path : null;
}

function isDots(segment: string): boolean {
  return segment === '.' || segment === '..';
}

/**
 * A relative path, segments joined by `/`, that cannot leave the folder it starts from: no `..`, no leading `/`, no `\`
 * (a separator elsewhere), no control characters. A leading `./` is dropped. Symbolic links are the reader's to check.
 */
export function insidePath(text: string): string | null {
  if (text.length > MANIFEST_LIMITS.fileChars || /[\p{Cc}\p{Cs}\\]/u.test(text)) return null;
  const segments = (text.startsWith('./') ? text.slice(2) : text).split('/');
  if (segments.some((segment) => segment === '' || isDots(segment))) return null;
  return segments.join('/');
}

/** Content types of a page by its extension: what a browser shows, and nothing that it would run beside the page. */
export const PAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['htm', 'text/html; charset=utf-8'],
  ['txt', 'text/plain; charset=utf-8'],
  ['json', 'application/json'],
  ['xml', 'application/xml'],
]);

/** A path of {@link insidePath} with an extension of {@link PAGE_TYPES}. */
export function pageFile(text: string): string | null {
  const path = insidePath(text);
  return path === null || pageType(path) === undefined ? null : path;
}

/** The content type of a page; `undefined`: it is none. */
export function pageType(path: string): string | undefined {
  const dot = path.lastIndexOf('.');
  return dot < 0 ? undefined : PAGE_TYPES.get(path.slice(dot + 1).toLowerCase());
}

/** An absolute path in the guest's file system, without a slash at its end but for `/` itself. */
export function guestFolder(text: string): string | null {
  if (!text.startsWith('/')) return null;
  if (text === '/') return text;
  return insidePath(text.slice(1).replace(/\/$/, '')) === null ? null : text.replace(/\/$/, '');
}

/**
 * The base URL of a backend: http or https, a host, perhaps a port and a base path. User information, query and fragment
 * are refused: the first is a secret in a manifest, the others would be lost or doubled when a request's target is added. So
 * are empty path segments: a path that begins with `//` names another host where it is resolved as a reference.
 */
export function backendUrl(text: string): string | null {
  if (text.length > MANIFEST_LIMITS.urlChars || CONTROL_OR_SPACE.test(text)) return null;
  if (!/^https?:\/\/[^/@]+(?:\/|$)/i.test(text)) return null;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.port === '0') return null;
  if (url.pathname.includes('//')) return null;
  return url.href;
}

/** A path and query as they are sent to a backend, from `/` on. */
export function requestTarget(text: string): string | null {
  return targetFault(text) === null ? text : null;
}

/** A key set as text: a JSON object with a list `keys` (RFC 7517 section 5). Which of its keys are of use is told when one is needed. */
export function keySetText(text: string): string | null {
  if (text.length > MANIFEST_LIMITS.keySetChars) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys) ? text : null;
  } catch {
    return null;
  }
}
