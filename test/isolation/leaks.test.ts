/** A server under requests that end in every way: its process holds no more afterwards, as its metrics and the kernel tell it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { unfinished } from '../e2e/raw-client.ts';
import type { Outcome } from '../../src/outcome.ts';
import { besideBystander, untilInFlight, untilMetric } from './bystander.ts';
import { BYSTANDER, guest, limits, READ_BODY, wasi } from './guests.ts';

/** Requests of each way in one load. */
const COUNT = 100;
/** Of those whose client has a connection of its own, or whose guest uses up a budget. */
const FEW = 20;
/** Loads between the two counts. */
const LOADS_BETWEEN = 3;

/** Linear memories alive that count as few: idle ones, and dead ones of the last moment. A leak in one way is 400 of them. */
const FEW_MEMORIES = 150;
/** Attempts to have the others collected: at 1,000 dead ones the server sees to it. */
const AT_ONCE = 50;
const MOST_ATTEMPTS = 80;
/** Two for each of the few memories, and as many for the heap; a leak in one way is 600. */
const MAPPINGS_SLACK = 4 * FEW_MEMORIES;

const SPIN = '(loop $l (br $l))';
const SHORT = { cpu_ms: 2, wall_ms: 10_000 };

/** Apps whose guests end by themselves, with the outcome. */
const ENDING: readonly (readonly [app: string, outcome: Outcome | 'ok', count: number, app: TestApp])[] = [
  ['success', 'ok', COUNT, BYSTANDER],
  ['trap', 'guest_trap', COUNT, { module: guest({ handle: 'unreachable' }) }],
  ['stack', 'stack_limit', COUNT, { module: guest({ fields: '(func $f (call $f) (call $f))', handle: '(call $f)' }) }],
  [
    'growth',
    'memory_limit',
    COUNT,
    { module: guest({ handle: '(drop (memory.grow (i32.const 65000))) unreachable' }) },
  ],
  ['fault', 'guest_trap', COUNT, { module: guest({ fields: '(data (i32.const 65536) "beyond")' }) }],
  ['cpu', 'cpu_limit', FEW, { manifest: limits(SHORT), module: guest({ handle: SPIN }) }],
  ['start', 'cpu_limit', FEW, { manifest: limits(SHORT), module: guest({ fields: `(func $s ${SPIN}) (start $s)` }) }],
  ['asleep', 'wall_limit', FEW, { manifest: limits({ wall_ms: 50 }), module: sleeper() }],
  [
    'exit',
    'no_response',
    COUNT,
    { module: guest({ imports: wasi('proc_exit', '(param i32)'), handle: '(call $wasi (i32.const 1))' }) },
  ],
];
/** Apps whose guests wait for a body that does not come, and what ends them. */
const WAITING: Readonly<Record<string, TestApp>> = {
  hasty: { manifest: limits({ wall_ms: 50 }), module: guest({ memory: '2', handle: READ_BODY }) },
  patient: { manifest: limits({ wall_ms: 30_000 }), module: guest({ memory: '2', handle: READ_BODY }) },
};

/** A guest that asks to sleep for 20 seconds. */
function sleeper(): string {
  const subscription = '(data (i32.const 16) "\\01") (data (i32.const 24) "\\00\\c8\\17\\a8\\04")';
  const poll = '(drop (call $wasi (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))';
  return guest({
    imports: wasi('poll_oneoff', '(param i32 i32 i32 i32) (result i32)'),
    handle: poll,
    fields: subscription,
  });
}

let edge: Edge;

beforeAll(async () => {
  const ending = Object.fromEntries(ENDING.map(([name, , , app]) => [name, app]));
  edge = await startEdge({ apps: { bystander: BYSTANDER, ...ending, ...WAITING } });
});
afterAll(() => edge.stop());

/** Requests whose bodies never come: some until their deadline, others until their clients leave while the guest waits. */
async function wait(app: string): Promise<void> {
  const clients = Array.from({ length: FEW }, () => unfinished(edge, app));
  if (app === 'patient') await untilInFlight(edge, app, FEW);
  else await Promise.all(clients.map((client) => client.until(() => client.received.endsWith('}'))));
  for (const client of clients) client.leave();
}

async function load(): Promise<void> {
  for (const [app, outcome, count] of ENDING) {
    const answers = await Promise.all(Array.from({ length: count }, () => edge.fetch(app)));
    const outcomes = new Set(
      answers.map(({ headers, status }) => headers['kerb-outcome'] ?? (status === 200 ? 'ok' : status)),
    );
    expect([app, ...outcomes]).toEqual([app, outcome]);
  }
  for (const app of Object.keys(WAITING)) await wait(app);
}

/** What the process holds. */
interface Holdings {
  /** Open files, pipes and the like: everything but sockets, of which clients keep some open. */
  readonly files: number;
  /** Connections that their clients have closed and the process has not. */
  readonly abandoned: number;
  readonly mappings: number;
}

/**
 * Counts once nothing is in flight and dead memories are collected. Collection takes new memories to be triggered, hence the
 * requests; fails when it does not bring the memories down.
 */
async function settled(): Promise<Holdings> {
  for (const gauge of ['kerb_requests_in_flight', 'kerb_thread_requests']) {
    await untilMetric(edge, gauge, (requests) => requests === 0);
  }
  for (let attempts = 0; (await edge.metric('kerb_thread_memories')) > FEW_MEMORIES; attempts++) {
    expect(attempts).toBeLessThan(MOST_ATTEMPTS);
    await Promise.all(Array.from({ length: AT_ONCE }, () => edge.fetch('trap')));
  }
  const { pid } = edge.process;
  const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  return {
    files: descriptors.filter((target) => !target.startsWith('socket:')).length,
    abandoned: abandonedConnections(),
    mappings: readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').length,
  };
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor);
  } catch {
    // Closed since it was listed.
    return 'socket:';
  }
}

/** Connections of the edge's port in CLOSE_WAIT (8 in proc_net_tcp). */
function abandonedConnections(): number {
  const port = edge.port.toString(16).toUpperCase().padStart(4, '0');
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${edge.process.pid}/net/${name}`, 'utf8'));
  const entry = new RegExp(`^ *\\d+: [0-9A-F]+:${port} [0-9A-F]+:[0-9A-F]{4} 08 `, 'gm');
  return tables.reduce((count, table) => count + [...table.matchAll(entry)].length, 0);
}

it('requests that end in every way leave nothing in the process, however many there were', async () => {
  await besideBystander(edge, load);
  const before = await settled();
  await besideBystander(edge, async () => {
    for (let again = 0; again < LOADS_BETWEEN; again++) await load();
  });
  const after = await settled();
  expect(after.abandoned).toBe(0);
  expect(after.files - before.files).toBeLessThan(FEW);
  expect(after.mappings - before.mappings).toBeLessThan(MAPPINGS_SLACK);
}, 60_000);
