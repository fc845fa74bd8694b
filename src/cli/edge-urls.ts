/** Where an app serves, as addresses to click on. */
import { DEFAULT_CONTROL } from './connection.ts';

/** The edge's port of a server that was started without saying. */
const DEFAULT_EDGE_PORT = '8080';

/**
 * Addresses of `hosts` under the prefix `path`. The control API does not know the edge's port: it is that of `KERB_EDGE_PORT`, or the standard
 * one when the control port is the standard one; otherwise it is left out. A host with a wildcard has no address and stays as it is.
 */
export function edgeUrls(
  hosts: readonly string[],
  path: string,
  base: string,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const port = env['KERB_EDGE_PORT'] || (new URL(base).port === new URL(DEFAULT_CONTROL).port ? DEFAULT_EDGE_PORT : '');
  const suffix = port === '' ? '' : `:${port}`;
  return hosts.map((host) => (host.startsWith('*') ? `${host}${path}` : `http://${host}${suffix}${path}`));
}
