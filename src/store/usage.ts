/** What tenants used, added up by the hour. */
import { acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import { tableOf } from './json.ts';
import type { UsageRecord } from './records.ts';
import type { LedgerStore } from './store.ts';

/** The part of the store about usage. */
export type Usage = Pick<LedgerStore, 'addUsage' | 'usage'>;

type Row = Omit<UsageRecord, 'outcomes'> & { readonly outcomes: string };

const HOUR_MS = 3_600_000;
const COLUMNS = 'tenant, hour_ms AS hourMs, requests, cpu_us AS cpuUs, outcomes';
const READ = `SELECT ${COLUMNS} FROM usage WHERE tenant = ? AND hour_ms = ?`;
const LIST = `SELECT ${COLUMNS} FROM usage WHERE tenant = ? AND hour_ms >= ? AND hour_ms < ? ORDER BY hour_ms`;
/** A tenant that is not there gets no row. */
const WRITE = `INSERT INTO usage (tenant, hour_ms, requests, cpu_us, outcomes)
  SELECT name, ?, ?, ?, ? FROM tenants WHERE name = ?
  ON CONFLICT (tenant, hour_ms) DO UPDATE
  SET requests = excluded.requests, cpu_us = excluded.cpu_us, outcomes = excluded.outcomes`;

/** Usage in `database`. */
export function usageIn(database: Database): Usage {
  return {
    addUsage: (usage) => {
      usage.forEach(acceptUsage);
      database.change(() => usage.forEach((part) => add(database, part)));
    },
    usage: (tenant, fromMs, toMs) => database.rows<Row>(LIST, tenant, fromMs, toMs).map(recordOf),
  };
}

/** What does not count up is a mistake in the code that counts. */
function acceptUsage({ hourMs, requests, cpuUs, outcomes }: UsageRecord): void {
  acceptWhole('hourMs', hourMs);
  if (hourMs % HOUR_MS !== 0) throw new TypeError(`hourMs is ${hourMs}, and no hour begins then`);
  acceptWhole('requests', requests);
  if (!Number.isFinite(cpuUs) || cpuUs < 0) throw new TypeError(`cpuUs is ${cpuUs}, and no amount`);
  for (const [outcome, count] of Object.entries(outcomes)) acceptWhole(outcome, count);
}

function add(database: Database, part: UsageRecord): void {
  const row = database.row<Row>(READ, part.tenant, part.hourMs);
  const before = row === null ? null : recordOf(row);
  const outcomes = tableOf<number>(row?.outcomes ?? '{}');
  for (const [outcome, count] of Object.entries(part.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  const requests = (before?.requests ?? 0) + part.requests;
  const cpuUs = (before?.cpuUs ?? 0) + part.cpuUs;
  database.run(WRITE, part.hourMs, requests, cpuUs, JSON.stringify(outcomes), part.tenant);
}

function recordOf(row: Row): UsageRecord {
  return { ...row, outcomes: tableOf<number>(row.outcomes) };
}
