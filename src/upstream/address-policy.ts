/** Which addresses a tenant's backends may have: the wall against server-side request forgery. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { KerbError } from '../errors.ts';

/** An IP address in its one spelling: IPv4 dotted, IPv6 compressed in lower case. IPv4-mapped IPv6 is IPv4. */
export interface CanonicalAddress {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * Reads an IP address, brackets and all, or answers `null`. Zones (`%eth0`) and spellings that only some parsers know
 * (`127.1`, `0x7f.1`, `2130706433`) are none.
 */
export function canonicalAddress(text: string): CanonicalAddress | null {
  if (isIPv4(text)) return { address: text, family: 'ipv4' };
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare.includes('%') || !isIPv6(bare)) return null;
  const address = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  return mapped === null ? { address, family: 'ipv6' } : { address: dotted(mapped), family: 'ipv4' };
}

/** The IPv4 address whose two halves are the groups of `match`. */
function dotted(match: RegExpExecArray): string {
  const [high, low] = [Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** IPv4 ranges that are not somebody's public server (IANA special-purpose registry), and one cloud's metadata address. */
const DENIED_IPV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; Alibaba's metadata
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // Azure's metadata
  '169.254.0.0/16', // link-local; AWS's, Azure's and Google's metadata
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; Oracle's metadata
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
];

/**
 * IPv6 outside 2000::/3 is not globally routed: loopback, unspecified, unique-local, link-local, multicast, NAT64
 * (64:ff9b::/96), IPv4-compatible (::/96) and IPv4-translated addresses all lie there.
 */
const GLOBAL_IPV6 = ['2000::/3'];

/** Ranges within 2000::/3 that embed IPv4 addresses or are nobody's. */
const DENIED_IPV6 = [
  '2001::/23', // protocol assignments, Teredo among them
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '3fff::/20', // documentation
];

/** A listener of this process. */
export interface ListenerAddress {
  /** The IP address to which it is bound; `0.0.0.0` and `::` stand for every local one. */
  readonly address: string;
  readonly port: number;
}

/** What {@link AddressPolicy} is made from. */
export interface AddressPolicyOptions {
  /** CIDR ranges, or single addresses, that the operator allows to this tenant although they are denied by default. */
  readonly allow?: readonly string[];
  /** Listeners that are never reached, whatever is allowed: the control API above all. */
  readonly neverReach?: readonly ListenerAddress[];
  /** The addresses of this machine's interfaces; asked when a listener is bound to every address. */
  readonly localAddresses?: () => readonly string[];
}

/** Whether an address may be reached, and if not, why. */
export type AddressVerdict = 'allowed' | 'denied_range' | 'own_listener' | 'no_address';

/** Decides about addresses, not names: it is asked after DNS, for the address to which the connection is pinned. */
export class AddressPolicy {
  readonly #allowed: Ranges;
  readonly #listeners: readonly ListenerAddress[];
  readonly #localAddresses: () => readonly string[];

  /** @throws {KerbError} `bad_config` when a range or a listener's address does not parse. */
  constructor(options: AddressPolicyOptions = {}) {
    this.#allowed = new Ranges(options.allow ?? []);
    this.#listeners = (options.neverReach ?? []).map(canonicalListener);
    this.#localAddresses = options.localAddresses ?? interfaceAddresses;
  }

  /**
   * The verdict on a connection to `address`. Own listeners are refused first, then what the operator allows is allowed, then
   * what is not public is denied. The unspecified addresses are always denied: systems connect them to loopback.
   */
  check(address: string, port: number): AddressVerdict {
    const parsed = canonicalAddress(address);
    if (parsed === null) return 'no_address';
    if (parsed.address === '0.0.0.0' || parsed.address === '::') return 'denied_range';
    if (this.#listeners.some((listener) => listener.port === port && this.#isAt(listener, parsed)))
      return 'own_listener';
    return this.#allowed.has(parsed) || isPublic(parsed) ? 'allowed' : 'denied_range';
  }

  /** Whether a connection to `parsed` arrives at the address of `listener`. */
  #isAt(listener: ListenerAddress, parsed: CanonicalAddress): boolean {
    if (listener.address !== '0.0.0.0' && listener.address !== '::') return listener.address === parsed.address;
    if (LOOPBACK.has(parsed)) return true;
    return this.#localAddresses().some((local) => canonicalAddress(local)?.address === parsed.address);
  }
}

function canonicalListener({ address, port }: ListenerAddress): ListenerAddress {
  const parsed = canonicalAddress(address);
  if (parsed === null) throw new KerbError('bad_config', `the listener's address "${address}" is not an IP address`);
  return { address: parsed.address, port };
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map((entry) => entry.address));
}

function isPublic(parsed: CanonicalAddress): boolean {
  if (DENIED.has(parsed)) return false;
  return parsed.family === 'ipv4' || GLOBAL.has(parsed);
}

/** A set of CIDR ranges, one list per family: an IPv4 address is never held against an IPv6 range. */
class Ranges {
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(ranges: readonly string[]) {
    for (const range of ranges) this.#add(range);
  }

  has({ address, family }: CanonicalAddress): boolean {
    return this.#lists[family].check(address, family);
  }

  #add(range: string): void {
    const [network = '', prefix, ...rest] = range.split('/');
    const parsed = canonicalAddress(network);
    const width = parsed?.family === 'ipv4' ? 32 : 128;
    const bits = prefix === undefined ? width : /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    const isMapped = parsed?.family === 'ipv4' && network.includes(':');
    if (parsed === null || rest.length > 0 || isMapped || !(bits <= width)) throw badRange(range);
    this.#lists[parsed.family].addSubnet(parsed.address, bits, parsed.family);
  }
}

function badRange(range: string): KerbError {
  return new KerbError('bad_config', `"${range}" is not an address range; write 10.0.0.0/8 or fd00::/8`);
}

const DENIED = new Ranges([...DENIED_IPV4, ...DENIED_IPV6]);
const GLOBAL = new Ranges(GLOBAL_IPV6);
const LOOPBACK = new Ranges(['127.0.0.0/8', '::1/128']);
