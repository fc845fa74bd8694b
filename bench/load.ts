/** The load generator: wrk, driven by a script of ours, whose last line tells what happened. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Started } from './processes.ts';
import { EXCHANGES, hostsOf, type App } from './workload.ts';

/** What one run of wrk saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Connections that failed or broke, requests that timed out, responses of 400 and above. */
  readonly errors: number;
  /** Closed loop: a slow server is asked less, so that this says nothing of its latency under a given rate. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Where the load goes. */
export interface Load {
  readonly port: number;
  /** The script of the load, made by {@link loadScript} or {@link scriptWith}. */
  readonly script: string;
  readonly connections: number;
  readonly seconds: number;
  /** Words before the command line. */
  readonly prefix: readonly string[];
}

const RESULT = /^kerb-bench (.+)$/m;
const KEYS = ['requests', 'us', 'connect', 'read', 'write', 'status', 'timeout', 'p50', 'p99'] as const;

/** wrk's version, or `null` when it is not there. */
export function wrkVersion(): string | null {
  const { stdout, error } = spawnSync('wrk', ['-v'], { encoding: 'utf8', timeout: 5_000 });
  if (error !== undefined) return null;
  return /^wrk\s+(\S+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** What to do when there is no wrk. */
export const WRK_MISSING =
  'wrk is not installed: on Debian and Ubuntu, `sudo apt-get install wrk`; on macOS, `brew install wrk`';

/** Applies load for so many whole seconds. Rejects when wrk fails or says nothing that can be understood. */
export async function applyLoad(load: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-load-'));
  try {
    const script = join(folder, 'load.lua');
    writeFileSync(script, load.script);
    const options = ['-t', '1', '-c', `${load.connections}`, '-d', `${load.seconds}s`, '--latency', '-s', script];
    const wrk = new Started({
      program: 'wrk',
      args: [...options, `http://127.0.0.1:${load.port}/`],
      prefix: load.prefix,
    });
    try {
      return await wrk.until(parseLoadResult);
    } finally {
      await wrk.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the line that our script ends with; `null` when it is not there (yet). Throws when it lacks a figure. */
export function parseLoadResult(said: string): LoadResult | null {
  const line = RESULT.exec(said)?.[1];
  if (line === undefined || !said.includes('\n', said.indexOf(line))) return null;
  const given = new Map(line.split(' ').map((pair) => pair.split('=') as [string, string]));
  const figures = Object.fromEntries(KEYS.map((key) => [key, Number(given.get(key) ?? Number.NaN)]));
  const of = (key: (typeof KEYS)[number]): number => figures[key] ?? Number.NaN;
  if (KEYS.some((key) => !Number.isFinite(of(key)))) throw new Error(`wrk's script said: ${line}`);
  return {
    requests: of('requests'),
    seconds: of('us') / 1e6,
    errors: of('connect') + of('read') + of('write') + of('status') + of('timeout'),
    p50Us: of('p50'),
    p99Us: of('p99'),
  };
}

/**
 * The script in Lua. With one Host wrk formats the request once; with several a `request` function hands out ready texts in
 * turn, so that the generator does as little as it can.
 */
export function loadScript(app: App): string {
  const { method, body } = EXCHANGES[app];
  const hosts = hostsOf(app);
  const lines = [`wrk.method = "${method}"`];
  if (body !== null) lines.push(`wrk.body = [==[${body}]==]`, 'wrk.headers["Content-Type"] = "application/json"');
  if (hosts.length === 1) lines.push(`wrk.headers["Host"] = "${hosts[0]}"`);
  else lines.push(rotation(hosts));
  return scriptWith(lines);
}

/** A script in Lua of these lines that says at its end what {@link parseLoadResult} reads. */
export function scriptWith(lines: readonly string[]): string {
  const pattern = KEYS.map((key) => `${key}=%d`).join(' ');
  const report = [
    'function done(summary, latency)',
    '  local e = summary.errors',
    `  io.write(string.format("kerb-bench ${pattern}\\n", summary.requests, summary.duration, e.connect, e.read,`,
    '    e.write, e.status, e.timeout, latency:percentile(50), latency:percentile(99)))',
    'end',
  ];
  return `${[...lines, ...report].join('\n')}\n`;
}

function rotation(hosts: readonly string[]): string {
  return [
    'local texts, at = {}, 0',
    'function init()',
    `  for _, host in ipairs({ ${hosts.map((host) => `"${host}"`).join(', ')} }) do`,
    '    texts[#texts + 1] = wrk.format(nil, "/", { Host = host })',
    '  end',
    'end',
    'function request()',
    '  at = at % #texts + 1',
    '  return texts[at]',
    'end',
  ].join('\n');
}
