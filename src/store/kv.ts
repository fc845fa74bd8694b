/** Key-value stores: entries that expire, written under a generation and within the tenant's quota. */
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';
import { acceptKvKey, acceptName, acceptSize, acceptText, acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import { KV_ENTRY_BYTES, STORE_LIMITS } from './limits.ts';
import { acceptPage, pageOf, positionOf } from './pages.ts';
import type { KvEntryRecord, KvRecord } from './records.ts';
import type { ContentStore, KvWrite, Page, PageRequest } from './store.ts';
import { requireTenant } from './tenants.ts';

/** The part of the store about key-value stores. */
export type KvStores = Pick<ContentStore, 'kv' | 'kvEntry' | 'putKv' | 'deleteKv' | 'kvKeys'>;

/** Where an entry is: tenant, store, key as bytes. */
type Place = readonly [tenant: string, store: string, key: Uint8Array];
type KvEntry = Omit<KvRecord, 'value'>;

interface KeyRow extends Omit<KvEntry, 'key'> {
  readonly key: Uint8Array;
}

/** An entry whose time has come is as one that is not there, until it is pruned. */
const ALIVE = '(expires_ms IS NULL OR expires_ms > ?)';
const HERE = 'tenant = ? AND store = ? AND key = ?';
const COLUMNS = 'generation, expires_ms AS expiresMs, metadata';
/** SQLite takes a length from the head of the row; pages of a value that is not selected are not read. */
const READ = `SELECT ${COLUMNS}, length(value) AS bytes, CASE WHEN length(value) <= ? THEN value END AS value
  FROM kv WHERE ${HERE} AND ${ALIVE}`;
const LOOK = `SELECT generation, expires_ms AS expiresMs, bytes FROM kv WHERE ${HERE}`;
const WRITE = `INSERT INTO kv (tenant, store, key, generation, expires_ms, bytes, metadata, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (tenant, store, key) DO UPDATE SET generation = excluded.generation, expires_ms = excluded.expires_ms,
  bytes = excluded.bytes, metadata = excluded.metadata, value = excluded.value`;
const LIST = `SELECT key, ${COLUMNS} FROM kv
  WHERE tenant = ? AND store = ? AND key >= ? AND key < ? AND key > ? AND ${ALIVE} ORDER BY key LIMIT ?`;
const USED = 'SELECT bytes FROM kv_usage WHERE tenant = ?';
const DROP_EXPIRED = 'DELETE FROM kv WHERE expires_ms <= ? AND tenant = ?';

/** No key begins with this byte: UTF-8 has none like it. */
const BEYOND_ALL_KEYS = Uint8Array.of(0xff);

/** Whatever a value has, it is read. */
const ANY_SIZE = Number.MAX_SAFE_INTEGER;

/** Key-value stores in `database`. */
export function kvIn(database: Database): KvStores {
  return {
    kv: (tenant, store, key, nowMs) => {
      const found = read(database, [tenant, store, key], ANY_SIZE, nowMs);
      if (found === null || found.value === null) return null;
      const { metadata, generation, expiresMs, value } = found;
      return { key, value, metadata, generation, expiresMs };
    },
    kvEntry: (tenant, store, key, maxBytes, nowMs) => read(database, [tenant, store, key], maxBytes, nowMs),
    putKv: (tenant, store, key, write, nowMs) => {
      acceptWrite(store, key, write);
      return database.change(() => put(database, [tenant, store, Buffer.from(key)], write, nowMs));
    },
    deleteKv: (tenant, store, key) =>
      key.isWellFormed() && database.run(`DELETE FROM kv WHERE ${HERE}`, tenant, store, Buffer.from(key)) > 0,
    kvKeys: (tenant, store, prefix, page, nowMs) => keys(database, tenant, store, prefix, page, nowMs),
  };
}

function read(
  database: Database,
  [tenant, store, key]: readonly [string, string, string],
  maxBytes: number,
  nowMs: number,
): KvEntryRecord | null {
  // Half of a surrogate pair would become a character that another key may have.
  if (!key.isWellFormed()) return null;
  const row = database.row<Omit<KvEntryRecord, 'key'>>(READ, maxBytes, tenant, store, Buffer.from(key), nowMs);
  return row === null ? null : { key, ...row };
}

function acceptWrite(store: string, key: string, { value, metadata, expiresMs, ifGeneration }: KvWrite): void {
  acceptName('name of the store', store);
  acceptKvKey(key);
  acceptSize(`the value of ${quoted(key)}`, value.length, 'kvValueBytes', 'store it in parts');
  if (metadata !== null) {
    acceptText(`the metadata of ${quoted(key)}`, metadata);
    acceptSize(
      `the metadata of ${quoted(key)}`,
      Buffer.byteLength(metadata),
      'kvMetadataBytes',
      'put it into the value',
    );
  }
  if (expiresMs !== null) acceptWhole('expiresMs', expiresMs);
  if (ifGeneration !== undefined) acceptWhole('ifGeneration', ifGeneration);
}

function put(database: Database, place: Place, write: KvWrite, nowMs: number): number {
  const [tenant, , key] = place;
  requireTenant(database, tenant);
  const found = database.row<Pick<KvRecord, 'generation' | 'expiresMs'> & { bytes: number }>(LOOK, ...place);
  const isAlive = found !== null && (found.expiresMs === null || found.expiresMs > nowMs);
  const generation = isAlive ? found.generation : 0;
  const { value, metadata, expiresMs, ifGeneration = generation } = write;
  if (ifGeneration !== generation) throw otherGeneration(key, generation, ifGeneration);
  const bytes = KV_ENTRY_BYTES + key.length + value.length + Buffer.byteLength(metadata ?? '');
  makeRoom(database, tenant, bytes - (isAlive ? found.bytes : 0), nowMs);
  database.run(WRITE, ...place, generation + 1, expiresMs, bytes, metadata, value);
  return generation + 1;
}

/** Entries whose time has come are in nobody's way: they go before a write is refused. */
function makeRoom(database: Database, tenant: string, growth: number, nowMs: number): void {
  const most = STORE_LIMITS.kvTenantBytes;
  if (growth <= 0 || usedBy(database, tenant) + growth <= most) return;
  database.run(DROP_EXPIRED, nowMs, tenant);
  const wanted = usedBy(database, tenant) + growth;
  if (wanted <= most) return;
  const message = `the key-value stores of ${quoted(tenant)} would have ${wanted} bytes`;
  throw new KerbError('too_large', `${message}, and at most ${most} are stored (kvTenantBytes); delete some keys`);
}

function usedBy(database: Database, tenant: string): number {
  return database.row<{ bytes: number }>(USED, tenant)?.bytes ?? 0;
}

function keys(
  database: Database,
  tenant: string,
  store: string,
  prefix: string,
  page: PageRequest,
  nowMs: number,
): Page<KvEntry> {
  acceptPage(page);
  acceptText('the prefix', prefix);
  const [from, to] = [Buffer.from(prefix), after(prefix)];
  const last = Buffer.from(positionOf('kv', page.cursor) ?? '');
  const rows = database.rows<KeyRow>(LIST, tenant, store, from, to, last, nowMs, page.limit + 1);
  const entries = rows.map((row) => ({ ...row, key: Buffer.from(row.key).toString() }));
  return pageOf('kv', entries, page.limit, ({ key }) => key);
}

/** The least bytes after all that begin with `prefix`. No byte of UTF-8 is the last one, so it can be counted up. */
function after(prefix: string): Uint8Array {
  const bytes = Uint8Array.from(Buffer.from(prefix));
  if (bytes.length === 0) return BEYOND_ALL_KEYS;
  const end = bytes.length - 1;
  bytes[end] = (bytes[end] ?? 0) + 1;
  return bytes;
}

function otherGeneration(key: Uint8Array, generation: number, ifGeneration: number): KerbError {
  const name = quoted(Buffer.from(key).toString());
  const message = `the key ${name} has generation ${generation}, and the write was meant for ${ifGeneration}`;
  return new KerbError('precondition_failed', `${message}; read it again`);
}
