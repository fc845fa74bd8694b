/** Forgets what has been kept long enough. */
import type { Database } from './database.ts';
import { ANSWERS_KEPT_MS, AUDIT_KEPT_MS, AUDIT_ROWS, PRUNED_ROWS, USAGE_KEPT_MS } from './limits.ts';

const OLD_ANSWERS = 'DELETE FROM answers WHERE rowid IN (SELECT rowid FROM answers WHERE stored_ms <= ? LIMIT ?)';
const OVER_KEYS = 'DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv WHERE expires_ms <= ? LIMIT ?)';
const OVER_TOKENS = 'DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE expires_ms <= ? LIMIT ?)';
const OLD_AUDIT = 'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE time_ms <= ? LIMIT ?)';
const OLD_USAGE = `DELETE FROM usage WHERE (tenant, hour_ms) IN
  (SELECT tenant, hour_ms FROM usage WHERE hour_ms <= ? LIMIT ?)`;
/** Numbers are given without gaps. */
const MANY_AUDIT = `DELETE FROM audit WHERE id IN
  (SELECT id FROM audit WHERE id <= (SELECT max(id) FROM audit) - ? ORDER BY id LIMIT ?)`;

/**
 * Forgets up to {@link PRUNED_ROWS} of each kind: answers, keys, tokens, audit records and hours of usage whose time is over. Answers
 * whether more of a kind may be left.
 */
export function prune(database: Database, nowMs: number): boolean {
  return database.change(() => {
    const gone = [
      database.run(OLD_ANSWERS, nowMs - ANSWERS_KEPT_MS, PRUNED_ROWS),
      database.run(OVER_KEYS, nowMs, PRUNED_ROWS),
      database.run(OVER_TOKENS, nowMs, PRUNED_ROWS),
      database.run(OLD_AUDIT, nowMs - AUDIT_KEPT_MS, PRUNED_ROWS),
      database.run(OLD_USAGE, nowMs - USAGE_KEPT_MS, PRUNED_ROWS),
      database.run(MANY_AUDIT, AUDIT_ROWS, PRUNED_ROWS),
    ];
    return gone.some((rows) => rows === PRUNED_ROWS);
  });
}
