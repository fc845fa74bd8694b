/** Tenants: what of each is in force, changed under its revision. */
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';
import { acceptTenantName, acceptWhole, noTenant } from './accepted.ts';
import type { Database } from './database.ts';
import { textOf, valueOf } from './json.ts';
import { acceptPage, pageOf, positionOf } from './pages.ts';
import type { CanaryRecord, Json, LimitsRecord, TenantChange, TenantRecord } from './records.ts';
import type { Page, PageRequest, TenantStore } from './store.ts';

/** The part of the store about tenants themselves. */
export type Tenants = Pick<TenantStore, 'createTenant' | 'tenant' | 'tenants' | 'changeTenant' | 'deleteTenant'>;

interface Row {
  readonly name: string;
  readonly created_ms: number;
  readonly revision: number;
  readonly active: number | null;
  readonly previous: number | null;
  readonly canary: string | null;
  readonly next_version: number;
  readonly required_keys: string;
  readonly signing_keys: string;
  readonly limits: string;
  readonly allow_backends: string;
}

const INSERT = `INSERT INTO tenants
  (name, created_ms, revision, next_version, required_keys, signing_keys, limits, allow_backends)
  VALUES (?, ?, 1, 1, '[]', '[]', '{}', '[]')`;
const UPDATE = `UPDATE tenants SET revision = revision + 1, active = ?, previous = ?, canary = ?, required_keys = ?,
  signing_keys = ?, limits = ?, allow_backends = ? WHERE name = ?`;
/** Should the name come back, the tokens of its former owner must not open it: they stay, revoked, until they are over. */
const REVOKE = 'UPDATE tokens SET revoked_ms = ? WHERE tenant = ? AND revoked_ms IS NULL';

/** Tenants in `database`. */
export function tenantsIn(database: Database): Tenants {
  return {
    createTenant: (name, createdMs) => createTenant(database, name, createdMs),
    tenant: (name) => tenantNamed(database, name),
    tenants: (page) => tenants(database, page),
    changeTenant: (name, change, ifRevision) => changeTenant(database, name, change, ifRevision),
    deleteTenant: (name) => deleteTenant(database, name),
  };
}

/** Throws `not_found` unless there is such a tenant. */
export function requireTenant(database: Database, name: string): void {
  if (database.row('SELECT 1 FROM tenants WHERE name = ?', name) === null) throw noTenant(name);
}

function createTenant(database: Database, name: string, createdMs: number): TenantRecord {
  acceptTenantName(name);
  acceptWhole('createdMs', createdMs);
  return database.change(() => {
    if (tenantNamed(database, name) !== null) {
      throw new KerbError('conflict', `there is a tenant ${quoted(name)} already; choose another name`);
    }
    database.run(INSERT, name, createdMs);
    return existing(database, name);
  });
}

function tenantNamed(database: Database, name: string): TenantRecord | null {
  const row = database.row<Row>('SELECT * FROM tenants WHERE name = ?', name);
  return row === null ? null : recordOf(row);
}

function existing(database: Database, name: string): TenantRecord {
  const record = tenantNamed(database, name);
  if (record === null) throw noTenant(name);
  return record;
}

function tenants(database: Database, page: PageRequest): Page<TenantRecord> {
  acceptPage(page);
  const after = positionOf('tenants', page.cursor) ?? '';
  const sql = 'SELECT * FROM tenants WHERE name > ? ORDER BY name LIMIT ?';
  const records = database.rows<Row>(sql, after, page.limit + 1).map(recordOf);
  return pageOf('tenants', records, page.limit, ({ name }) => name);
}

function changeTenant(database: Database, name: string, change: TenantChange, ifRevision: number | null): TenantRecord {
  return database.change(() => {
    const before = existing(database, name);
    if (ifRevision !== null && ifRevision !== before.revision) throw stale(before, ifRevision);
    const after = { ...before, ...change };
    requireVersions(database, after);
    database.run(UPDATE, after.active, after.previous, ...textsOf(after), name);
    return existing(database, name);
  });
}

/** Whatever is in force is there. */
function requireVersions(database: Database, { name, active, previous, canary }: TenantRecord): void {
  for (const version of [active, previous, canary?.version ?? null]) {
    if (version === null) continue;
    const found = database.row('SELECT 1 FROM versions WHERE tenant = ? AND version = ?', name, version);
    if (found !== null) continue;
    throw new KerbError(
      'not_found',
      `the tenant ${quoted(name)} has no version ${version}; choose one of its versions`,
    );
  }
}

function textsOf({ canary, requiredKeys, signingKeys, limits, allowBackends }: TenantRecord): (string | null)[] {
  return [
    canary === null ? null : textOf('the canary', canary, 'tenantTextBytes'),
    textOf('the list of required keys', requiredKeys, 'tenantTextBytes'),
    textOf('the list of signing keys', signingKeys, 'tenantTextBytes'),
    textOf('the limits', limits, 'tenantTextBytes'),
    textOf('the list of address ranges', allowBackends, 'tenantTextBytes'),
  ];
}

/** What belongs to a tenant goes with it by its foreign key. */
function deleteTenant(database: Database, name: string): void {
  database.change(() => {
    if (database.run('DELETE FROM tenants WHERE name = ?', name) === 0) throw noTenant(name);
    database.run(REVOKE, Date.now(), name);
  });
}

function recordOf(row: Row): TenantRecord {
  return {
    name: row.name,
    createdMs: row.created_ms,
    revision: row.revision,
    active: row.active,
    previous: row.previous,
    canary: row.canary === null ? null : valueOf<CanaryRecord>(row.canary),
    nextVersion: row.next_version,
    requiredKeys: valueOf<string[]>(row.required_keys),
    signingKeys: valueOf<Json[]>(row.signing_keys),
    limits: valueOf<LimitsRecord>(row.limits),
    allowBackends: valueOf<string[]>(row.allow_backends),
  };
}

function stale({ name, revision }: TenantRecord, ifRevision: number): KerbError {
  const message = `the tenant ${quoted(name)} is at revision ${revision}, and the change was meant for ${ifRevision}`;
  return new KerbError('precondition_failed', `${message}; look at it again`);
}
