/** Kerb over a data folder that has its tenants already. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_FLAGS } from '../../src/setup/commands.js';
import { Started } from '../processes.ts';
import { ROOT } from './server.ts';

const READY = /ready: (\d+) apps on http:\/\/127\.0\.0\.1:(\d+), control on http:\/\/127\.0\.0\.1:(\d+)/;
/** A hundred thousand tenants are read from the store before it serves. */
const START_TIMEOUT_MS = 300_000;

/** How it is started. */
export interface StoredKerbStart {
  /** Its data folder. */
  readonly data: string;
  /** Flags for Kerb. */
  readonly flags?: readonly string[];
  /** Flags for Node. */
  readonly nodeFlags?: readonly string[];
  /** Words before its command line. */
  readonly prefix?: readonly string[];
}

/** A Kerb that serves. */
export interface StoredKerb {
  readonly process: Started;
  readonly port: number;
  readonly controlPort: number;
  /** From its start until it served. */
  readonly startMs: number;
}

/** Starts it, with one data thread and no access log; settles when it serves. */
export async function startStoredKerb(start: StoredKerbStart): Promise<StoredKerb> {
  const { data, flags = [], nodeFlags = [], prefix = [] } = start;
  const tenants = join(data, 'no-tenants');
  mkdirSync(tenants, { recursive: true });
  const folders = ['--tenants', tenants, '--data', data];
  const ports = ['--edge-port', '0', '--control-port', '0'];
  const own = [...folders, ...ports, '--threads', '1', '--access-log', 'off'];
  const began = performance.now();
  const kerb = new Started({
    program: process.execPath,
    args: [...SERVER_FLAGS, ...nodeFlags, `${ROOT}src/main.ts`, 'serve', ...own, ...flags],
    prefix,
  });
  const [, , port, controlPort] = await kerb.until((said) => READY.exec(said), START_TIMEOUT_MS);
  return { process: kerb, port: Number(port), controlPort: Number(controlPort), startMs: performance.now() - began };
}
