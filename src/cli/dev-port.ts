/** The port that `kerb dev` serves on. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { KerbError } from '../errors.ts';

/** Ports that are tried when nobody names one: the edge's standard port and those after it. */
const FIRST_PORT = 8080;
const PORTS = 20;

/** The only address that `kerb dev` listens on. */
export const DEV_HOST = '127.0.0.1';

/**
 * The port that was asked for, or the first free one from 8080 on. 0 is any free port, and stays 0.
 *
 * Throws a KerbError `cannot_listen` when the one that was asked for is taken, or all that are tried are.
 */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted === 0) return 0;
  const candidates = wanted === undefined ? Array.from({ length: PORTS }, (_, i) => FIRST_PORT + i) : [wanted];
  for (const port of candidates) if (await isFree(port)) return port;
  const which = wanted === undefined ? `ports ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} are` : `port ${wanted} is`;
  const remedy = 'name another with --port, or leave it out for the first free one from 8080 on';
  throw new KerbError(
    'cannot_listen',
    `${which} taken on ${DEV_HOST}; ${wanted === undefined ? 'choose one with --port' : remedy}`,
  );
}

/** Whether a server can listen there now. Somebody may still come first; the server says so then. */
async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen({ port, host: DEV_HOST, exclusive: true });
  try {
    await once(probe, 'listening');
  } catch {
    return false; // Taken, or not allowed: either way it is not to be had.
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
