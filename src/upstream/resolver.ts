/** From a backend's host to the addresses to which a connection may go. */
import { lookup } from 'node:dns/promises';
import { BackendError } from '../capability/backend.ts';
import type { AddressPolicy, AddressVerdict, CanonicalAddress } from './address-policy.ts';
import { canonicalAddress } from './address-policy.ts';
import { isLocalWant } from './faults.ts';
import { MAX_ADDRESSES } from './limits.ts';

/** Looks a name up and answers every address of it. Rejects when there is none. */
export type NameLookup = (hostname: string) => Promise<readonly string[]>;

/** The system's resolver: /etc/hosts and DNS, in the order in which the system sorts addresses. */
export const systemLookup: NameLookup = async (hostname) => {
  const entries = await lookup(hostname, { all: true, order: 'verbatim' });
  return entries.map((entry) => entry.address);
};

const LOCALHOST = ['127.0.0.1', '::1'] as const;

/** Whether RFC 6761 §6.3 makes the name loopback. No name server is asked about it: it could answer anything. */
function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}

/**
 * The addresses of `hostname` that `policy` lets this tenant reach at `port`, at most {@link MAX_ADDRESSES}, in order of
 * preference. The caller connects to one of these and to nothing else: resolving again could answer differently.
 *
 * @param hostname - As the URL parser normalised it, with or without brackets: its digits-only, octal and hexadecimal IPv4
 *   spellings are addresses by then.
 * @throws {BackendError} `dns` when the name has no address, `overloaded` when it cannot be asked for, `refused_address` when none of them may be reached.
 */
export async function resolveAllowed(
  hostname: string,
  port: number,
  policy: AddressPolicy,
  lookupName: NameLookup = systemLookup,
): Promise<readonly CanonicalAddress[]> {
  const addresses = await addressesOf(hostname.toLowerCase().replace(/\.$/, ''), lookupName);
  const verdicts = addresses
    .slice(0, MAX_ADDRESSES)
    .map((address) => ({ address, verdict: policy.check(address, port) }));
  const allowed = verdicts.filter(({ verdict }) => verdict === 'allowed');
  if (allowed.length === 0) throw refusal(hostname, port, verdicts[0]?.verdict ?? 'no_address');
  return allowed.map(({ address }) => canonicalAddress(address)).filter((address) => address !== null);
}

async function addressesOf(hostname: string, lookupName: NameLookup): Promise<readonly string[]> {
  const literal = canonicalAddress(hostname);
  if (literal !== null) return [literal.address];
  if (isLocalhost(hostname)) return LOCALHOST;
  const found = await lookupName(hostname).catch((cause: unknown) => {
    const fault = isLocalWant(cause) ? 'overloaded' : 'dns';
    throw new BackendError(fault, `no address was found for "${hostname}"`, { cause });
  });
  if (found.length === 0) throw new BackendError('dns', `"${hostname}" has no address`);
  return found;
}

/** Names the host but not the address behind it: what an internal name resolves to is not the tenant's to learn. */
export function refusal(hostname: string, port: number, verdict: AddressVerdict): BackendError {
  const why =
    verdict === 'own_listener'
      ? 'is a listener of this edge that apps may not reach'
      : 'has no address that this app may reach; the operator can allow its range';
  return new BackendError('refused_address', `"${hostname}" port ${port} ${why}`);
}
