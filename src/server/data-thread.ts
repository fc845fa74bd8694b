/** A data thread: its own listener on the shared port, its own engine, its own event loop. */
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { Databases } from '../geo/databases.ts';
import { Engine } from '../runtime/engine.ts';
import { ProcessBudgets } from '../runtime/process-budgets.ts';
import { RateTable } from '../runtime/rate-table.ts';
import { SocketLedger } from '../runtime/socket-ledger.ts';
import { Refusal } from '../runtime/refusal.ts';
import { TenantCounters } from '../runtime/tenant-counters.ts';
import { VersionCounters } from '../runtime/version-counters.ts';
import { WatchdogLink } from '../runtime/watchdog.ts';
import { LineBatch } from '../telemetry/line-batch.ts';
import { TailQueue } from '../telemetry/tail-queue.ts';
import { CheckSlots } from '../upstream/check-slots.ts';
import { ClientPositions } from './client-positions.ts';
import { Concurrency } from './concurrency.ts';
import { Edge } from './edge.ts';
import { EdgeCache } from './edge-cache.ts';
import { KvLink } from './kv-link.ts';
import { CLOSING_GRACE_MS } from './limits.ts';
import { ObjectLink } from './object-link.ts';
import { ServedDeployments } from './served.ts';
import { ThreadLog } from './thread-log.ts';
import type { DataThreadOptions, FromDataThread, ToDataThread } from './thread-messages.ts';
import { Transport } from './transport.ts';
import { Waking } from './waking.ts';
import { WebSockets } from './websockets.ts';

const options = workerData as DataThreadOptions;
const port = parentPort;
if (port === null) throw new TypeError('data-thread.ts runs as a worker');

const say = (message: FromDataThread): void => port.postMessage(message);
const tail = new TailQueue((batches) => say({ kind: 'tail', batches }));
const log = new ThreadLog({
  accessLog: options.accessLog,
  logLevel: options.logLevel,
  lines: new LineBatch((text) => say({ kind: 'lines', text })),
  tail,
});
const counters = new TenantCounters(options.counters);
const kv = new KvLink((asking) => say({ kind: 'kv', asking }));
const cache = new EdgeCache({
  ...options.cache,
  threads: options.threads,
  quotaBytes: (tenant) => served.cacheQuota(tenant),
  forwardThrough: (through) => served.forwardThrough(through),
});
for (const [thread, peerPort] of options.cache.ports) {
  const { peer, hear: hearPeer } = cache.link(thread, peerPort);
  peerPort.on('message', hearPeer);
  peerPort.on('close', () => peer.close());
}
const budgets = new ProcessBudgets(options.budgets);
const objects = new ObjectLink({
  ask: (asking) => say({ kind: 'object', asking }),
  release: (fill) => say({ kind: 'object_release', fill }),
});
const geo = new Databases();
const engine = new Engine({
  watchdog: new WatchdogLink(options.watchdog, options.thread),
  budgets,
  counters,
  threads: options.threads,
  sliceMs: options.sliceMs,
  log,
  kv: kv.storeOf,
  objects: objects.cacheOf,
  rates: new RateTable(options.rates),
  geo,
});
const addresses = { allow: options.allowBackends, neverReach: options.neverReach };
const clients = new ClientPositions(options.splitKey);
const sockets = new SocketLedger(budgets, counters);
const served = new ServedDeployments({
  engine,
  addresses,
  clients,
  cache,
  counters,
  socketsOf: (tenant) => sockets.of(tenant),
  checks: new CheckSlots(options.threads),
  onUnserved: (home) => say({ kind: 'unserved', home }),
});
const webSockets = new WebSockets(counters, budgets);
const waking = new Waking((tenant, route) => say({ kind: 'wake', tenant, route }));
const edge = new Edge({
  engine,
  waking,
  webSockets,
  served,
  counters,
  concurrency: new Concurrency(counters),
  versions: new VersionCounters(options.versions),
  log,
  report: (message) => say({ kind: 'fault', message }),
});
const transport = new Transport(edge.handle);

/**
 * At the deadline: guests that still run end as `draining`, WebSockets are closed with 1001 (RFC 6455 §7.4.1), and responses that are
 * still being sent are cut.
 */
function endOverdue(): void {
  engine.close();
  waking.close();
  webSockets.close();
  setTimeout(() => {
    transport.close();
    webSockets.destroy();
  }, CLOSING_GRACE_MS);
}

/** Ends what has begun, within the deadline. Idle connections get a moment to notice. */
async function drain(deadlineMs: number): Promise<void> {
  // After the events of this turn: connections that wait to be accepted would be reset with the socket.
  await new Promise(setImmediate);
  transport.stopListening();
  const overdue = setTimeout(endOverdue, deadlineMs);
  do {
    await edge.drain();
    await new Promise((resolve) => setTimeout(resolve, CLOSING_GRACE_MS));
    // Other threads may still be asking for what this one owns.
  } while (edge.visits > 0 || cache.open > 0);
  clearTimeout(overdue);
  transport.close();
  engine.close();
  kv.close();
  objects.close();
  await served.close();
  log.flush();
  say({ kind: 'drained' });
  for (const peerPort of options.cache.ports.values()) peerPort.close();
  port?.close();
}

function hear(message: ToDataThread): void {
  switch (message.kind) {
    case 'change':
      served.apply(message.change);
      waking.changed(message.change.remove);
      if (message.change.remove.length > 0) webSockets.keepTenants(() => served.tenants());
      return say({ kind: 'applied', revision: message.change.revision });
    case 'usage': {
      const { tasks, ...rest } = engine.usage();
      const { bytes, entries } = cache.usage();
      const { used_heap_size: heapBytes } = getHeapStatistics();
      const usage = { requests: tasks, ...rest, heapBytes, cacheBytes: bytes, cacheEntries: entries };
      return say({ kind: 'usage', id: message.id, usage });
    }
    case 'rehearse':
      return void engine
        .rehearse(message.deployment, message.purpose)
        .then((rehearsal) => say({ kind: 'rehearsed', id: message.id, rehearsal }));
    case 'purge':
      return say({ kind: 'purged', id: message.id, count: cache.purgeOwn(message.purge) });
    case 'cache_usage':
      return say({ kind: 'cached', id: message.id, ...cache.usage(message.tenant) });
    case 'follow':
      return tail.follow(message.tenant);
    case 'unfollow':
      return tail.unfollow(message.tenant);
    case 'kv_answer':
      return kv.hear(message.id, message.answer);
    case 'object_answer':
      return objects.hear(message.id, message.answer);
    case 'tail_taken':
      return tail.taken();
    case 'unwoken':
      return waking.fail(message.route, new Refusal(message.outcome, message.reason));
    case 'geo':
      return geo.use(message.databases);
    case 'tidy':
      return engine.tidy();
    case 'relieve':
      if (message.pressure.measure === 'end') webSockets.relieve();
      return engine.relieve(message.pressure);
    case 'listen': {
      const bound = transport.listen(options.host, options.port);
      return say(bound === null ? { kind: 'cannot_listen' } : { kind: 'listening', port: bound });
    }
    case 'drain':
      return void drain(message.deadlineMs);
  }
}

port.on('message', hear);
