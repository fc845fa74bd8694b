/** Keeps web pages of elsewhere out: what a browser says about where a request comes from must be the control port itself. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { parseAuthority } from '../http/authority.ts';
import { badRequest, Refusal } from './refusal.ts';
import { single } from './headers.ts';

/**
 * Throws 400 without one valid `Host` (RFC 9112 §3.2), and 403 for a request with an `Origin` that is not the host it was sent to. A page
 * whose own name was made to lead here (DNS rebinding) has the same name in both, so with an `Origin` the host must also be an address,
 * `localhost`, or one of `names`.
 */
export function checkOrigin(request: IncomingMessage, names: readonly string[]): void {
  const text = single(request, 'host');
  const host = text === null ? null : parseAuthority(text);
  if (host === null) throw badRequest('the header host is missing, or is not host[:port]');
  const origin = single(request, 'origin');
  if (origin === null) return;
  const from = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  const page = from === undefined ? null : parseAuthority(from);
  const same = page !== null && page.host === host.host && page.port === host.port;
  if (!same || !isOwnName(host.host, names)) {
    throw new Refusal(403, 'forbidden', 'requests from web pages of another origin are refused; there is no CORS');
  }
}

function isOwnName(host: string, names: readonly string[]): boolean {
  return host === 'localhost' || host.startsWith('[') || isIP(host) !== 0 || names.includes(host);
}
