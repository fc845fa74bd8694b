/** The primary key of a response: whose it is, and which URL. */
import type { HeaderList } from '../http/headers.ts';

/** What a request says about its key. The target is compared byte by byte and never decoded. */
export interface KeyParts {
  /** The tenant ({@link cacheTenant}): no key of one tenant is ever another's. */
  readonly tenant: string;
  readonly scheme: 'http' | 'https';
  /** The one spelling of the host, with its port where that is not the scheme's (`parseAuthority`). */
  readonly host: string;
  /** Origin-form target: path and query as they came. */
  readonly target: string;
  /** What the tenant's app adds to the key; the empty text when nothing. */
  readonly extra?: string | undefined;
}

/**
 * A tenant's name in the cache. A tenant that was deleted and made again under the same name is another one.
 *
 * @param madeMs - `null`: an app of the tenants folder.
 */
export function cacheTenant(name: string, madeMs: number | null): string {
  return madeMs === null ? name : `${name}@${madeMs}`;
}

/** The key of a response's URL within the cache; a string in which no part can run into the next. */
export type PrimaryKey = string & { readonly __primary: never };

/** A tenant, a host name and a target: what a purge names, whatever the scheme, the port and the app's own part of a key are. */
export type UrlKey = string & { readonly __url: never };

const SEPARATOR = '\n';

/** A host's port, not what looks like one within an IPv6 literal. */
const PORT = /:\d*$/;

/**
 * The URL key of `parts`.
 *
 * @throws TypeError when a part has a line feed: such a request is not past the gate.
 */
export function urlKey({ tenant, host, target }: Pick<KeyParts, 'tenant' | 'host' | 'target'>): UrlKey {
  if (tenant.includes(SEPARATOR) || host.includes(SEPARATOR) || target.includes(SEPARATOR)) {
    throw new TypeError('a part of a cache key has a line feed; only requests past the gate have keys');
  }
  return `${tenant}${SEPARATOR}${host.replace(PORT, '')}${SEPARATOR}${target}` as UrlKey;
}

/**
 * The key of `parts`. GET and HEAD share it; no other method is answered from the cache (RFC 9111 §2, §4).
 *
 * @throws TypeError when a part other than `extra` has a line feed: such a request is not past the gate.
 */
export function primaryKey(parts: KeyParts): PrimaryKey {
  const { scheme, host, extra = '' } = parts;
  return `${urlKey(parts)}${SEPARATOR}${scheme}${SEPARATOR}${host}${SEPARATOR}${extra}` as PrimaryKey;
}

/** The URL key that a key begins with. */
export function urlOf(key: PrimaryKey): UrlKey {
  const hostAt = key.indexOf(SEPARATOR) + 1;
  const targetAt = key.indexOf(SEPARATOR, hostAt) + 1;
  return key.slice(0, key.indexOf(SEPARATOR, targetAt)) as UrlKey;
}

/**
 * Fields that change what common frameworks answer and that no key has: method and URL overrides, and what a proxy in front
 * would say about the client's request. A request whose answer may be shared goes out without them, unless the URL is known
 * to vary on them; otherwise one client's header would choose every client's answer.
 */
const UNKEYED: ReadonlySet<string> = new Set([
  'forwarded',
  'true-client-ip',
  'x-client-ip',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-path',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-protocol',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-forwarded-uri',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-middleware-prefetch',
  'x-middleware-rewrite',
  'x-original-host',
  'x-original-url',
  'x-override-url',
  'x-real-ip',
  'x-rewrite-url',
  'x-url-scheme',
  'front-end-https',
]);

/** `headers` without fields that no key has, but those that the URL is known to vary on (`varied`, in lower case). */
export function withoutUnkeyed(headers: HeaderList, varied: ReadonlySet<string>): HeaderList {
  const kept = headers.clone();
  headers.forEach((_name, _value, lowerName) => {
    if (UNKEYED.has(lowerName) && !varied.has(lowerName)) kept.delete(lowerName);
  });
  return kept;
}
