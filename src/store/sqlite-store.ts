/** The store over one SQLite file, put together from its chapters. */
import { dirname } from 'node:path';
import { auditIn } from './audit.ts';
import { configIn, secretsIn } from './config-and-secrets.ts';
import { Database } from './database.ts';
import { domainsIn } from './domains.ts';
import { makeFolder } from './folders.ts';
import { kvIn } from './kv.ts';
import { checkVitalTables, migrate } from './migrations.ts';
import { own } from './owner-lock.ts';
import { prune } from './retention.ts';
import type { Sealer } from './sealer.ts';
import { answersIn, settingsIn } from './settings-and-answers.ts';
import type { Store } from './store.ts';
import { tenantsIn } from './tenants.ts';
import { tokensIn } from './tokens.ts';
import { usageIn } from './usage.ts';
import { versionsIn } from './versions.ts';

/**
 * Opens the store in `file`, makes it when it is not there, and owns its folder until {@link Store.close}; secrets and settings are
 * sealed by `sealer`. Besides the errors of {@link Store}, any call throws `corrupt` when the file turns out to be damaged, and
 * `conflict` when another program keeps it locked.
 *
 * Throws a KerbError: `conflict` when another process owns the folder; `corrupt` when the file is damaged; `unsupported` when a newer
 * Kerb has written it; `bad_config` when it cannot be written or is another program's.
 */
export function openStore(file: string, sealer: Sealer): Store {
  makeFolder(dirname(file));
  const disown = own(`${file}.lock`);
  try {
    return storeOver(openDatabase(file), sealer, disown);
  } catch (error) {
    disown();
    throw error;
  }
}

function openDatabase(file: string): Database {
  const database = new Database(file);
  try {
    migrate(database, file);
    checkVitalTables(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function storeOver(database: Database, sealer: Sealer, disown: () => void): Store {
  return Object.freeze({
    ...tenantsIn(database),
    ...versionsIn(database),
    ...domainsIn(database),
    ...kvIn(database),
    ...configIn(database),
    ...secretsIn(database, sealer),
    ...auditIn(database),
    ...usageIn(database),
    ...tokensIn(database),
    ...settingsIn(database, sealer),
    ...answersIn(database, sealer),
    prune: (nowMs: number) => prune(database, nowMs),
    atomically: <T>(work: () => T) => atomically(database, work),
    close: () => {
      database.close();
      disown();
    },
  });
}

function atomically<T>(database: Database, work: () => T): T {
  if (database.changing) throw new TypeError('a change runs within another one; run its work there');
  return database.change(() => {
    const result = work();
    // What happens after an await would be outside of the change.
    if (result instanceof Promise) throw new TypeError('the work of a change is not asynchronous');
    return result;
  });
}
