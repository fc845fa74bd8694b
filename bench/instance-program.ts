/**
 * Benchmark `instance` for one case, in a process of its own: requests through Kerb's engine beside new instances of the same
 * module, in turns. Its arguments are pages, live instances, rounds, cycles and seconds of a batch at most, and seconds of the
 * warm-up; it prints one line of JSON per batch.
 */
import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import type { Exchange } from '../src/abi/abi.ts';
import { NO_FILES } from '../src/capability/files.ts';
import { NO_STORES } from '../src/capability/stores.ts';
import { HTTP_WASM } from '../src/abi/http-wasm/http-wasm.ts';
import { HeaderList } from '../src/http/headers.ts';
import { instrument } from '../src/instrument/instrument.ts';
import type { Deployment } from '../src/runtime/deployment.ts';
import { Engine } from '../src/runtime/engine.ts';
import { PROCESS_BUDGETS, ProcessBudgets, type Ceilings } from '../src/runtime/process-budgets.ts';
import { TenantCounters } from '../src/runtime/tenant-counters.ts';
import { Watchdog, WatchdogLink } from '../src/runtime/watchdog.ts';
import { CONTENDERS, instanceGuest, type Batch, type ContenderName } from './instance-cases.ts';
import { turnOrder } from './measurement.ts';
import { tallyOf } from './instance-tally.ts';

const [pages = 1, live = 0, rounds = 1, mostCycles = 1_000, seconds = 1, warmUpSeconds = 1] = process.argv
  .slice(2)
  .map(Number);

/** One request at a time comes near none of them. */
const CEILINGS = Object.fromEntries(PROCESS_BUDGETS.map((budget) => [budget, 1_000_000])) as Ceilings;

/** Cycles between two turns of the event loop, which finalizers and the watchdog's reports need. */
const CYCLES_PER_TURN = 256;

const bytes = instanceGuest(pages);
const EXCHANGE: Exchange = {
  request: { method: 'GET', target: '/', protocol: 'HTTP/1.1', headers: new HeaderList(), client: { ip: '', port: 1 } },
  body: null,
  origin: null,
  backend: () => null,
  issuer: () => null,
  signer: () => null,
  forwarded: { for: '', proto: 'http', host: '' },
  signal: new AbortController().signal,
  stream: () => {
    throw new TypeError('a short response is not streamed');
  },
};

type Cycle = () => void | Promise<void>;

/** Kerb's whole way behind the transport: account, sandbox, instance, ABI, call, reset. */
function kerbCycle(engine: Engine, deployment: Deployment): Cycle {
  return async () => {
    const run = await engine.run(deployment, engine.open(deployment), EXCHANGE);
    if (run.outcome !== 'ok') throw new Error(`${run.failure.outcome}: ${run.failure.detail}`);
  };
}

function deploymentOf(id: number, state: 'as compiled' | 'never put back'): Deployment {
  const { imports, suspending, exports } = HTTP_WASM;
  const { bytes: rewritten, report } = instrument(bytes, { imports, suspending, exports, maxMemoryPages: pages });
  return {
    id,
    tenant: 'instance',
    version: '1',
    hosts: ['instance.localhost'],
    path: '/',
    abi: HTTP_WASM.name,
    isolation: 'request',
    image: null,
    module: new WebAssembly.Module(rewritten),
    shape: state === 'as compiled' ? report : { ...report, stateExports: null },
    budgets: {
      cpuMs: 1_000,
      cpuWeight: 100,
      cpuMsPerSecond: null,
      cpuBurstMs: 1_000,
      wallMs: 10_000,
      concurrency: 1,
      requestBodyBytes: 0,
      subrequests: 0,
      cacheBytes: 0,
      webSockets: 0,
    },
    receipt: false,
    grants: { config: new Uint8Array(0), env: {}, files: NO_FILES, stores: NO_STORES, geo: false },
    origin: null,
    backends: [],
    jwt: [],
    onFailure: [],
    allowBackends: [],
    slot: 0,
    figuresSlot: null,
  };
}

/** The same module as it was uploaded, with a memory of its own and the least host that it needs, made once. */
function naiveCycle(): Cycle {
  const module = new WebAssembly.Module(bytes);
  let memory: WebAssembly.Memory | null = null;
  const body = (_kind: number, at: number, length: number): void => {
    if (memory !== null) new Uint8Array(memory.buffer, at, length).slice();
  };
  const imports = { http_handler: { write_body: body } };
  return () => {
    const { exports } = new WebAssembly.Instance(module, imports);
    memory = exports['memory'] as WebAssembly.Memory;
    (exports['handle_request'] as () => bigint)();
  };
}

/** Other tenants' instances, each with a memory of its own that has been used. */
function othersAlive(count: number): WebAssembly.Instance[] {
  const module = new WebAssembly.Module(instanceGuest(1));
  return Array.from({ length: count }, () => {
    const instance = new WebAssembly.Instance(module, { http_handler: { write_body: () => undefined } });
    (instance.exports['handle_request'] as () => bigint)();
    return instance;
  });
}

const collections: PerformanceEntry[] = [];
const observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

/** Repeats a cycle until it has run so often or so long. Begins without garbage of the batch before. */
async function batch(cycle: Cycle, limits: { readonly cycles: number; readonly seconds: number }): Promise<Batch> {
  globalThis.gc?.();
  await turn();
  collections.length = 0;
  const begin = performance.now();
  const times = new Float64Array(limits.cycles);
  const deadline = begin + limits.seconds * 1_000;
  const before = process.cpuUsage();
  let cycles = 0;
  while (cycles < limits.cycles && performance.now() < deadline) {
    const end = Math.min(limits.cycles, cycles + CYCLES_PER_TURN);
    for (; cycles < end; cycles++) {
      const start = performance.now();
      const running = cycle();
      if (running !== undefined) await running;
      times[cycles] = (performance.now() - start) * 1_000;
    }
    await turn();
  }
  const { user, system } = process.cpuUsage(before);
  // The one that was asked for may be reported late.
  const pauses = collections.filter(({ startTime }) => startTime >= begin).map(({ duration }) => duration);
  return {
    ...tallyOf(times.subarray(0, cycles)),
    cycles,
    cpu: (user + system) / cycles,
    collections: pauses.length,
    collectingMs: pauses.reduce((sum, one) => sum + one, 0),
    longestCollectionMs: Math.max(0, ...pauses),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

const watchdog = new Watchdog(1);
const engine = new Engine({
  watchdog: new WatchdogLink(watchdog.share, 0),
  budgets: ProcessBudgets.create(CEILINGS),
  counters: TenantCounters.create(1),
  threads: 1,
  log: { keeps: () => false, write: () => undefined },
});
const cycles: Readonly<Record<ContenderName, Cycle>> = {
  restored: kerbCycle(engine, deploymentOf(1, 'as compiled')),
  renewed: kerbCycle(engine, deploymentOf(2, 'never put back')),
  naive: naiveCycle(),
};
const names = Object.keys(CONTENDERS) as ContenderName[];
const others = othersAlive(live);
for (const name of names) await batch(cycles[name], { cycles: mostCycles, seconds: warmUpSeconds });
for (let round = 0; round < rounds; round++) {
  for (const at of turnOrder(names.length, round)) {
    const name = names[at] as ContenderName;
    const result = await batch(cycles[name], { cycles: mostCycles, seconds });
    process.stdout.write(`${JSON.stringify({ round, name, batch: result })}\n`);
  }
}
engine.close();
await watchdog.close();
if (others.length !== live) throw new Error('the other instances have to live until here');
