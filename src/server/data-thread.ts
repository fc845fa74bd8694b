/** A data thread: its own listener on the shared port, its own engine, its own event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { Engine } from '../runtime/engine.ts';
import { ProcessBudgets } from '../runtime/process-budgets.ts';
import { TenantCounters } from '../runtime/tenant-counters.ts';
import { WatchdogLink } from '../runtime/watchdog.ts';
import { accessLine, guestLine } from '../telemetry/access-log.ts';
import { LineBatch } from '../telemetry/line-batch.ts';
import { LogQuota } from '../telemetry/log-quota.ts';
import { keepsLevel } from '../telemetry/log.ts';
import { AddressPolicy } from '../upstream/address-policy.ts';
import { Concurrency } from './concurrency.ts';
import { Edge } from './edge.ts';
import { CLOSING_GRACE_MS } from './limits.ts';
import { ServedDeployments } from './served.ts';
import type { DataThreadOptions, FromDataThread, ToDataThread } from './thread-messages.ts';
import { Transport } from './transport.ts';

const options = workerData as DataThreadOptions;
const port = parentPort;
if (port === null) throw new TypeError('data-thread.ts runs as a worker');

const say = (message: FromDataThread): void => port.postMessage(message);
const quota = new LogQuota();
const lines = new LineBatch((text) => say({ kind: 'lines', text }));
const counters = new TenantCounters(options.counters);
const engine = new Engine({
  watchdog: new WatchdogLink(options.watchdog, options.thread),
  budgets: new ProcessBudgets(options.budgets),
  counters,
  threads: options.threads,
  sliceMs: options.sliceMs,
  log: {
    keeps: (level) => options.accessLog === 'keep' && keepsLevel(options.logLevel, level),
    write: (tenant, level, message) => {
      const verdict = quota.take(tenant, message.length, performance.now());
      if (!verdict.kept) return;
      const now = Date.now();
      if (verdict.droppedBefore > 0)
        lines.add(guestLine(now, tenant, 'warn', `${verdict.droppedBefore} lines were dropped: too many at once`));
      lines.add(guestLine(now, tenant, level, message));
    },
  },
});
const policy = new AddressPolicy({ allow: options.allowBackends, neverReach: options.neverReach });
const served = new ServedDeployments(engine, policy);
const edge = new Edge({
  engine,
  served,
  counters,
  concurrency: new Concurrency(counters),
  log: options.accessLog === 'off' ? null : (record) => lines.add(accessLine(record)),
  report: (message) => say({ kind: 'fault', message }),
});
const transport = new Transport(edge.handle);

/** At the deadline: guests that still run end as `draining`, and responses that are still being sent are cut. */
function endOverdue(): void {
  engine.close();
  setTimeout(() => transport.close(), CLOSING_GRACE_MS);
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
  } while (edge.visits > 0);
  clearTimeout(overdue);
  transport.close();
  engine.close();
  await served.close();
  lines.flush();
  say({ kind: 'drained' });
  port?.close();
}

port.on('message', (message: ToDataThread) => {
  if (message.kind === 'change') {
    served.apply(message.change);
    say({ kind: 'applied', revision: message.change.revision });
  } else if (message.kind === 'usage') {
    const { tasks, ...rest } = engine.usage();
    say({ kind: 'usage', id: message.id, usage: { requests: tasks, ...rest } });
  } else if (message.kind === 'relieve') {
    engine.relieve(message.pressure);
  } else if (message.kind === 'listen') {
    const bound = transport.listen(options.host, options.port);
    say(bound === null ? { kind: 'cannot_listen' } : { kind: 'listening', port: bound });
  } else {
    void drain(message.deadlineMs);
  }
});
