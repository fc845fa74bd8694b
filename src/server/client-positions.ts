/** Where each client stands on the scale that splits a tenant's clients between two versions. */
import { hash } from 'node:crypto';

/** A client has one position per tenant, which depends on nothing but the key: it is the same on all threads and at all times. */
export class ClientPositions {
  readonly #key: string;

  /** @param key - Secret, or clients with many addresses could pick those with the position they like. */
  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key).toString('hex');
  }

  /**
   * The position of a client of `tenant`, at least 0 and less than 100: a canary with `percent` has all clients below it.
   *
   * A hash that begins with the key, rather than an HMAC, which takes three times as long: what an HMAC is for, that nobody goes on
   * from a digest, does not arise where digests are shown to nobody.
   */
  of(tenant: string, ip: string): number {
    const digest = hash('sha256', `${this.#key} ${tenant} ${networkOf(ip)}`);
    return (Number.parseInt(digest.slice(0, 8), 16) / 2 ** 32) * 100;
  }
}

/**
 * What of an address stays the same for one client: IPv4 addresses whole, the first 64 bits of IPv6 ones, because hosts change
 * the others by themselves (RFC 8981). Takes the text that arrivals make: IPv6 with `::`, and IPv4 never mapped.
 */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [before = [], after = []] = ip.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':');
}
