/** Puts Kerb together: the watchdog, the data threads, the control plane and the tenants folder, from start to drain. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { createApi, type Api } from './api/api.ts';
import { SERVER_OPTIONS } from './api/limits.ts';
import { openAuthority } from './api/own-authority.ts';
import type { Config } from './config.ts';
import { ObjectStore } from './cache/object-store.ts';
import { Artifacts } from './control/artifacts.ts';
import { awakeBytesOf } from './control/awake-share.ts';
import { Compiler } from './control/compiler.ts';
import { ArtifactFiles } from './store/artifact-files.ts';
import { ControlListener } from './control/control-listener.ts';
import { guestMetricsText } from './control/guest-metrics.ts';
import { metricsText } from './control/metrics-text.ts';
import { LEAST_LIFE_MS, MAX_CACHED_CODE_BYTES, RECYCLE_PAGE_TABLE_MIB, RECYCLE_TYPES } from './control/limits.ts';
import { Control } from './control/control.ts';
import { ModuleCache } from './control/module-cache.ts';
import { TenantsFolder } from './control/tenants-folder.ts';
import { TENANT_SLOTS } from './limits.ts';
import { GeoFiles } from './geo/geo-files.ts';
import { PROCESS_BUDGETS, ProcessBudgets, type BudgetFigures, type ProcessBudget } from './runtime/process-budgets.ts';
import { ceilingsFor, pageTableMib, ProcessGauge } from './runtime/process-gauge.ts';
import { TenantCounters } from './runtime/tenant-counters.ts';
import { VersionCounters } from './runtime/version-counters.ts';
import { Watchdog } from './runtime/watchdog.ts';
import { DataThreads } from './server/data-threads.ts';
import { LineWriter } from './telemetry/line-writer.ts';
import type { Log } from './telemetry/log.ts';

/** How long the edge waits for the admin API to end what it has begun, before it drains itself. */
const API_CLOSE_MS = 2_000;

/** Versions in force whose figures are kept at a time; a place takes 16 bytes. */
const VERSION_SLOTS = 131_072;

/** Guests' objects: at most a sixteenth of the memory that the process aims at, and 256 MiB. */
const OBJECT_SHARE = 16;
const MAX_OBJECTS_MIB = 256;

/** Of these, one tenant's. 16 MiB. */
const OBJECTS_PER_TENANT = 16 * 2 ** 20;

/** A running Kerb. */
export interface Serving {
  readonly edgePort: number;
  readonly controlPort: number;
  /** Deployments in force. */
  readonly deployments: number;
  /** Ends gracefully: takes no more connections, lets requests end, closes everything. Idempotent. */
  drain(): Promise<void>;
}

/** What may happen to a Kerb that serves. */
export interface ServingEvents {
  /** A thread that Kerb cannot do without has died: the process must end. */
  readonly onDeath: (error: unknown) => void;
  /** The process has used up what only a new process has again: it should drain and start anew. Called once at most. */
  readonly onWornOut: (reason: string) => void;
}

/** One part in so many of the memory target is for modules that nobody uses. */
const CODE_SHARE = 8;

/** How often it is asked whether the process is worn out. */
const WEAR_LOOK_MS = 10_000;

/**
 * Starts Kerb and settles when it serves every app that can be deployed. Rejects with a {@link ./errors.ts KerbError} when an
 * address cannot be listened on, the tenants folder is missing, or the access log cannot be written; nothing is then left
 * running.
 */
export async function serve(config: Config, log: Log, events: ServingEvents): Promise<Serving> {
  const closers: (() => Promise<void>)[] = [];
  try {
    return await assemble(config, log, events, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function closeAll(closers: (() => Promise<void>)[]): Promise<void> {
  for (const close of closers.toReversed()) await close();
}

async function assemble(
  config: Config,
  log: Log,
  { onDeath, onWornOut }: ServingEvents,
  closers: (() => Promise<void>)[],
): Promise<Serving> {
  const lines = await LineWriter.open(config.accessLog);
  closers.push(() => lines.close());
  const geo = await GeoFiles.open(config.geoFiles, { report: (level, message) => log[level](message) });
  closers.push(() => Promise.resolve(geo.close()));
  const watchdog = new Watchdog(config.threads);
  watchdog.onFailure(onDeath);
  closers.push(() => watchdog.close());
  const counters = TenantCounters.create(TENANT_SLOTS);
  const versions = VersionCounters.create(VERSION_SLOTS);
  const budgets = ProcessBudgets.create(ceilingsFor(config.memoryTargetMib));
  const maxModuleBytes = config.maxModuleMib * 2 ** 20;
  const compiler = new Compiler(maxModuleBytes);
  const artifacts = new Artifacts({
    compiler,
    files: new ArtifactFiles(join(config.dataFolder, 'artifacts')),
    maxModuleBytes,
    report: (message) => log.warn(message),
  });
  const modules = new ModuleCache(artifacts, budgets, codeShareOf(config.memoryTargetMib));
  const objects = new ObjectStore({
    maxBytes: Math.min(config.memoryTargetMib / OBJECT_SHARE, MAX_OBJECTS_MIB) * 2 ** 20,
    quotaBytes: OBJECTS_PER_TENANT,
  });
  closers.push(watchWear(compiler, onWornOut));

  let health: 'starting' | 'ok' | 'draining' = 'starting';
  let metrics = (): Promise<string> => Promise.resolve('');
  let api: Api | null = null;
  const listener = new ControlListener(
    { health: () => health, metrics: () => metrics(), api: () => api },
    SERVER_OPTIONS,
  );
  const { address, port: controlPort } = await listener.listen(config.host, config.controlPort);
  closers.push(() => listener.close());

  const control = await Control.open(
    {
      dataFolder: config.dataFolder,
      compile: (request) => modules.get(request),
      compileStored: (module, options) => modules.getStored(module, options),
      onStored: (digest) => void artifacts.keep(digest),
      onSweep: (digests) => artifacts.sweep(digests),
      publish: (add, remove, splits) => threads.publish(add, remove, splits),
      counters,
      versionCounters: versions,
      rehearse: (deployment, purpose) => threads.rehearse(deployment, purpose),
      objects,
      resting: {
        maxBytes: awakeBytesOf(config.memoryTargetMib),
        codeBytes: (module) => modules.bytesOf(module),
        admit: () => budgets.admit('code_mib'),
        unwoken: (route, outcome, reason) => threads.unwoken(route, outcome, reason),
      },
      cache: { purge: (purge) => threads.purge(purge), usage: (tenant) => threads.cacheUsage(tenant) },
      log,
    },
    process.env,
  );
  closers.push(() => Promise.resolve(control.close()));
  const { registry } = control;
  const threads = await DataThreads.start(
    {
      threads: config.threads,
      sliceMs: config.sliceMs,
      host: config.host,
      port: config.edgePort,
      watchdog: watchdog.share,
      counters: counters.share,
      budgets: budgets.share,
      versions: versions.share,
      splitKey: control.splitKey(),
      cacheBytes: config.cacheMib * 2 ** 20,
      memoryTargetMib: config.memoryTargetMib,
      accessLog: lines.enabled ? 'keep' : 'off',
      logLevel: config.logLevel,
      allowBackends: config.allowBackends.map((range) => `${range.address}/${range.prefix}`),
      neverReach: [{ address, port: controlPort }],
    },
    {
      onLines: (text) => lines.write(text),
      onFault: (message) => log.error(message),
      onKv: (home, store, question) => control.kv.ask(home, store, question),
      onObject: (home, question) => objects.ask(home, question),
      onObjectRelease: (fill) => objects.release(fill),
      onWake: (tenant, route) => control.resting.wake(tenant, route),
      onUnserved: (home) => void objects.purgeAll(home),
      onDeath,
    },
  );

  geo.follow((databases) => threads.useGeo(databases));

  const gauge = new ProcessGauge({
    budgets,
    memoryTargetMib: config.memoryTargetMib,
    onNear: (bytes) => {
      if (control.resting.relieve(bytes)) threads.tidy();
    },
    onPressure: (pressure) => {
      if (pressure.measure !== 'none') {
        modules.clear();
        objects.clear();
        control.resting.free(pressure.bytes);
      }
      threads.relieve(pressure);
    },
  });
  closers.push(() => Promise.resolve(gauge.close()));

  const authority = await openAuthority({
    store: control.store,
    dataFolder: config.dataFolder,
    issuersFile: config.issuersFile,
    report: (message) => log.warn(message),
  });
  closers.push(() => Promise.resolve(authority.close()));
  const folder = new TenantsFolder(config.tenantsFolder, (events) => registry.apply(events));
  // Run in reverse: requests end first, then what is being compiled is given up, so that the folder's pass can settle.
  closers.push(
    () => folder.close(),
    () => compiler.close(),
    () => threads.drain(config.drainMs),
  );
  metrics = async (): Promise<string> =>
    metricsText(
      {
        deployments: control.inForce.deployed,
        resting: control.resting.figures,
        threads: await threads.usage(),
        residentBytes: process.memoryUsage.rss(),
        heapBytes: getHeapStatistics().used_heap_size,
        budgets: readAll(budgets),
        types: compiler.types,
        droppedLogBatches: lines.dropped,
      },
      control.figures(),
    ) + guestMetricsText(control.shared.metrics());
  // Every thread reserves room for its own code: once all are there, the first look tells theirs from that of modules.
  await Promise.all([compiler.start(), threads.usage()]);
  await gauge.lookAtMappings();
  await control.restore();
  await folder.scan();
  // Only now: who listens before it can route answers 404 for apps that are there.
  await threads.listen();
  api = createApi({
    plane: control.tenants,
    content: control.content,
    ledger: control.store,
    logs: threads.tail,
    authority,
    names: [config.host],
    onFault: (error) =>
      log.error(`the admin API failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
    nowMs: () => Date.now(),
    clock: () => performance.now(),
  });
  const open = api;
  // First of all: no change may begin while the rest goes away.
  closers.push(() => Promise.race([open.close(), sleep(API_CLOSE_MS, undefined, { ref: false })]));
  health = 'ok';
  folder.watch();

  let draining: Promise<void> | null = null;
  return {
    edgePort: threads.port,
    controlPort,
    deployments: control.inForce.deployed,
    drain: () => {
      health = 'draining';
      draining ??= closeAll(closers);
      return draining;
    },
  };
}

/** What modules that nobody uses may take of the memory target, in bytes. */
function codeShareOf(memoryTargetMib: number): number {
  return Math.min(MAX_CACHED_CODE_BYTES, (memoryTargetMib / CODE_SHARE) * 2 ** 20);
}

function readAll(budgets: ProcessBudgets): Record<ProcessBudget, BudgetFigures> {
  const figures = PROCESS_BUDGETS.map((budget) => [budget, budgets.read(budget)] as const);
  return Object.fromEntries(figures) as Record<ProcessBudget, BudgetFigures>;
}

/** Reports once when V8 keeps so much for ever that the process should be replaced. Answers how to stop watching. */
function watchWear(compiler: Compiler, onWornOut: ServingEvents['onWornOut']): () => Promise<void> {
  const began = performance.now();
  const look = async (): Promise<void> => {
    if (performance.now() - began < LEAST_LIFE_MS) return;
    const wear = wearOf(compiler.types, await pageTableMib());
    if (wear === null) return;
    clearInterval(timer);
    onWornOut(wear);
  };
  const timer = setInterval(() => void look(), WEAR_LOOK_MS).unref();
  return () => Promise.resolve(clearInterval(timer));
}

/** Why a process should be replaced; `null` when it need not. */
function wearOf(types: number, pageTables: number): string | null {
  if (types >= RECYCLE_TYPES) return `${types} function types have been seen`;
  if (pageTables >= RECYCLE_PAGE_TABLE_MIB) return `its page tables take ${pageTables.toFixed(0)} MiB`;
  return null;
}
