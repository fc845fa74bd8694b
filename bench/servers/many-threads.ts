/** A Worker thread per tenant, in the same Node as Kerb's. */
import { Started } from '../processes.ts';
import type { ManyServer, ManyStart } from './many-workerd.ts';
import { ROOT } from './server.ts';

const LISTENING = /^listening on (\d+)$/m;

/** Starts it; tenants have no thread yet. */
export async function startManyThreads({ modules, prefix }: ManyStart): Promise<ManyServer> {
  const began = performance.now();
  const args = [`${ROOT}bench/servers/many-threads-program.ts`, modules];
  const server = new Started({ program: process.execPath, args, prefix });
  const port = Number((await server.until((said) => LISTENING.exec(said)))[1]);
  return { process: server, port, startMs: performance.now() - began };
}
