/**
 * The traffic generator as a process of its own, so that it can be placed on a core: reads a plan from the file that its first
 * argument names, says `begin` and `end` around the time that is measured, writes the results to the second file, says `done`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { openConnections, READY_CONNECTIONS } from './ready-connections.ts';
import { ClosedLoop } from './traffic-closed.ts';
import { OpenLoopTraffic } from './traffic-open.ts';
import type { TrafficPlan } from './traffic.ts';

/** How long answers that are owed may take after the end. */
const GRACE_MS = 6_000;
const LOOK_MS = 20;

const [, , planFile = '', resultFile = ''] = process.argv;
const { port, traffic, warmUpMs, measureMs } = JSON.parse(readFileSync(planFile, 'utf8')) as TrafficPlan;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (word: string): void => void process.stdout.write(`${word}\n`);

const ready = await Promise.all(
  traffic.map((one) => openConnections(port, one.kind === 'closed' ? one.lanes : READY_CONNECTIONS)),
);
const beginMs = performance.now() + warmUpMs;
const window = { beginMs, endMs: beginMs + measureMs };
const loops = traffic.map((one, at) => {
  const connections = ready[at] ?? [];
  if (one.kind === 'open') return new OpenLoopTraffic(one, port, window, connections);
  const loop = new ClosedLoop(one, window);
  loop.start(connections);
  return loop;
});
await pause(warmUpMs);
say('begin');
await pause(window.endMs - performance.now());
say('end');
for (const loop of loops) loop.stop();
const deadline = performance.now() + GRACE_MS;
while (performance.now() < deadline && loops.some(({ owed }) => owed > 0)) await pause(LOOK_MS);
for (const loop of loops) if (loop instanceof OpenLoopTraffic) loop.giveUp();
writeFileSync(resultFile, JSON.stringify(loops.map(({ record }) => record.result())));
say('done');
process.exit();
