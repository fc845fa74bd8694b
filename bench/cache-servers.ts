/** The contenders of benchmark `cache`, each with an origin of its own. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Affinity } from './affinity.ts';
import { Started } from './processes.ts';
import { nginxConfig, varnishProgram, type PeerPlace } from './servers/cache-peer-configs.ts';
import { startKerb } from './servers/kerb.ts';
import { Absent, ROOT } from './servers/server.ts';

const LISTENING = /^listening on (\d+)$/m;
const CONTROL = /control on http:\/\/127\.0\.0\.1:(\d+)/;

/** Ends everything with a tag. */
type PurgeTag = (tag: string) => Promise<void>;

/** A running cache in front of its origin. */
export interface CacheServer {
  readonly pid: number;
  readonly port: number;
  readonly originPort: number;
  /** What it calls itself, for those that are not part of this project's packages. */
  readonly version: string | null;
  /** `null`: it has no such thing. */
  readonly purgeTag: PurgeTag | null;
  stop(): Promise<void>;
}

/** How a contender is started. */
export interface CacheStart {
  /** An empty folder of its own. */
  readonly folder: string;
  readonly affinity: Affinity;
}

/** A kind of contender. */
export interface CacheKind {
  readonly name: string;
  readonly tone: 'own' | 'peer';
  readonly note: string;
  /** The field that tells of a hit, and what it then says. */
  readonly told: { readonly field: string; readonly hit: RegExp };
  /** Statuses that it makes itself from what is stored. */
  readonly makes: readonly number[];
  /** Settles when it serves. Rejects with {@link Absent} when it cannot run here. */
  start(how: CacheStart): Promise<CacheServer>;
}

type Part = Pick<CacheServer, 'port' | 'purgeTag' | 'version'> & { readonly process: Started };

/** Every contender; Kerb first. */
export const CACHE_KINDS: readonly CacheKind[] = [
  {
    name: 'Kerb',
    tone: 'own',
    note: 'one data thread; every request, hits too, runs a guest in a sandbox of its own in front of the cache, with all budgets, and the guest says "next"; there is no way around it',
    told: { field: 'cache-status', hit: /hit/ },
    makes: [200, 206, 304],
    start: (how) => behindOrigin(how, startKerbBehind),
  },
  {
    name: 'nginx',
    tone: 'peer',
    note: 'proxy_cache, one worker; no guest; stored in files that the system keeps in memory; looks every 500 ms for an answer that another request fetches',
    told: { field: 'x-cache', hit: /^HIT$/ },
    makes: [200, 206, 304],
    start: (how) => behindOrigin(how, startNginx),
  },
  {
    name: 'Varnish',
    tone: 'peer',
    note: 'standard thread pools, on the one core that the others have; no guest but its own VCL',
    told: { field: 'x-cache', hit: /^HIT$/ },
    makes: [200, 206, 304],
    start: (how) => behindOrigin(how, startVarnish),
  },
  {
    name: 'node:http + undici cache',
    tone: 'peer',
    note: "one thread, no guest; undici's cache in memory makes neither 304 nor 206 itself, and has no tags",
    told: { field: 'age', hit: /^\d+$/ },
    makes: [200],
    start: (how) => behindOrigin(how, startNodeProxy),
  },
];

async function behindOrigin(
  how: CacheStart,
  start: (place: PeerPlace, prefix: readonly string[]) => Promise<Part>,
): Promise<CacheServer> {
  const program = `${ROOT}bench/servers/cache-origin-program.ts`;
  const origin = new Started({ program: process.execPath, args: [program], prefix: how.affinity.load });
  try {
    const originPort = await portOf(origin);
    const place = { folder: how.folder, originPort, port: await freePort() };
    const { process: server, ...part } = await start(place, how.affinity.server);
    const stop = async (): Promise<void> => {
      await server.stop();
      await origin.stop();
    };
    return { pid: server.pid, originPort, ...part, stop };
  } catch (error) {
    await origin.stop();
    throw error;
  }
}

async function startKerbBehind({ folder, originPort }: PeerPlace, prefix: readonly string[]): Promise<Part> {
  const limits = '[limits]\nmemory_mb = 1\nconcurrency = 2000\ncache_mb = 256';
  const manifest = `origin = "main"\n${limits}\n[backends.main]\nurl = "http://127.0.0.1:${originPort}"\n`;
  const app = { name: 'shop', module: `${ROOT}bench/guests/forward.wasm`, manifest };
  const flags = ['--allow-backend', '127.0.0.0/8', '--cache', '512'];
  const { process: kerb, port } = await startKerb(folder, [app], 'off', prefix, { flags });
  const [, controlPort] = CONTROL.exec(kerb.said) ?? [];
  const token = readFileSync(join(folder, 'data', 'operator.token'), 'utf8').trim();
  const url = `http://127.0.0.1:${controlPort ?? ''}/v1/tenants/shop/purge`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const purgeTag: PurgeTag = (tag) => mustSucceed(url, { method: 'POST', headers, body: JSON.stringify({ tag }) });
  return { process: kerb, port, purgeTag, version: null };
}

async function startNginx(place: PeerPlace, prefix: readonly string[]): Promise<Part> {
  const version = versionOf('nginx', '-v', 'nginx');
  const file = join(place.folder, 'nginx.conf');
  writeFileSync(file, nginxConfig(place, process.getuid?.() === 0 ? 'root' : 'same'));
  const server = new Started({ program: 'nginx', args: ['-p', place.folder, '-e', 'stderr', '-c', file], prefix });
  await untilAnswers(server, place.port);
  return { process: server, port: place.port, purgeTag: null, version };
}

async function startVarnish(place: PeerPlace, prefix: readonly string[]): Promise<Part> {
  const version = versionOf('varnishd', '-V', 'varnish');
  const file = join(place.folder, 'varnish.vcl');
  writeFileSync(file, varnishProgram(place));
  const places = ['-a', `127.0.0.1:${place.port}`, '-n', join(place.folder, 'work'), '-f', file];
  const args = ['-F', '-j', 'none', '-s', 'malloc,512m', ...places];
  const server = new Started({ program: 'varnishd', args, prefix });
  await untilAnswers(server, place.port);
  const url = `http://127.0.0.1:${place.port}/`;
  const purgeTag: PurgeTag = (tag) => mustSucceed(url, { method: 'BAN', headers: { 'x-tag': tag } });
  return { process: server, port: place.port, purgeTag, version };
}

async function startNodeProxy({ originPort }: PeerPlace, prefix: readonly string[]): Promise<Part> {
  const args = [`${ROOT}bench/servers/cache-proxy-program.ts`, `${originPort}`];
  const server = new Started({ program: process.execPath, args, prefix });
  return { process: server, port: await portOf(server), purgeTag: null, version: null };
}

/** The version of an installed program, which says it on standard error. Throws {@link Absent} when it is not there. */
function versionOf(program: string, flag: string, debianPackage: string): string {
  const { error, stderr } = spawnSync(program, [flag], { encoding: 'utf8', timeout: 5_000 });
  if (error === undefined) return /\d+(?:\.\d+)+/.exec(stderr)?.[0] ?? 'of an unknown version';
  throw new Absent(`it is not installed: on Debian and Ubuntu, \`sudo apt-get install ${debianPackage}\``);
}

async function mustSucceed(url: string, request: RequestInit): Promise<void> {
  const answer = await fetch(url, request);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a purge was answered ${answer.status}: ${text}`);
}

async function portOf(program: Started): Promise<number> {
  return Number((await program.until((said) => LISTENING.exec(said)))[1]);
}

/** A port that nobody listens on now: for programs that do not say which one they took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const LOOK = { everyMs: 50, most: 400 } as const;

/** Settles when a program that says nothing of it answers. Rejects when it has ended, or does not within twenty seconds. */
async function untilAnswers(program: Started, port: number): Promise<void> {
  for (let look = 0; look < LOOK.most && program.running; look++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    await answer?.arrayBuffer();
    if (answer !== null) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK.everyMs));
  }
  const said = program.said.trim();
  await program.stop();
  throw new Absent(`it does not serve: ${said}`);
}
