/** Benchmark `runaway`: guests that do not end, how soon they are ended, and what others notice of it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureArming } from './arming.ts';
import { Client, OpenLoop, type Stream, type Timed } from './client.ts';
import type { AbsentPeer, Report, RunOptions } from './report.ts';
import { BYSTANDER, CASES, runawayApps, type Attack } from './runaway-cases.ts';
import {
  parseAccessLog,
  runawayAims,
  runawayChart,
  runawayData,
  runawayTables,
  type Charged,
  type RunawayResult,
} from './runaway-report.ts';
import { startKerb } from './servers/kerb.ts';
import type { VmTimeouts } from './vm-timeout-program.ts';
import { measureVmTimeouts } from './vm-timeout.ts';

/** Attempts per case; their number bounds how far into the tail one can look. */
const ATTEMPTS = { full: 200, quick: 20 } as const;
/** Attempts before them, while V8 optimises the host. */
const WARM_UPS = 5;
/** How long the bystander is watched alone, in milliseconds. */
const ALONE_MS = { full: 5_000, quick: 1_000 } as const;
const BYSTANDER_PER_SECOND = 200;

/** Runs it. Nothing is pinned: the watchdog needs a core to wake up on beside the one that a guest keeps busy. */
export async function runaway({ scale, say }: RunOptions): Promise<Report> {
  say('arming');
  const arming = await measureArming(scale);
  say('vm timeout');
  const { vm, absent } = await measurePeer(ATTEMPTS[scale]);
  const result: RunawayResult = { ...(await attack(scale, say)), arming, vm };
  return {
    name: 'runaway',
    tables: runawayTables(result),
    charts: { runaway: runawayChart(result) },
    aims: runawayAims(result),
    absent,
    data: { affinity: 'not pinned', bystanderPerSecond: BYSTANDER_PER_SECOND, results: runawayData(result) },
  };
}

async function measurePeer(samples: number): Promise<{ vm: VmTimeouts | null; absent: AbsentPeer[] }> {
  try {
    return { vm: await measureVmTimeouts(samples), absent: [] };
  } catch (error) {
    return { vm: null, absent: [{ name: 'vm timeout', reason: `it did not stop the loop: ${String(error)}` }] };
  }
}

type Attacked = Pick<RunawayResult, 'cases' | 'alone' | 'beside'>;

async function attack(scale: RunOptions['scale'], say: RunOptions['say']): Promise<Attacked> {
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-runaway-'));
  const log = join(folder, 'access.log');
  const kerb = await startKerb(folder, runawayApps(), log, []);
  const client = new Client(kerb.port);
  try {
    const alone = await watch(client, () => new Promise((resolve) => setTimeout(resolve, ALONE_MS[scale])));
    const attempts = new Map<string, Timed[]>();
    const beside: Partial<Record<Attack, Stream>> = {};
    for (const [name, cases] of Map.groupBy(CASES, (one) => one.attack)) {
      say(name);
      beside[name] = await watch(client, async () => {
        for (const { tenant } of cases) attempts.set(tenant, await attackOne(client, tenant, ATTEMPTS[scale]));
      });
    }
    await kerb.process.stop();
    return { cases: joined(attempts, parseAccessLog(readFileSync(log, 'utf8'))), alone, beside };
  } finally {
    client.close();
    await kerb.process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the bystander sees while `during` goes on. */
async function watch(client: Client, during: () => Promise<void>): Promise<Stream> {
  const stream = new OpenLoop(client, `${BYSTANDER}.localhost`, BYSTANDER_PER_SECOND);
  try {
    await during();
  } finally {
    await stream.stop();
  }
  return stream.stop();
}

async function attackOne(client: Client, tenant: string, count: number): Promise<Timed[]> {
  const attempts: Timed[] = [];
  for (let at = 0; at < count + WARM_UPS; at++) attempts.push(await client.get(`${tenant}.localhost`));
  return attempts.slice(WARM_UPS);
}

/** Puts what the client saw beside what the server charged: both come in the same order, one request at a time. */
function joined(attempts: ReadonlyMap<string, readonly Timed[]>, charged: readonly Charged[]): RunawayResult['cases'] {
  return CASES.map((one) => ({
    ...one,
    attempts: attempts.get(one.tenant) ?? [],
    charged: charged.filter(({ tenant }) => tenant === one.tenant).slice(WARM_UPS),
  }));
}
