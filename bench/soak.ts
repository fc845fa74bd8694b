/** Benchmark `soak`: a long time of everything at once: tenants that wake and rest, hostile ones, and some that come, change and go. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Client } from '../src/cli/client.ts';
import type { LoadNews, LoadThreadOptions } from '../src/lab/load-thread.ts';
import type { Fault, LoadReport } from '../src/lab/load.ts';
import { stock } from '../src/lab/stock.ts';
import { labTenants, stockApps } from '../src/lab/tenants.ts';
import { memoryUseOf } from './memory-use.ts';
import { metricsOf, sampleIn } from './metrics.ts';
import type { Report, RunOptions } from './report.ts';
import { ROOT } from './servers/server.ts';
import { startStoredKerb, type StoredKerb } from './servers/stored-kerb.ts';
import { CHURN, LOOK_MS, SOAK_RATE, SOAK_TARGET_MIB, SOAK_TENANTS } from './soak-cases.ts';
import { Churn } from './soak-churn.ts';
import {
  soakAims,
  soakChart,
  soakData,
  soakTables,
  type SoakLook,
  type SoakResult,
  type SoakSpell,
} from './soak-report.ts';

/** Runs it, for `minutes`. Rejects when Kerb does not start. */
export async function soak(options: RunOptions): Promise<Report> {
  const { minutes, scale, say } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kerb-bench-soak-'));
  const tenants = SOAK_TENANTS[scale];
  try {
    const data = join(folder, 'data');
    say(`${tenants.tenants} tenants: stored`);
    await stock(data, stockApps(labTenants(tenants)));
    const kerb = await startStoredKerb({ data, flags: ['--memory-target', `${SOAK_TARGET_MIB}`] });
    try {
      return report(await new Course(kerb, data, options).run(minutes), options);
    } finally {
      await kerb.process.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One soak of one Kerb. */
class Course {
  readonly #kerb: StoredKerb;
  readonly #data: string;
  readonly #options: RunOptions;
  readonly #looks: SoakLook[] = [];
  readonly #spells: SoakSpell[] = [];
  #faults: readonly Fault[] = [];
  #beganMs = 0;

  constructor(kerb: StoredKerb, data: string, options: RunOptions) {
    this.#kerb = kerb;
    this.#data = data;
    this.#options = options;
  }

  /** Settles when the time is over, or Kerb has ended by itself. */
  async run(minutes: number): Promise<SoakResult> {
    const { say } = this.#options;
    const stop = new AbortController();
    const churn = new Churn({ client: this.#client(), port: this.#kerb.port, say });
    this.#beganMs = performance.now();
    const churning = churn.run(stop.signal);
    const looking = this.#lookUntil(stop.signal);
    try {
      await this.#load(minutes * 60_000);
    } finally {
      stop.abort();
      await Promise.all([churning, looking]);
    }
    return {
      minutes,
      looks: this.#looks,
      spells: this.#spells,
      churn: churn.counts,
      died: this.#kerb.process.running ? null : (this.#kerb.process.exitCode ?? -1),
      faults: this.#faults.map(({ tenant, kind, what }) => `${tenant} (${kind}): ${what}`),
    };
  }

  /** Nothing aborts its requests: what has begun is seen whole. */
  #client(): Client {
    const token = readFileSync(join(this.#data, 'operator.token'), 'utf8').trim();
    const base = `http://127.0.0.1:${this.#kerb.controlPort}`;
    return new Client({ base, token, tokenRemedy: 'run it again', signal: new AbortController().signal });
  }

  /** The open load, in a thread of its own; ends with Kerb too. */
  async #load(ms: number): Promise<void> {
    const { scale } = this.#options;
    const plan = {
      port: this.#kerb.port,
      shape: 'azure' as const,
      exponent: 1,
      seed: SOAK_TENANTS[scale].seed,
      rate: SOAK_RATE.good,
      hostileRate: SOAK_RATE.hostile,
      phases: [{ name: 'hostile' as const, ms }],
    };
    const workerData: LoadThreadOptions = { plan, tenants: SOAK_TENANTS[scale] };
    const thread = new Worker(`${ROOT}src/lab/load-thread.ts`, { workerData });
    const { promise: over, resolve } = Promise.withResolvers<void>();
    thread.on('message', ({ kind, report: news }: LoadNews) => {
      this.#hear(news);
      if (kind === 'over') resolve();
    });
    try {
      await Promise.race([
        over,
        this.#kerb.process.ended,
        once(thread, 'error').then(([error]) => Promise.reject(error as Error)),
      ]);
    } finally {
      await thread.terminate();
    }
  }

  #hear({ tallies, faults }: LoadReport): void {
    const atMs = performance.now() - this.#beganMs;
    this.#faults = faults;
    for (const { sent, wrong, unexpected, refused, lost, warmMs, coldMs } of tallies)
      this.#spells.push({ atMs, sent, wrong, unexpected, refused, lost, warmMs: [...warmMs], coldMs: [...coldMs] });
  }

  async #lookUntil(signal: AbortSignal): Promise<void> {
    const { say } = this.#options;
    for (let next = LOOK_MS; !signal.aborted; next += LOOK_MS) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next + this.#beganMs - performance.now())));
      if (signal.aborted || !this.#kerb.process.running) return;
      const look = await this.#look().catch(() => null);
      if (look === null) continue;
      this.#looks.push(look);
      if (this.#looks.length % 30 === 0)
        say(`minute ${(look.atMs / 60_000).toFixed(0)}: ${look.residentMib.toFixed(0)} MiB`);
    }
  }

  async #look(): Promise<SoakLook> {
    const use = await memoryUseOf(this.#kerb.process.pid);
    const metrics = await metricsOf(this.#kerb.controlPort);
    return {
      ...use,
      atMs: performance.now() - this.#beganMs,
      awake: sampleIn(metrics, 'kerb_tenants_awake'),
      wakes: sampleIn(metrics, 'kerb_wakes_total{result="woken"}'),
    };
  }
}

function report(result: SoakResult, { scale }: RunOptions): Report {
  const { tenants, hostile } = SOAK_TENANTS[scale];
  const { steps } = result.churn;
  const notes = [
    `One process with one data thread and a memory target of ${SOAK_TARGET_MIB} MiB, for ${result.minutes} min; nothing is pinned. Milliseconds from when a request was due.`,
    `${tenants.toLocaleString('en-US')} tenants, sample apps in five languages over three ABIs, half of them with a module of their own, as popular as in the Azure Functions trace: ${SOAK_RATE.good} requests/s in an open loop. Beside them ${SOAK_RATE.hostile} requests/s to ${hostile * 100} % more that loop, recurse, grow, fill, trap and flood their logs.`,
    `${CHURN.tenants} tenants more come, change and go by the control plane: ${steps.create} created, ${steps.deploy} deployed anew, ${steps.rollback} rolled back, ${steps.delete} deleted, each with modules that were never seen before, and asked after each step.`,
    'first: tenants that had not answered before. refused: capacity, a tenant’s own limits. wrong: any byte, status or field that is not as it must be. unexpected: outcomes that the guest was not made for. files: open descriptors that are no sockets; sockets: mostly those of the load.',
    ...result.faults.map((fault) => `fault: ${fault}`),
  ];
  return {
    name: 'soak',
    tables: soakTables(result, notes),
    charts: { soak: soakChart(result) },
    aims: soakAims(result),
    absent: [],
    data: soakData(result),
  };
}
