/** Peers that are small programs for the same Node as Kerb's. */
import { Started } from '../processes.ts';
import { ROOT, type Server, type ServerKind, type StartOptions } from './server.ts';

const LISTENING = /^listening on (\d+)$/m;

async function startProgram(file: string, args: readonly string[], { prefix }: StartOptions): Promise<Server> {
  const program = new Started({ program: process.execPath, args: [`${ROOT}bench/servers/${file}`, ...args], prefix });
  const port = Number((await program.until((said) => LISTENING.exec(said)))[1]);
  return { pid: program.pid, portOf: () => port, stop: () => program.stop() };
}

/** node:http, no guest at all. */
export const NODE_HTTP: ServerKind = {
  name: 'node:http',
  tone: 'peer',
  note: 'one thread, no guest at all: the answer is a constant, the echo a buffer handed back',
  start: (options) => startProgram('node-http-server.ts', ['plain'], options),
};

/** node:http in front of the guest, without any sandbox around it. */
export const NODE_HTTP_WASM: ServerKind = {
  name: 'node:http + wasm',
  tone: 'peer',
  note: 'the same modules and glue as in workerd, in the main thread, nothing limited',
  start: (options) => startProgram('node-http-server.ts', [options.instances], options),
};

/** uWebSockets.js, no guest at all: the ceiling of Kerb's transport. */
export const BARE_UWS: ServerKind = {
  name: 'bare uWS',
  tone: 'peer',
  note: "uWebSockets.js, Kerb's transport, one thread, no guest at all: what remains is the price of everything else",
  start: (options) => startProgram('uws-server.ts', [], options),
};
