/** The cases of benchmark `neighbour`, and their traffic. Pure. */
import type { KerbApp } from './servers/kerb.ts';
import { ENDLESS_PATH, SPIN_MODULE, spinPath } from './spin.ts';
import type { ClosedTraffic, OpenTraffic, TrafficPlan } from './traffic.ts';

/** The tenant that must not notice the others: its name and Host, its rate, and what a request of it computes. */
export const VICTIM = { name: 'victim', perSecond: 500, cpuMs: 0.3 } as const;

/** The CPU budget of the others, which is the standard one, and their requests in flight each. */
export const HOG = { cpuMs: 50, lanes: 4, most: 32 } as const;

/** So many hogs, with the victim or without it. */
export interface NeighbourCase {
  readonly hogs: number;
  readonly victim: 'present' | 'absent';
}

/** The cases in order: the victim alone, beside more and more hogs, and the hogs without it. */
export function neighbourCases(hogs: readonly number[]): NeighbourCase[] {
  return [
    { hogs: 0, victim: 'present' },
    ...hogs.map((count): NeighbourCase => ({ hogs: count, victim: 'present' })),
    ...hogs.map((count): NeighbourCase => ({ hogs: count, victim: 'absent' })),
  ];
}

/** The name of a hog. */
export function hogName(index: number): string {
  return `hog-${index}`;
}

/** Every tenant. */
export const NEIGHBOURS: readonly string[] = [VICTIM.name, ...Array.from({ length: HOG.most }, (_, at) => hogName(at))];

/** Victim and hogs as apps of Kerb: the same module, under the standard CPU budget. */
export function neighbourApps(): KerbApp[] {
  return NEIGHBOURS.map((name) => ({
    name,
    module: SPIN_MODULE,
    // The victim's requests pile up where nothing is preempted: no limit of its own is to hide that.
    manifest: `[limits]\ncpu_ms = ${HOG.cpuMs}\nmemory_mb = 1\nconcurrency = ${name === VICTIM.name ? 2000 : 200}\n`,
  }));
}

/** How hogs are asked: until their budget ends them, or, of a server without budgets, for work of that length. */
export type HogWork = 'endless' | 'bounded';

/** The CPU milliseconds of a lane's first request: spread evenly over a budget, so that lanes do not end in step. */
export function firstCpuMs(lane: number, lanes: number): number {
  return (HOG.cpuMs * (lane + 1)) / (lanes + 1);
}

/** The traffic of a case. */
export function neighbourTraffic(
  { hogs, victim }: NeighbourCase,
  work: HogWork,
  perMs: number,
): TrafficPlan['traffic'] {
  const light: OpenTraffic = {
    kind: 'open',
    name: VICTIM.name,
    host: `${VICTIM.name}.localhost`,
    path: spinPath(VICTIM.cpuMs, perMs),
    perSecond: VICTIM.perSecond,
  };
  const lanes = hogs * HOG.lanes;
  const heavy: ClosedTraffic = {
    kind: 'closed',
    name: 'hogs',
    hosts: Array.from({ length: hogs }, (_, at) => `${hogName(at)}.localhost`),
    path: work === 'endless' ? ENDLESS_PATH : spinPath(HOG.cpuMs, perMs),
    firstPaths: Array.from({ length: lanes }, (_, lane) => spinPath(firstCpuMs(lane, lanes), perMs)),
    lanes,
    repeat: 'always',
    pauseMs: 0,
  };
  return [...(victim === 'present' ? [light] : []), ...(hogs > 0 ? [heavy] : [])];
}
