/** Domains: which host leads to which tenant. */
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';
import { acceptName, acceptWhole } from './accepted.ts';
import type { Database } from './database.ts';
import type { DomainRecord } from './records.ts';
import type { TenantStore } from './store.ts';
import { requireTenant } from './tenants.ts';

/** The part of the store about domains. Adding and removing one is a change of its tenant: the revision goes up. */
export type Domains = Pick<TenantStore, 'addDomain' | 'removeDomain' | 'domain' | 'domains'>;

const COLUMNS = 'host, tenant, created_ms AS createdMs, created_by AS createdBy';
const TOUCH = 'UPDATE tenants SET revision = revision + 1 WHERE name = ?';

/** Domains in `database`. */
export function domainsIn(database: Database): Domains {
  return {
    addDomain: (domain) => addDomain(database, domain),
    removeDomain: (tenant, host) => removeDomain(database, tenant, host),
    domain: (host) => domainOf(database, host),
    domains: (tenant) => {
      const rows = database.rows<DomainRecord>(`SELECT ${COLUMNS} FROM domains WHERE tenant = ? ORDER BY host`, tenant);
      return rows.map((row) => ({ ...row }));
    },
  };
}

function domainOf(database: Database, host: string): DomainRecord | null {
  const row = database.row<DomainRecord>(`SELECT ${COLUMNS} FROM domains WHERE host = ?`, host);
  return row === null ? null : { ...row };
}

function addDomain(database: Database, { host, tenant, createdMs, createdBy }: DomainRecord): void {
  acceptName('host', host, 'hostBytes');
  acceptWhole('createdMs', createdMs);
  database.change(() => {
    requireTenant(database, tenant);
    const found = domainOf(database, host);
    if (found?.tenant === tenant) return;
    if (found !== null) throw taken(host);
    database.run('INSERT INTO domains VALUES (?, ?, ?, ?)', host, tenant, createdMs, createdBy);
    database.run(TOUCH, tenant);
  });
}

function removeDomain(database: Database, tenant: string, host: string): void {
  database.change(() => {
    if (database.run('DELETE FROM domains WHERE tenant = ? AND host = ?', tenant, host) === 0) {
      throw new KerbError('not_found', `the tenant ${quoted(tenant)} has no domain ${quoted(host)}; look at its list`);
    }
    database.run(TOUCH, tenant);
  });
}

/** Does not name the tenant: whose host it is is nobody else's business. */
function taken(host: string): KerbError {
  return new KerbError('conflict', `the host ${quoted(host)} belongs to another tenant; remove it there first`);
}
