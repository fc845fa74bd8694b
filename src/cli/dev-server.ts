/** The server of `kerb dev`: the same program as in production. */
import { ServerProcess } from '../process/server-process.ts';
import { DEV_HOST } from './dev-port.ts';

/** What a server is started with. */
export interface DevServerOptions {
  readonly tenants: string;
  readonly data: string;
  /** 0: any free one. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Who hears what the server says, line by line. */
export interface DevServerEvents {
  /** A line of the access log: JSON. */
  readonly onRecord: (line: string) => void;
  /** A line of the server's own log. */
  readonly onLog: (line: string) => void;
}

/** How long requests in flight get at the end: whoever presses Ctrl-C waits for it. */
const DRAIN_MS = 1_000;

/** As `npm start` permits: backends on this machine. */
const LOOPBACK = ['--allow-backend', '127.0.0.0/8', '--allow-backend', '::1/128'];

/** Starts it. */
export function startDevServer(options: DevServerOptions, { onRecord, onLog }: DevServerEvents): ServerProcess {
  return new ServerProcess({ flags: flagsOf(options), env: options.env }, { onOutput: onRecord, onLog });
}

function flagsOf({ tenants, data, port }: DevServerOptions): string[] {
  const places = ['--tenants', tenants, '--data', data, '--access-log', '-', '--log-level', 'info'];
  const ports = ['--host', DEV_HOST, '--edge-port', String(port), '--control-port', '0'];
  return [...places, ...ports, '--threads', '1', '--drain-ms', String(DRAIN_MS), ...LOOPBACK];
}
