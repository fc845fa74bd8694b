/** The host that a request names, remembered: the same few fields come again and again. */
import { LRUCache } from 'lru-cache';
import { parseAuthority, type Authority } from '../http/authority.ts';

/** Host fields that are remembered; clients who send ever new ones only push each other out. */
const MAX_HOSTS = 4_096;

/** The longest field that is remembered: a DNS name and a port. */
const MAX_REMEMBERED_CHARS = 260;

/** The port that `http` URLs leave out. */
const HTTP_PORT = 80;

/** Reads `Host` fields. */
export class HostNames {
  readonly #known = new LRUCache<string, Authority>({ max: MAX_HOSTS });

  /** The host of a `Host` field as routing compares it; `null` when it is none. */
  of(field: string): string | null {
    return this.#authority(field)?.host ?? null;
  }

  /** The one spelling of a `Host` field, with its port unless that is 80; the empty text when it is none. */
  spelled(field: string): string {
    const authority = this.#authority(field);
    if (authority === null) return '';
    const { host, port } = authority;
    return port === null || port === HTTP_PORT ? host : `${host}:${port}`;
  }

  #authority(field: string): Authority | null {
    const known = this.#known.get(field);
    if (known !== undefined) return known;
    const authority = parseAuthority(field);
    if (authority !== null && field.length <= MAX_REMEMBERED_CHARS) this.#known.set(field, authority);
    return authority;
  }
}
