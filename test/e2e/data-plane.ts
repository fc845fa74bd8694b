/** The data plane alone for tests: real threads and sockets, with a deployment table that tests write themselves. */
import { Agent, request } from 'undici';
import type { TenantHome } from '../../src/capability/stores.ts';
import type { Deployment } from '../../src/runtime/deployment.ts';
import { TenantCounters } from '../../src/runtime/tenant-counters.ts';
import { VersionCounters } from '../../src/runtime/version-counters.ts';
import { Watchdog } from '../../src/runtime/watchdog.ts';
import { DataThreads } from '../../src/server/data-threads.ts';
import { guest, RESPONSE } from '../guests.ts';
import { deploymentOf, processBudgets } from '../unit/runtime/harness.ts';

const DRAIN_MS = 5_000;

/** What a data plane is started with. */
export interface DataPlaneOptions {
  readonly threads?: number;
  readonly accessLog?: 'keep' | 'off';
}

/** A data plane that listens. */
export class DataPlane {
  readonly threads: DataThreads;
  readonly counters: TenantCounters;
  readonly versions: VersionCounters;
  /** Lines of the access log. */
  readonly lines: Record<string, unknown>[];
  /** Tenants of which a thread serves nothing any more. */
  readonly unserved: readonly TenantHome[];
  readonly #watchdog: Watchdog;
  readonly #agents = new Map<string, Agent>();

  private constructor(
    parts: Pick<DataPlane, 'threads' | 'counters' | 'versions' | 'lines' | 'unserved'>,
    watchdog: Watchdog,
  ) {
    this.threads = parts.threads;
    this.counters = parts.counters;
    this.versions = parts.versions;
    this.lines = parts.lines;
    this.unserved = parts.unserved;
    this.#watchdog = watchdog;
  }

  static async start(options: DataPlaneOptions = {}): Promise<DataPlane> {
    const { threads: count = 2, accessLog = 'off' } = options;
    const watchdog = new Watchdog(count);
    const [counters, versions] = [TenantCounters.create(4), VersionCounters.create(4)];
    const lines: Record<string, unknown>[] = [];
    const unserved: TenantHome[] = [];
    const threads = await DataThreads.start(
      {
        threads: count,
        sliceMs: 1,
        host: '127.0.0.1',
        port: 0,
        watchdog: watchdog.share,
        counters: counters.share,
        versions: versions.share,
        budgets: processBudgets().share,
        memoryTargetMib: 1024,
        accessLog,
        logLevel: 'info',
        allowBackends: [],
        neverReach: [],
        splitKey: Buffer.from('the same for each run of the tests'),
      },
      {
        onLines: (text) => {
          for (const line of text.trimEnd().split('\n')) lines.push(JSON.parse(line) as Record<string, unknown>);
        },
        onFault: (message) => {
          throw new Error(message);
        },
        onKv: () => Promise.resolve({ kind: 'fault', fault: 'unavailable' }),
        onObject: () => Promise.resolve({ kind: 'fault', fault: 'unavailable' }),
        onObjectRelease: () => undefined,
        onWake: () => undefined,
        onUnserved: (home) => void unserved.push(home),
        onDeath: (error) => {
          throw error;
        },
      },
    );
    await threads.listen();
    return new DataPlane({ threads, counters, versions, lines, unserved }, watchdog);
  }

  get port(): number {
    return this.threads.port;
  }

  /** Asks `app.localhost` from an address of the loopback network. */
  async fetch(ip = '127.0.0.1', path = '/'): Promise<{ status: number; text: string; receipt: string }> {
    const agent = this.#agents.get(ip) ?? new Agent({ localAddress: ip, connections: 4 });
    this.#agents.set(ip, agent);
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${this.port}${path}`, {
      headers: { host: 'app.localhost' },
      dispatcher: agent,
    });
    return { status: statusCode, text: await body.text(), receipt: String(headers['kerb-receipt']) };
  }

  /** What each of these clients is answered. */
  async textsFor(ips: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(ips.map((ip) => this.fetch(ip)));
    return answers.map(({ text }) => text);
  }

  /** Settles when no request is in flight: a client may have its answer before the request is counted. */
  async idle(): Promise<void> {
    while (this.counters.inFlight(0) > 0) await new Promise(setImmediate);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.close()));
    await this.threads.drain(DRAIN_MS);
    await this.#watchdog.close();
  }
}

/** A version of the tenant `app`, serving `app.localhost` to as many clients at once as a test has. */
export function version(module: Uint8Array<ArrayBuffer>, changes: Partial<Deployment> = {}): Deployment {
  const made = deploymentOf(module, { tenant: 'app', hosts: ['app.localhost'], receipt: true });
  return { ...made, budgets: { ...made.budgets, concurrency: 1_000 }, ...changes };
}

/** A guest that answers with a word, after what `code` does. */
export function saying(word: string, code = ''): Uint8Array<ArrayBuffer> {
  return guest((text) => ({ handle: `${code} (call $write ${RESPONSE} ${text(word)}) (i64.const 0)` }));
}
