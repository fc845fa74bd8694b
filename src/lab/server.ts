/** The Kerb under test: a process of its own over a data folder, started, looked at and ended. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KerbError } from '../errors.ts';
import { ServerProcess } from '../process/server-process.ts';
import { KEPT_LOG_LINES, SCRAPE_SHARE } from './limits.ts';
import { readMetrics, type ServerMetrics } from './metrics-read.ts';
import { processFigures, type ProcessFigures } from './process-figures.ts';

/** What a server is started with; `null`: Kerb's own default. */
export interface LabServerOptions {
  /** A folder of the lab's own, in which everything is made that is missing. */
  readonly folder: string;
  readonly threads: number | null;
  readonly memoryTargetMib: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How a server is doing. */
export type ServerLook = ProcessFigures & { readonly metrics: ServerMetrics | null };

const READY = /ready: \d+ apps on http:\/\/127\.0\.0\.1:(\d+), control on http:\/\/127\.0\.0\.1:(\d+)/;

/** How long requests in flight get at the end: hostile ones are among them. */
const DRAIN_MS = 2_000;

/** A running server. */
export class LabServer {
  /** Where it serves. */
  readonly port: number;
  readonly pid: number;
  /** Milliseconds from its start until it served. */
  readonly startMs: number;
  readonly #process: ServerProcess;
  readonly #control: string;
  readonly #log: readonly string[];
  #metrics: ServerMetrics | null = null;
  #scrapeAgainMs = 0;

  private constructor(process: ServerProcess, ready: RegExpExecArray, startMs: number, log: readonly string[]) {
    this.#process = process;
    this.port = Number(ready[1]);
    this.#control = `http://127.0.0.1:${ready[2]}`;
    this.pid = process.pid ?? 0;
    this.startMs = startMs;
    this.#log = log;
  }

  /** Starts one; settles when it serves. Rejects with `cannot_start` and what it said when it ends instead. */
  static async start(options: LabServerOptions): Promise<LabServer> {
    const began = performance.now();
    const { promise: ready, resolve } = Promise.withResolvers<RegExpExecArray>();
    const log: string[] = [];
    await mkdir(join(options.folder, 'tenants'), { recursive: true });
    const process = new ServerProcess(
      { flags: flagsOf(options), env: options.env },
      {
        onOutput: () => undefined,
        onLog: (line) => {
          const found = READY.exec(line);
          if (found !== null) resolve(found);
          if (log.push(line) > KEPT_LOG_LINES) log.shift();
        },
      },
    );
    const found = await Promise.race([ready, process.ended]);
    if (typeof found === 'number')
      throw new KerbError('bad_config', `the server has ended with code ${found} before it served`, log);
    return new LabServer(process, found, performance.now() - began, log);
  }

  /** Settles with its exit code when it has ended; it does so by itself only when something is broken. */
  get ended(): Promise<number> {
    return this.#process.ended;
  }

  /** The last lines of its log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Looks at it. Metrics are those of the last look where asking for them takes long: that work is the server's own. */
  async look(): Promise<ServerLook> {
    const [figures] = await Promise.all([processFigures(this.pid), this.#scrape()]);
    return { ...figures, metrics: this.#metrics };
  }

  /** Asks it to end; answers its exit code. */
  stop(): Promise<number> {
    this.#process.stop();
    return this.#process.ended;
  }

  async #scrape(): Promise<void> {
    const began = performance.now();
    if (began < this.#scrapeAgainMs) return;
    this.#scrapeAgainMs = Infinity;
    try {
      const answer = await fetch(`${this.#control}/metrics`, { signal: AbortSignal.timeout(10_000) });
      this.#metrics = readMetrics(await answer.text());
    } catch {
      // It is ending, or too busy to tell: what was known stays.
    }
    const now = performance.now();
    this.#scrapeAgainMs = now + (now - began) / SCRAPE_SHARE;
  }
}

function flagsOf({ folder, threads, memoryTargetMib }: LabServerOptions): string[] {
  const places = ['--tenants', join(folder, 'tenants'), '--data', join(folder, 'data')];
  const ports = ['--host', '127.0.0.1', '--edge-port', '0', '--control-port', '0'];
  const log = ['--access-log', 'off', '--log-level', 'info', '--drain-ms', String(DRAIN_MS)];
  return [
    ...places,
    ...ports,
    ...log,
    ...(threads === null ? [] : ['--threads', String(threads)]),
    ...(memoryTargetMib === null ? [] : ['--memory-target', String(memoryTargetMib)]),
  ];
}
