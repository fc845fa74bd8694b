/** The URL by which a manifest names a backend. */
import { KerbError } from '../errors.ts';
import { checkTarget } from '../http/request-gate.ts';

/** A backend's URL, taken apart. */
export interface BackendUrl {
  /** Scheme, host and port: `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Host and, unless it is the scheme's own, port: what `Host` says. */
  readonly authority: string;
  /** The port to connect to. */
  readonly port: number;
  /** Path before every target: empty, or from `/` on and without one at its end. */
  readonly basePath: string;
}

/**
 * Takes a backend's URL apart. Its scheme is http or https; it has a host, and neither credentials nor query nor fragment.
 *
 * @throws {KerbError} `bad_manifest` when it is anything else.
 */
export function parseBackendUrl(text: string): BackendUrl {
  const url = URL.parse(text);
  if (url === null) throw bad(text, 'it is not a URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw bad(text, 'its scheme is neither http nor https');
  if (url.username !== '' || url.password !== '')
    throw bad(text, 'it has credentials; pass them in a field, from a secret');
  if (url.search !== '' || url.hash !== '') throw bad(text, 'it has a query or a fragment');
  if (checkTarget(url.pathname) !== null) throw bad(text, 'its path is not visible ASCII');
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { origin: url.origin, authority: url.host, port, basePath: url.pathname.replace(/\/+$/, '') };
}

/** Quotes without credentials: the message is logged. */
function bad(text: string, why: string): KerbError {
  const shown = JSON.stringify(text.replace(/\/\/[^/]*@/, '//***@').slice(0, 80));
  return new KerbError('bad_manifest', `the backend URL ${shown} is refused: ${why}`);
}
