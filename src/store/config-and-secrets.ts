/** Config stores, whose texts are handed over whole, and secrets, which are sealed for their tenant and name. */
import { quoted } from '../quoted.ts';
import { acceptCount, acceptName, acceptSize, acceptText } from './accepted.ts';
import type { Database } from './database.ts';
import type { STORE_LIMITS } from './limits.ts';
import type { Sealer } from './sealer.ts';
import type { ContentStore } from './store.ts';
import { requireTenant } from './tenants.ts';

/** The part of the store about config stores. */
export type ConfigStores = Pick<ContentStore, 'config' | 'putConfig' | 'deleteConfig'>;
/** The part of the store about secrets. */
export type Secrets = Pick<ContentStore, 'secretNames' | 'secret' | 'putSecret' | 'deleteSecret'>;

const READ_CONFIG = 'SELECT key, value FROM config WHERE tenant = ? AND store = ? ORDER BY key';
const WRITE_CONFIG = `INSERT INTO config (tenant, store, key, value) VALUES (?, ?, ?, ?)
  ON CONFLICT (tenant, store, key) DO UPDATE SET value = excluded.value`;
const WRITE_SECRET = `INSERT INTO secrets (tenant, name, sealed) VALUES (?, ?, ?)
  ON CONFLICT (tenant, name) DO UPDATE SET sealed = excluded.sealed`;

/** Config stores in `database`. */
export function configIn(database: Database): ConfigStores {
  return {
    config: (tenant, store) => {
      const rows = database.rows<{ key: string; value: string }>(READ_CONFIG, tenant, store);
      return new Map(rows.map(({ key, value }) => [key, value]));
    },
    putConfig: (tenant, store, key, value) => putConfig(database, tenant, store, key, value),
    deleteConfig: (tenant, store, key) =>
      database.run('DELETE FROM config WHERE tenant = ? AND store = ? AND key = ?', tenant, store, key) > 0,
  };
}

function putConfig(database: Database, tenant: string, store: string, key: string, value: string): void {
  acceptName('name of the store', store);
  acceptName('key', key, 'configKeyBytes');
  acceptText(`the value of ${quoted(key)}`, value);
  acceptSize(`the value of ${quoted(key)}`, Buffer.byteLength(value), 'configValueBytes', 'use a key-value store');
  database.change(() => {
    requireTenant(database, tenant);
    database.run(WRITE_CONFIG, tenant, store, key, value);
    acceptEntries(database, 'config', tenant, 'configEntries');
  });
}

/** Asked after the write, which is undone when there is one too many. */
function acceptEntries(
  database: Database,
  table: 'config' | 'secrets',
  tenant: string,
  limit: keyof typeof STORE_LIMITS,
): void {
  const sql = `SELECT count(*) AS entries FROM ${table} WHERE tenant = ?`;
  const entries = database.row<{ entries: number }>(sql, tenant)?.entries ?? 0;
  acceptCount(`${table} of the tenant ${quoted(tenant)}`, entries, limit, 'delete one first');
}

/** Secrets in `database`, sealed by `sealer`. */
export function secretsIn(database: Database, sealer: Sealer): Secrets {
  return {
    secretNames: (tenant) =>
      database
        .rows<{ name: string }>('SELECT name FROM secrets WHERE tenant = ? ORDER BY name', tenant)
        .map(({ name }) => name),
    secret: (tenant, name) => {
      const sql = 'SELECT sealed FROM secrets WHERE tenant = ? AND name = ?';
      const row = database.row<{ sealed: Uint8Array }>(sql, tenant, name);
      return row === null ? null : sealer.open(['secret', tenant, name], row.sealed);
    },
    putSecret: (tenant, name, value) => putSecret(database, sealer, tenant, name, value),
    deleteSecret: (tenant, name) => database.run('DELETE FROM secrets WHERE tenant = ? AND name = ?', tenant, name) > 0,
  };
}

function putSecret(database: Database, sealer: Sealer, tenant: string, name: string, value: Uint8Array): void {
  acceptName('name of the secret', name);
  acceptSize(`the secret ${quoted(name)}`, value.length, 'secretBytes', 'store it in parts');
  database.change(() => {
    requireTenant(database, tenant);
    database.run(WRITE_SECRET, tenant, name, sealer.seal(['secret', tenant, name], value));
    acceptEntries(database, 'secrets', tenant, 'secrets');
  });
}
