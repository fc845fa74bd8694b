/** Real guests in real sandboxes, without threads: deployments made by the real compiler, a watchdog that only tests drive. */
import { HTTP_WASM } from '../../../src/abi/http-wasm/http-wasm.ts';
import type { Exchange } from '../../../src/abi/abi.ts';
import { prepareModule } from '../../../src/control/compilation.ts';
import { TypeCensus } from '../../../src/control/type-census.ts';
import { NO_GEO } from '../../../src/capability/geo.ts';
import { NO_OBJECTS } from '../../../src/capability/object-cache.ts';
import { NO_KV } from '../../../src/capability/kv.ts';
import { NO_FILES } from '../../../src/capability/files.ts';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { guestHost } from '../../../src/runtime/guest-host.ts';
import { ownRates } from '../../../src/runtime/rate-table.ts';
import { MemoryLedger } from '../../../src/runtime/memory-ledger.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { ProcessBudgets, type Ceilings } from '../../../src/runtime/process-budgets.ts';
import { LiveMemories } from '../../../src/runtime/live-memories.ts';
import type { SandboxSurroundings } from '../../../src/runtime/sandbox.ts';
import { Scheduler, type SchedulerClock } from '../../../src/runtime/scheduler.ts';
import { SpareStacks } from '../../../src/runtime/spare-stacks.ts';
import { FIRST_ACTIVE, WatchdogLink, type WatchdogShare } from '../../../src/runtime/watchdog.ts';

export const ABI = HTTP_WASM;

/** What data threads and the watchdog share, with nobody ticking. */
export function watchdogShare(threads = 1): WatchdogShare {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (FIRST_ACTIVE + threads))),
    epochs: Array.from({ length: threads }, () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })),
  };
}

/** Clocks that tests turn. */
export class TestClock implements SchedulerClock {
  wall = 1000;
  cpu = 500;

  nowMs(): number {
    return this.wall;
  }

  threadCpuMs(): number {
    return this.cpu;
  }

  /** Lets time pass on both clocks. */
  run(ms: number): void {
    this.wall += ms;
    this.cpu += ms;
  }
}

/** Budgets of a process with room for everything, but for what is said otherwise. */
export function processBudgets(ceilings: Partial<Ceilings> = {}): ProcessBudgets {
  const plenty = {
    requests: 8_000,
    memories: 8_000,
    memory_pages: 200_000,
    sockets: 1_000,
    resident_mib: 1e6,
    mappings: 50_000,
    code_mib: 3_000,
    websockets: 1_000,
  };
  return ProcessBudgets.create({ ...plenty, ...ceilings });
}

const rates = ownRates();

let ids = 0;

/** A deployment of a module. */
export function deploymentOf(module: Uint8Array<ArrayBuffer>, changes: Partial<Deployment> = {}): Deployment {
  const { bytes, abi, shape } = prepareModule(
    { bytes: module, abi: 'auto', maxMemoryPages: 1024 },
    { census: TypeCensus.create(1_000), maxModuleBytes: 1_000_000 },
  );
  ids += 1;
  return {
    id: ids,
    tenant: 'tenant',
    version: 'v',
    hosts: ['tenant.localhost'],
    path: '/',
    abi,
    isolation: 'request',
    module: new WebAssembly.Module(bytes),
    shape,
    image: null,
    budgets: {
      cpuMs: 1000,
      cpuWeight: 100,
      cpuMsPerSecond: null,
      cpuBurstMs: 1000,
      wallMs: 10_000,
      concurrency: 10,
      requestBodyBytes: 1000,
      subrequests: 1,
      cacheBytes: 0,
      webSockets: 10,
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
    ...changes,
  };
}

/** What sandboxes of one test share. */
export class Surroundings implements SandboxSurroundings {
  readonly share = watchdogShare();
  readonly watchdog = new WatchdogLink(this.share, 0);
  readonly epoch = this.watchdog.epoch;
  readonly clock: SchedulerClock | undefined;
  readonly scheduler: Scheduler;
  readonly budgets = processBudgets();
  readonly memories = new LiveMemories(new MemoryLedger(this.budgets, TenantCounters.create(1)), 1);
  readonly stacks = new SpareStacks();
  readonly lines: string[] = [];

  constructor(clock?: SchedulerClock) {
    this.clock = clock;
    this.scheduler = new Scheduler(this.watchdog, { clock });
  }

  readonly hostFor: SandboxSurroundings['hostFor'] = (deployment, memory, task) =>
    guestHost(deployment, memory, task, {
      log: { keeps: () => true, write: (_tenant, _level, message) => void this.lines.push(message) },
      hold: () => undefined,
      charge: (of, cpuMs) => this.scheduler.charge(of, cpuMs),
      kv: NO_KV,
      rates: (slot, madeMs) => rates.of(slot, madeMs),
      geo: NO_GEO,
      objects: NO_OBJECTS,
    });

  /** Sets the epoch word, as the watchdog does each millisecond. */
  tick(): void {
    new Int32Array(this.epoch.buffer)[0] = 1;
  }
}

/** An exchange that nothing is sent to. */
export function exchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    request: {
      method: 'GET',
      target: '/t',
      protocol: 'HTTP/1.1',
      headers: new HeaderList(),
      client: { ip: '192.0.2.1', port: 1 },
    },
    body: null,
    origin: null,
    backend: () => null,
    issuer: () => null,
    signer: () => null,
    forwarded: { for: '192.0.2.1', proto: 'http', host: 'h' },
    signal: new AbortController().signal,
    stream: () => {
      throw new TypeError('nothing is streamed');
    },
    ...changes,
  };
}
