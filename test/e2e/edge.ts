/** A real Kerb for tests: its own process, folders and ports, driven over real sockets. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Agent, request } from 'undici';
import { stock, type StockApp } from '../../src/lab/stock.ts';
import { SERVER_FLAGS } from '../../src/setup/commands.js';
import { assemble } from '../wat.ts';
import { TestProcess } from './process.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

/** An app made for a test. */
export interface TestApp {
  /** Lines of kerb.toml after `name` and `main`. */
  readonly manifest?: string;
  /** The module: bytes or text. */
  readonly module: Uint8Array | string;
  /** More files of the folder, by their paths in it. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** What an edge is started with. */
export interface EdgeOptions {
  /** Apps by name, each with the host `<name>.localhost`. */
  readonly apps?: Readonly<Record<string, TestApp>>;
  /** Folders of the repository's `tenants/` to copy in; `manifest` rewrites the text of each kerb.toml. */
  readonly samples?: readonly string[];
  /** Folders of the repository's `examples/` to copy in, with their modules: see `examples.ts`. */
  readonly examples?: readonly string[];
  readonly manifest?: (text: string) => string;
  /** Tenants of the store, each with its app in force, as deploys would have left them. */
  readonly stored?: readonly StockApp[];
  /** More command-line flags. */
  readonly flags?: readonly string[];
  /** File descriptors that the process may have (`RLIMIT_NOFILE`); by default those of the test. */
  readonly descriptors?: number;
}

/** A request of a test. */
export interface TestRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/** A response, wholly read. */
export interface TestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

/** One line of the access log or of a guest. */
export interface LogLine {
  readonly kind: 'access' | 'guest';
  readonly [key: string]: unknown;
}

/** A running edge. */
export class Edge extends TestProcess {
  readonly folder: string;
  readonly #flags: readonly string[];
  readonly #descriptors: number | undefined;
  readonly #agent = new Agent({ connections: 256, pipelining: 1 });
  #port = 0;
  #controlPort = 0;

  constructor(folder: string, flags: readonly string[], descriptors?: number) {
    const standard = ['--edge-port', '0', '--control-port', '0', '--threads', '1'];
    const folders = ['--tenants', join(folder, 'tenants'), '--data', join(folder, 'data')];
    const argv = ['serve', ...standard, ...folders, ...flags];
    super(join(ROOT, 'src/main.ts'), argv, { flags: SERVER_FLAGS, descriptors });
    this.folder = folder;
    this.#flags = flags;
    this.#descriptors = descriptors;
  }

  get tenants(): string {
    return join(this.folder, 'tenants');
  }

  get port(): number {
    return this.#port;
  }

  get controlPort(): number {
    return this.#controlPort;
  }

  /** The log lines so far. */
  get log(): LogLine[] {
    const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits for a line of standard error. */
  untilSaid(text: string | RegExp): Promise<true> {
    return this.until(() => (typeof text === 'string' ? this.stderr.includes(text) : text.test(this.stderr)) || null);
  }

  /** Waits for a log line. */
  untilLogged(match: (line: LogLine) => boolean): Promise<LogLine> {
    return this.until(() => this.log.find(match));
  }

  /** Waits until it serves, for the `time`th time when it starts anew. */
  async ready(time = 1): Promise<this> {
    const said = /ready: .*:(\d+), control on .*:(\d+)/g;
    const found = await this.until(() => [...this.stderr.matchAll(said)][time - 1]);
    this.#port = Number(found[1]);
    this.#controlPort = Number(found[2]);
    return this;
  }

  /** Sends a request to an app by its name, or to a host with a dot. */
  async fetch(app: string, path = '/', { method = 'GET', headers, body }: TestRequest = {}): Promise<TestResponse> {
    const host = app.includes('.') ? app : `${app}.localhost`;
    const response = await request(`http://127.0.0.1:${this.#port}${path}`, {
      method: method as 'GET',
      headers: { host, ...headers },
      body: (body ?? null) as Buffer | null,
      dispatcher: this.#agent,
    });
    const bytes = Buffer.from(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: response.headers, body: bytes, text: bytes.toString() };
  }

  /** A text from the control port. */
  async control(path: string): Promise<string> {
    const response = await request(`http://127.0.0.1:${this.#controlPort}${path}`, { dispatcher: this.#agent });
    return response.body.text();
  }

  /**
   * What a metric is now: one sample, where its labels are given as `/metrics` writes them, or else all of its samples together.
   * Throws where there is none.
   */
  async metric(sample: string): Promise<number> {
    const lines = (await this.control('/metrics')).split('\n');
    const found = lines.filter((line) => line.startsWith(`${sample} `) || line.startsWith(`${sample}{`));
    if (found.length === 0) throw new Error(`there is no ${sample} among the metrics`);
    return found.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** How many requests of a tenant are in flight. */
  inFlight(tenant: string): Promise<number> {
    return this.metric(`kerb_requests_in_flight{tenant="${tenant}"}`);
  }

  /** Writes or replaces an app's folder while the edge runs. */
  async put(name: string, app: TestApp): Promise<void> {
    await writeApp(this.tenants, name, app);
  }

  /** Waits until the process has ended, and starts another over the same folders; settles when that serves. */
  async restart(): Promise<Edge> {
    await this.ended;
    await this.#agent.close();
    return new Edge(this.folder, this.#flags, this.#descriptors).ready();
  }

  /** Asks it to end; settles with the exit code. */
  async stop(): Promise<number | null> {
    const code = await (this.alive ? this.end('SIGTERM') : this.ended);
    await this.#agent.close();
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }
}

async function writeApp(tenants: string, name: string, { manifest = '', module, files = {} }: TestApp): Promise<void> {
  const folder = join(tenants, name);
  await mkdir(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  await writeFile(join(folder, 'handler.wasm'), typeof module === 'string' ? assemble(module) : module);
  await writeFile(join(folder, 'kerb.toml'), `name = "${name}"\nmain = "handler.wasm"\n${manifest}\n`);
}

/** Prepares folders and starts a Kerb on free ports; settles when it serves. The caller stops it. */
export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const edge = await launchEdge(options);
  try {
    return await edge.ready();
  } catch (error) {
    await edge.stop();
    throw error;
  }
}

/** As {@link startEdge}, without waiting: for starts that fail. */
export async function launchEdge({
  apps = {},
  samples = [],
  examples = [],
  manifest,
  stored = [],
  flags = [],
  descriptors,
}: EdgeOptions): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), 'kerb-test-'));
  const tenants = join(folder, 'tenants');
  await mkdir(tenants);
  for (const [name, app] of Object.entries(apps)) await writeApp(tenants, name, app);
  for (const sample of samples) await copySample(sample, tenants, manifest);
  for (const example of examples)
    await cp(join(ROOT, 'examples', example), join(tenants, example), { recursive: true });
  if (stored.length > 0) await stock(join(folder, 'data'), stored);
  return new Edge(folder, flags, descriptors);
}

async function copySample(name: string, tenants: string, rewrite?: (text: string) => string): Promise<void> {
  await cp(join(ROOT, 'tenants', name), join(tenants, name), { recursive: true });
  if (rewrite === undefined) return;
  const file = join(tenants, name, 'kerb.toml');
  await writeFile(file, rewrite(await readFile(file, 'utf8')));
}
