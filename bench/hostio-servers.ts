/** The contenders of benchmark `hostio`, each with an origin of its own. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Affinity } from './affinity.ts';
import { hostioApps } from './hostio-cases.ts';
import { Started } from './processes.ts';
import { startKerb } from './servers/kerb.ts';
import { ROOT } from './servers/server.ts';

const LISTENING = /^listening on (\d+)$/m;

/** A running contender. */
export interface HostioServer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** How a contender is started. */
export interface HostioStart {
  readonly folder: string;
  readonly affinity: Affinity;
  /** Tenants that wait: as many pools for the peer. */
  readonly tenants: number;
  /** Where the collector's trace goes; `null`: none is made. */
  readonly gcTrace: string | null;
}

/** A kind of contender. */
export interface HostioKind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  readonly note: string;
  start(how: HostioStart): Promise<HostioServer>;
}

/** Kerb, and plain Node as its peer. */
export const HOSTIO_KINDS: readonly [HostioKind, HostioKind] = [
  {
    name: 'Kerb',
    tone: 'own',
    note: 'one data thread; each request in a sandbox of its own, whose guest says "next"',
    start: (how) =>
      behindOrigin(how, async (originPort) => {
        const extra = { flags: ['--allow-backend', '127.0.0.0/8'], nodeFlags: traceFlags(how) };
        const folder = mkdtempSync(join(how.folder, 'kerb-'));
        const { process: kerb, port } = await startKerb(
          folder,
          hostioApps(originPort, how.tenants),
          'off',
          prefixOf(how),
          extra,
        );
        return { process: kerb, port };
      }),
  },
  {
    name: 'node:http + undici',
    tone: 'peer',
    note: "one thread, no guest: undici's dispatch writes into the response; as many pools as Kerb has, in turn",
    start: (how) =>
      behindOrigin(how, async (originPort) => {
        const args = [...traceFlags(how), `${ROOT}bench/servers/proxy-program.ts`, `${originPort}`, `${how.tenants}`];
        const proxy = new Started({ program: process.execPath, args, prefix: prefixOf(how) });
        return { process: proxy, port: await portOf(proxy) };
      }),
  },
];

async function behindOrigin(
  { affinity }: HostioStart,
  start: (originPort: number) => Promise<{ readonly process: Started; readonly port: number }>,
): Promise<HostioServer> {
  const program = `${ROOT}bench/servers/origin-program.ts`;
  const origin = new Started({ program: process.execPath, args: [program], prefix: affinity.load });
  const { process: server, port } = await start(await portOf(origin));
  return {
    pid: server.pid,
    port,
    stop: async () => {
      await server.stop();
      await origin.stop();
    },
  };
}

async function portOf(program: Started): Promise<number> {
  return Number((await program.until((said) => LISTENING.exec(said)))[1]);
}

function traceFlags({ gcTrace }: HostioStart): string[] {
  return gcTrace === null ? [] : ['--trace-gc'];
}

/** The trace goes to stdout: a shell that the server then replaces sends it to the file. */
function prefixOf({ affinity, gcTrace }: HostioStart): readonly string[] {
  if (gcTrace === null) return affinity.server;
  return ['sh', '-c', 'exec "$@" >"$0"', gcTrace, ...affinity.server];
}
