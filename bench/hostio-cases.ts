/** The cases of benchmark `hostio`. Pure. */
import type { KerbApp } from './servers/kerb.ts';
import { MODULES, ROOT } from './servers/server.ts';
import type { ClosedTraffic, OpenTraffic } from './traffic.ts';

/** How long the origin waits before it answers. */
export const WAIT_MS = 100;
/** Requests for this path are answered all together, when none has come for so long. */
export const HOLD_PATH = '/hold';
export const HOLD_MS = 3_000;

/** Requests at once. */
export const WIDTHS = [1_000, 5_000, 10_000] as const;

/** Requests at once of each tenant: a slow origin that many tenants have would be unusual, and a single one too. */
export const REQUESTS_PER_TENANT = 100;

/** The tenant that waits for nothing. */
export const LIGHT = { name: 'light', perSecond: 100 } as const;

/** Files that a server needs beside two connections per request. */
const OTHER_FILES = 400;

/** Tenants among which so many requests are shared out. */
export function tenantsFor(width: number): number {
  return Math.ceil(width / REQUESTS_PER_TENANT);
}

/** A width that a server can have open at both sides under a limit of open files. */
export function widthWithin(width: number, openFiles: number): number {
  return Math.min(width, Math.floor((openFiles - OTHER_FILES) / 2));
}

/** The hard limit of open files in the text of `/proc/<pid>/limits`; Node raises its own limit to it. `Infinity`: none. */
export function openFilesOf(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === 'unlimited' ? Infinity : Number(hard);
}

/** The name of a tenant that waits. */
export function waiterName(index: number): string {
  return `waiter-${index}`;
}

/** So many tenants whose guest hands every request on to the origin, and the light one. */
export function hostioApps(originPort: number, tenants: number): KerbApp[] {
  const manifest = [
    'origin = "slow"',
    '[limits]',
    'memory_mb = 1',
    'concurrency = 2000',
    '[backends.slow]',
    `url = "http://127.0.0.1:${originPort}"`,
    '',
  ].join('\n');
  const waiters = Array.from({ length: tenants }, (_, at) => waiterName(at));
  return [
    { name: LIGHT.name, module: MODULES.hello, manifest: '[limits]\nmemory_mb = 1\n' },
    ...waiters.map((name) => ({ name, module: `${ROOT}bench/guests/forward.wasm`, manifest })),
  ];
}

/** Requests that wait at the origin, always so many; `hold`: each once, until the origin lets all of them go. */
export function waitingTraffic(width: number, tenants: number, mode: 'rate' | 'hold'): ClosedTraffic {
  return {
    kind: 'closed',
    name: 'waiting',
    hosts: Array.from({ length: tenants }, (_, at) => `${waiterName(at)}.localhost`),
    path: mode === 'hold' ? HOLD_PATH : '/',
    lanes: width,
    repeat: mode === 'hold' ? 'once' : 'always',
    // A client that is refused comes again as soon as one that waits: refusals do not crowd out the rest.
    pauseMs: WAIT_MS,
  };
}

/** The requests of the light tenant beside them. */
export const LIGHT_TRAFFIC: OpenTraffic = {
  kind: 'open',
  name: LIGHT.name,
  host: `${LIGHT.name}.localhost`,
  path: '/',
  perSecond: LIGHT.perSecond,
};
