/** Puts Kerb together: the watchdog, the data threads, the control plane and the tenants folder, from start to drain. */
import type { Config } from './config.ts';
import { Compiler } from './control/compiler.ts';
import { ControlListener } from './control/control-listener.ts';
import { metricsText } from './control/metrics-text.ts';
import { cachedCompile } from './control/module-cache.ts';
import { Registry } from './control/registry.ts';
import { TenantsFolder } from './control/tenants-folder.ts';
import { TenantCounters } from './runtime/tenant-counters.ts';
import { Watchdog } from './runtime/watchdog.ts';
import { DataThreads } from './server/data-threads.ts';
import { LineWriter } from './telemetry/line-writer.ts';
import type { Log } from './telemetry/log.ts';

/** Tenants that one process can count. A slot takes 80 bytes. */
const TENANT_SLOTS = 131_072;

/** A running Kerb. */
export interface Serving {
  readonly edgePort: number;
  readonly controlPort: number;
  /** Deployments in force. */
  readonly deployments: number;
  /** Ends gracefully: takes no more connections, lets requests end, closes everything. Idempotent. */
  drain(): Promise<void>;
}

/**
 * Starts Kerb and settles when it serves every app that can be deployed. Rejects with a {@link ./errors.ts KerbError} when an
 * address cannot be listened on, the tenants folder is missing, or the access log cannot be written; nothing is then left
 * running.
 *
 * @param onDeath - Called when a thread that Kerb cannot do without has died: the process must end.
 */
export async function serve(config: Config, log: Log, onDeath: (error: unknown) => void): Promise<Serving> {
  const closers: (() => Promise<void>)[] = [];
  try {
    return await assemble(config, log, onDeath, closers);
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
  onDeath: (error: unknown) => void,
  closers: (() => Promise<void>)[],
): Promise<Serving> {
  const lines = await LineWriter.open(config.accessLog);
  closers.push(() => lines.close());
  const watchdog = new Watchdog(config.threads);
  watchdog.onFailure(onDeath);
  closers.push(() => watchdog.close());
  const counters = TenantCounters.create(TENANT_SLOTS);
  const compiler = new Compiler();

  let health: 'starting' | 'ok' | 'draining' = 'starting';
  let metrics = (): Promise<string> => Promise.resolve('');
  const control = new ControlListener({ health: () => health, metrics: () => metrics() });
  const { address, port: controlPort } = await control.listen(config.host, config.controlPort);
  closers.push(() => control.close());

  const threads = await DataThreads.start(
    {
      threads: config.threads,
      host: config.host,
      port: config.edgePort,
      watchdog: watchdog.share,
      counters: counters.share,
      accessLog: lines.enabled ? 'keep' : 'off',
      logLevel: config.logLevel,
      allowBackends: config.allowBackends.map((range) => `${range.address}/${range.prefix}`),
      neverReach: [{ address, port: controlPort }],
    },
    { onLines: (text) => lines.write(text), onFault: (message) => log.error(message), onDeath },
  );

  const registry = new Registry({
    compile: cachedCompile((request) => compiler.compile(request)),
    publish: (add, remove) => threads.publish(add, remove),
    log,
    slots: counters.capacity,
  });
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
        deployments: registry.deployments.length,
        threads: await threads.usage(),
        residentBytes: process.memoryUsage.rss(),
        droppedLogBatches: lines.dropped,
      },
      [...registry.tenants].map(([tenant, slot]) => ({ tenant, ...counters.read(slot) })),
    );
  await folder.scan();
  // Only now: who listens before it can route answers 404 for apps that are there.
  await threads.listen();
  health = 'ok';
  folder.watch();

  let draining: Promise<void> | null = null;
  return {
    edgePort: threads.port,
    controlPort,
    deployments: registry.deployments.length,
    drain: () => {
      health = 'draining';
      draining ??= closeAll(closers);
      return draining;
    },
  };
}
