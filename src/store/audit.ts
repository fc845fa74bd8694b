/** The audit trail: what was done, by whom; it outlives the tenants it tells of. */
import { acceptText, acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import { textOf, valueOf } from './json.ts';
import { acceptPage, numberOf, pageOf } from './pages.ts';
import type { AuditRecord, Json } from './records.ts';
import type { LedgerStore, Page, PageRequest } from './store.ts';

/** The part of the store about the audit trail. */
export type AuditTrail = Pick<LedgerStore, 'appendAudit' | 'audit'>;

type Row = Omit<AuditRecord, 'detail'> & { readonly detail: string };

const COLUMNS = 'id, time_ms AS timeMs, actor, action, tenant, detail';
const INSERT = 'INSERT INTO audit (time_ms, actor, action, tenant, detail) VALUES (?, ?, ?, ?, ?) RETURNING id';
const LIST = `SELECT ${COLUMNS} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?`;

/** The audit trail in `database`. */
export function auditIn(database: Database): AuditTrail {
  return {
    appendAudit: (entry) => append(database, entry),
    audit: (page) => list(database, page),
  };
}

function append(database: Database, entry: Omit<AuditRecord, 'id'>): AuditRecord {
  const { timeMs, actor, action, tenant, detail } = entry;
  acceptWhole('timeMs', timeMs);
  acceptText("the actor's name", actor);
  const text = textOf('the detail of the audit record', detail, 'auditDetailBytes');
  const { id } = database.change(() => {
    const row = database.row<{ id: number }>(INSERT, timeMs, actor, action, tenant, text);
    if (row === null) throw new Error('an audit record was stored without a number');
    return row;
  });
  return { id, timeMs, actor, action, tenant, detail };
}

function list(database: Database, page: PageRequest): Page<AuditRecord> {
  acceptPage(page);
  const before = numberOf('audit', page.cursor) ?? Number.MAX_SAFE_INTEGER;
  const rows = database.rows<Row>(LIST, before, page.limit + 1);
  const records = rows.map((row) => ({ ...row, detail: valueOf<Json>(row.detail) }));
  return pageOf('audit', records, page.limit, ({ id }) => String(id));
}
