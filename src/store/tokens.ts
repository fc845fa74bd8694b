/** Tokens that were issued, and those of them that were taken back. */
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';
import { acceptCount, acceptName, acceptText, acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import { valueOf } from './json.ts';
import { PRUNED_ROWS } from './limits.ts';
import type { TokenRecord } from './records.ts';
import type { LedgerStore } from './store.ts';

/** The part of the store about tokens. */
export type Tokens = Pick<LedgerStore, 'addToken' | 'token' | 'revokeToken'>;

type Row = Omit<TokenRecord, 'scopes'> & { readonly scopes: string };

const READ = `SELECT id, subject, tenant, scopes, created_ms AS createdMs, expires_ms AS expiresMs, revoked_ms AS revokedMs,
  minted_by AS mintedBy FROM tokens WHERE id = ?`;
const INSERT = `INSERT INTO tokens (id, subject, tenant, scopes, created_ms, expires_ms, revoked_ms, minted_by)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const COUNT = 'SELECT count(*) AS tokens FROM tokens WHERE tenant = ? AND expires_ms > ?';
const FORGET = `DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE tenant = ? AND expires_ms <= ? LIMIT ?)`;
const REVOKE = 'UPDATE tokens SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL';
const REVOKE_MINTED = `WITH RECURSIVE minted (id) AS (
    SELECT id FROM tokens WHERE minted_by = ?
    UNION SELECT tokens.id FROM tokens JOIN minted ON tokens.minted_by = minted.id
  ) UPDATE tokens SET revoked_ms = ? WHERE id IN minted AND revoked_ms IS NULL`;

/** Tokens in `database`. */
export function tokensIn(database: Database): Tokens {
  return {
    addToken: (token) => add(database, token),
    token: (id) => tokenOf(database, id),
    revokeToken: (id, revokedMs) => revoke(database, id, revokedMs),
  };
}

/** Throws `conflict` for an id that was issued, `too_large` when the tenant has too many that are not over. */
function add(database: Database, token: TokenRecord): void {
  const { id, subject, tenant, scopes, createdMs, expiresMs, revokedMs, mintedBy } = token;
  acceptName('id of the token', id);
  acceptText('the subject', subject);
  for (const [what, value] of Object.entries({ createdMs, expiresMs, revokedMs: revokedMs ?? 0 }))
    acceptWhole(what, value);
  database.change(() => {
    if (tokenOf(database, id) !== null) {
      throw new KerbError('conflict', `a token ${quoted(id)} was issued before; choose another id`);
    }
    database.run(INSERT, id, subject, tenant, JSON.stringify(scopes), createdMs, expiresMs, revokedMs, mintedBy);
    if (tenant === null) return;
    acceptTokens(database, tenant, createdMs);
    // Whoever asks for many short-lived tokens pays for their leaving.
    database.run(FORGET, tenant, createdMs, PRUNED_ROWS);
  });
}

function revoke(database: Database, id: string, revokedMs: number): boolean {
  acceptWhole('revokedMs', revokedMs);
  return database.change(() => {
    if (database.run(REVOKE, revokedMs, id) === 0) return false;
    database.run(REVOKE_MINTED, id, revokedMs);
    return true;
  });
}

function acceptTokens(database: Database, tenant: string, nowMs: number): void {
  const count = database.row<{ tokens: number }>(COUNT, tenant, nowMs)?.tokens ?? 0;
  acceptCount(`tokens of the tenant ${quoted(tenant)}`, count, 'tenantTokens', 'give new ones shorter lives');
}

function tokenOf(database: Database, id: string): TokenRecord | null {
  const row = database.row<Row>(READ, id);
  return row === null ? null : { ...row, scopes: valueOf<string[]>(row.scopes) };
}
