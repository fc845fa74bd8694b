/** The host that a request names, remembered: the same few fields come again and again. */
import { LRUCache } from 'lru-cache';
import { parseAuthority } from '../http/authority.ts';

/** Host fields that are remembered; clients who send ever new ones only push each other out. */
const MAX_HOSTS = 4_096;

/** The longest field that is remembered: a DNS name and a port. */
const MAX_REMEMBERED_CHARS = 260;

/** Reads `Host` fields. */
export class HostNames {
  readonly #known = new LRUCache<string, { readonly host: string }>({ max: MAX_HOSTS });

  /** The host of a `Host` field as routing compares it; `null` when it is none. */
  of(field: string): string | null {
    const known = this.#known.get(field);
    if (known !== undefined) return known.host;
    const authority = parseAuthority(field);
    if (authority !== null && field.length <= MAX_REMEMBERED_CHARS) this.#known.set(field, authority);
    return authority?.host ?? null;
  }
}
