/**
 * The tables, as the steps that lead to them. A step that was released is never edited: what changes is a new step at the end.
 * Times are ms since the epoch; columns named for lists and records hold JSON.
 */

/** Marks a file as Kerb's: the letters `kerb`. */
export const APPLICATION_ID = 0x6b657262;

/** Tenants, what of them is in force, and which hosts lead to them. */
const TENANTS = `
CREATE TABLE tenants (
  name TEXT PRIMARY KEY,
  created_ms INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  active INTEGER,
  previous INTEGER,
  canary TEXT,
  next_version INTEGER NOT NULL,
  required_keys TEXT NOT NULL,
  signing_keys TEXT NOT NULL,
  limits TEXT NOT NULL,
  allow_backends TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- text_bytes comes before the texts, which are read from pages of their own.
CREATE TABLE versions (
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  size INTEGER NOT NULL,
  abi TEXT NOT NULL,
  signed_by TEXT,
  created_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  text_bytes INTEGER NOT NULL,
  note TEXT NOT NULL,
  manifest TEXT NOT NULL,
  report TEXT NOT NULL,
  files TEXT NOT NULL,
  PRIMARY KEY (tenant, version)
) STRICT;

CREATE TABLE domains (
  host TEXT PRIMARY KEY,
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  created_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_of_tenant ON domains (tenant, host);
`;

/** Contents of tenants' stores. A kv key is its bytes, so that prefixes and order are those of bytes. */
const CONTENT = `
CREATE TABLE kv (
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  store TEXT NOT NULL,
  key BLOB NOT NULL,
  generation INTEGER NOT NULL,
  expires_ms INTEGER,
  bytes INTEGER NOT NULL,
  metadata TEXT,
  value BLOB NOT NULL,
  PRIMARY KEY (tenant, store, key)
) STRICT;
CREATE INDEX kv_by_end ON kv (expires_ms) WHERE expires_ms IS NOT NULL;

-- What the entries of a tenant weigh, kept by triggers: adding them up takes seconds.
CREATE TABLE kv_usage (
  tenant TEXT PRIMARY KEY REFERENCES tenants (name) ON DELETE CASCADE,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER kv_added AFTER INSERT ON kv BEGIN
  INSERT INTO kv_usage (tenant, bytes) VALUES (new.tenant, new.bytes)
    ON CONFLICT (tenant) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER kv_changed AFTER UPDATE OF bytes ON kv BEGIN
  UPDATE kv_usage SET bytes = bytes + new.bytes - old.bytes WHERE tenant = new.tenant;
END;
CREATE TRIGGER kv_removed AFTER DELETE ON kv BEGIN
  UPDATE kv_usage SET bytes = bytes - old.bytes WHERE tenant = old.tenant;
END;

CREATE TABLE config (
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  store TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (tenant, store, key)
) STRICT;

CREATE TABLE secrets (
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  name TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT;
`;

/** What was done and used, and what the process keeps for itself. Audit records and tokens outlive their tenant. */
const LEDGER = `
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  tenant TEXT,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (time_ms);

CREATE TABLE usage (
  tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
  hour_ms INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  cpu_us REAL NOT NULL,
  outcomes TEXT NOT NULL,
  PRIMARY KEY (tenant, hour_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  subject TEXT NOT NULL,
  tenant TEXT,
  scopes TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  revoked_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_of_tenant ON tokens (tenant, expires_ms);
CREATE INDEX tokens_by_end ON tokens (expires_ms);

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE answers (
  actor TEXT NOT NULL,
  key TEXT NOT NULL,
  stored_ms INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX answers_of_actor ON answers (actor, stored_ms);
CREATE INDEX answers_by_time ON answers (stored_ms);
`;

/** Which token has minted which: it takes them with it when it is revoked. */
const MINTERS = `
ALTER TABLE tokens ADD COLUMN minted_by TEXT;
CREATE INDEX tokens_by_minter ON tokens (minted_by) WHERE minted_by IS NOT NULL;
`;

/** The step at index n leads from schema n to schema n + 1. */
export const STEPS: readonly string[] = Object.freeze([
  `PRAGMA application_id = ${APPLICATION_ID};${TENANTS}${CONTENT}${LEDGER}`,
  MINTERS,
]);

/** Tables that nothing works without, without long texts, and so quick to check at every start. */
export const VITAL_TABLES = ['tenants', 'domains', 'tokens', 'settings'] as const;
