/**
 * The generator of visits as a process of its own: reads a plan from the file that its first argument names, says `begin` and `end` around
 * the visits, writes what came of them to the second file, says `done`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Connection } from '../src/lab/connection.ts';
import { Connections } from '../src/lab/connections.ts';
import type { Exchange } from '../src/lab/exchange.ts';
import { openConnections, READY_CONNECTIONS } from './ready-connections.ts';
import { TIMER_MS } from './traffic-open.ts';
import { VisitsRecord } from './visits-record.ts';
import { exchangesOf, type VisitOrder, type VisitPlan } from './visits.ts';

/** How long answers may take after the last visit on schedule. */
const GRACE_MS = 10_000;
const LOOK_MS = 20;

const [, , planFile = '', resultFile = ''] = process.argv;
const { port, visited, order } = JSON.parse(readFileSync(planFile, 'utf8')) as VisitPlan;
const known = exchangesOf(visited);
const exchanges = order.places.map((place) => known[place] as Exchange);
const record = new VisitsRecord(exchanges);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (word: string): void => void process.stdout.write(`${word}\n`);

/** Makes visits from the common list until there are none left. */
function visitInTurn(connection: Connection, left: Iterator<[number, Exchange]>): Promise<void> {
  return new Promise((resolve) => {
    const next = (): void => {
      const step = left.next();
      if (step.done === true) return resolve();
      const [visit, { request }] = step.value;
      const sinceMs = performance.now();
      connection.ask(request, (response) => {
        const { firstByteMs, from } = connection;
        record.made({ visit, sinceMs, firstByteMs, nowMs: performance.now(), response, from });
        next();
      });
    };
    next();
  });
}

async function visitOnSchedule(
  { atMs }: Extract<VisitOrder, { kind: 'on schedule' }>,
  ready: readonly Connection[],
): Promise<void> {
  const connections = new Connections(port, ready);
  const startMs = performance.now();
  for (const [visit, dueMs] of atMs.entries()) {
    const sinceMs = startMs + dueMs;
    await until(sinceMs);
    record.late(performance.now() - sinceMs);
    connections.ask((exchanges[visit] as Exchange).request, (response, { firstByteMs, from }) => {
      record.made({ visit, sinceMs, firstByteMs, nowMs: performance.now(), response, from });
    });
  }
}

/** Sleeps while there is time for it, and polls the rest. */
async function until(momentMs: number): Promise<void> {
  for (let left = momentMs - performance.now(); left > 0; left = momentMs - performance.now()) {
    if (left > TIMER_MS) await pause(1);
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

const ready = await openConnections(port, order.kind === 'in turn' ? order.lanes : READY_CONNECTIONS);
say('begin');
if (order.kind === 'on schedule') await visitOnSchedule(order, ready);
else {
  const left = exchanges.entries();
  await Promise.all(ready.map((connection) => visitInTurn(connection, left)));
}
say('end');
const deadline = performance.now() + GRACE_MS;
while (performance.now() < deadline && record.left > 0) await pause(LOOK_MS);
writeFileSync(resultFile, JSON.stringify(record.result()));
say('done');
process.exit();
