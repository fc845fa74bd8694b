/** Versions: immutable, numbered by their tenant, and the digests that they need. */
import { acceptDigest, acceptSize, acceptText, acceptWhole, noTenant } from './accepted.ts';
import type { Database } from './database.ts';
import { tableOf, textOf, valueOf } from './json.ts';
import { PAGE_BYTES } from './limits.ts';
import { acceptPage, cursorAfter, numberOf } from './pages.ts';
import type { Json, VersionRecord } from './records.ts';
import type { NewVersion, Page, PageRequest, TenantStore } from './store.ts';

/** The part of the store about versions. */
export type Versions = Pick<TenantStore, 'appendVersion' | 'dropVersions' | 'version' | 'versions' | 'digests'>;

interface Row {
  readonly tenant: string;
  readonly version: number;
  readonly digest: string;
  readonly size: number;
  readonly abi: string;
  readonly signed_by: string | null;
  readonly created_ms: number;
  readonly created_by: string;
  readonly note: string;
  readonly manifest: string;
  readonly report: string;
  readonly files: string;
}

const NEXT = 'UPDATE tenants SET next_version = next_version + 1 WHERE name = ? RETURNING next_version - 1 AS version';
const INSERT = `INSERT INTO versions
  (tenant, version, digest, size, abi, signed_by, created_ms, created_by, text_bytes, note, manifest, report, files)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const WEIGHTS = `SELECT version, text_bytes AS bytes FROM versions
  WHERE tenant = ? AND version < ? ORDER BY version DESC LIMIT ?`;
const RANGE = 'SELECT * FROM versions WHERE tenant = ? AND version BETWEEN ? AND ? ORDER BY version DESC';
const DIGESTS = `SELECT digest FROM versions
  UNION SELECT file.value FROM versions, json_each(versions.files) AS file`;

const EXISTS = 'SELECT 1 FROM tenants WHERE name = ?';
const DROP = `DELETE FROM versions WHERE tenant = ? AND EXISTS (SELECT 1 FROM tenants
    WHERE name = ? AND versions.version < next_version - ?
      AND versions.version IS NOT active AND versions.version IS NOT previous
      AND versions.version IS NOT json_extract(canary, '$.version'))
  RETURNING version`;

/** Versions in `database`. */
export function versionsIn(database: Database): Versions {
  return {
    appendVersion: (version) => appendVersion(database, version),
    dropVersions: (tenant, keep) => dropVersions(database, tenant, keep),
    version: (tenant, version) => versionNumbered(database, tenant, version),
    versions: (tenant, page) => versions(database, tenant, page),
    digests: () => new Set(database.rows<{ digest: string }>(DIGESTS).map(({ digest }) => digest)),
  };
}

function appendVersion(database: Database, given: NewVersion): VersionRecord {
  acceptVersion(given);
  const report = textOf('the report', given.report, 'versionTextBytes');
  const files = textOf('the list of files', given.files, 'versionTextBytes');
  const texts = [given.note, given.manifest, report, files];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  acceptSize('the version', textBytes, 'versionTextBytes', 'shorten its note, its manifest or its list of files');
  return database.change(() => {
    const version = nextNumber(database, given.tenant);
    const { tenant, digest, size, abi, signedBy, createdMs, createdBy } = given;
    database.run(INSERT, tenant, version, digest, size, abi, signedBy, createdMs, createdBy, textBytes, ...texts);
    return { ...given, version };
  });
}

function dropVersions(database: Database, tenant: string, keep: number): number {
  acceptWhole('keep', keep);
  return database.change(() => {
    if (database.row(EXISTS, tenant) === null) throw noTenant(tenant);
    return database.rows(DROP, tenant, tenant, keep).length;
  });
}

function acceptVersion({ digest, files, size, createdMs, manifest, note, abi, createdBy }: NewVersion): void {
  acceptDigest(digest);
  Object.values(files).forEach(acceptDigest);
  acceptWhole('size', size);
  acceptWhole('createdMs', createdMs);
  acceptText('the manifest', manifest);
  acceptText('the note', note);
  acceptSize('the name of the ABI', Buffer.byteLength(abi), 'nameBytes', 'choose a known one');
  acceptSize("the actor's name", Buffer.byteLength(createdBy), 'versionTextBytes', 'choose a shorter one');
}

function nextNumber(database: Database, tenant: string): number {
  const next = database.row<{ version: number }>(NEXT, tenant);
  if (next === null) throw noTenant(tenant);
  return next.version;
}

function versionNumbered(database: Database, tenant: string, version: number): VersionRecord | null {
  const row = database.row<Row>('SELECT * FROM versions WHERE tenant = ? AND version = ?', tenant, version);
  return row === null ? null : recordOf(row);
}

/** A page ends early when its texts are heavy; it has one item at least. */
function versions(database: Database, tenant: string, page: PageRequest): Page<VersionRecord> {
  acceptPage(page);
  const before = numberOf('versions', page.cursor) ?? Number.MAX_SAFE_INTEGER;
  const weights = database.rows<{ version: number; bytes: number }>(WEIGHTS, tenant, before, page.limit + 1);
  const count = Math.min(countWithin(weights), page.limit);
  const [newest, oldest] = [weights[0], weights[count - 1]];
  if (newest === undefined || oldest === undefined) return { items: [], next: null };
  const items = database.rows<Row>(RANGE, tenant, oldest.version, newest.version).map(recordOf);
  return { items, next: count < weights.length ? cursorAfter('versions', String(oldest.version)) : null };
}

function countWithin(weights: readonly { readonly bytes: number }[]): number {
  let bytes = 0;
  const tooMany = weights.findIndex((weight) => (bytes += weight.bytes) > PAGE_BYTES);
  return tooMany < 0 ? weights.length : Math.max(tooMany, 1);
}

function recordOf(row: Row): VersionRecord {
  return {
    tenant: row.tenant,
    version: row.version,
    digest: row.digest,
    size: row.size,
    manifest: row.manifest,
    abi: row.abi,
    report: valueOf<Json>(row.report),
    signedBy: row.signed_by,
    note: row.note,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    files: tableOf<string>(row.files),
  };
}
