/** Engines that take images and serve with them, for tests of both. */
import { afterEach } from 'vitest';
import type { Exchange, Reply } from '../../../src/abi/abi.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { Engine, type RehearsalPurpose } from '../../../src/runtime/engine.ts';
import type { Snapshot, StartImage } from '../../../src/runtime/start-image.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { WatchdogLink } from '../../../src/runtime/watchdog.ts';
import { exchange, processBudgets, watchdogShare } from './harness.ts';

const engines: Engine[] = [];

/** What the guests of one test have logged. */
export const lines: string[] = [];

/** An engine, closed after the test. */
export function engine(): Engine {
  const log = { keeps: () => true, write: (_tenant: string, _level: string, line: string) => void lines.push(line) };
  const [watchdog, counters] = [new WatchdogLink(watchdogShare(), 0), TenantCounters.create(10)];
  const made = new Engine({ watchdog, budgets: processBudgets(), counters, threads: 1, log });
  engines.push(made);
  return made;
}

afterEach(() => {
  for (const one of engines.splice(0)) one.close();
  lines.length = 0;
});

/** What came of a rehearsal. Rejects with how it failed. */
export async function snapshotOf(deployment: Deployment, purpose?: RehearsalPurpose): Promise<Snapshot> {
  const rehearsal = await engine().rehearse(deployment, purpose);
  if (rehearsal.outcome === 'failed') throw new Error(`${rehearsal.failure.outcome}: ${rehearsal.failure.detail}`);
  return rehearsal.snapshot;
}

/** The image that a rehearsal takes. Rejects where it takes none. */
export async function imageOf(deployment: Deployment, purpose?: RehearsalPurpose): Promise<StartImage> {
  const snapshot = await snapshotOf(deployment, purpose);
  if (snapshot.kind === 'none') throw new Error(`no image: ${snapshot.why}`);
  return snapshot.image;
}

/** The deployment with its image, as another thread gets it. */
export async function imaged(deployment: Deployment): Promise<Deployment> {
  return { ...deployment, image: structuredClone(await imageOf(deployment)) };
}

async function bodyOf(reply: Reply): Promise<string> {
  if (reply.kind === 'streamed') throw new Error('streamed');
  if (reply.kind === 'whole') return Buffer.from(reply.body).toString();
  const pieces: Uint8Array[] = [];
  for (let piece = await reply.body.read(65_536); piece !== null; piece = await reply.body.read(65_536))
    pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** The whole body that a guest answers with. Rejects with how it failed. */
export async function ask(on: Engine, deployment: Deployment, changes: Partial<Exchange> = {}): Promise<string> {
  const run = await on.run(deployment, on.open(deployment), exchange(changes));
  if (run.outcome === 'failed') throw new Error(`${run.failure.outcome}: ${run.failure.detail}`);
  return bodyOf(run.reply);
}
