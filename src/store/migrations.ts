/** Brings a database file to the schema of this build, or refuses it. */
import { KerbError } from '../errors.ts';
import { damaged, type Database } from './database.ts';
import { APPLICATION_ID, STEPS, VITAL_TABLES } from './schema.ts';

/**
 * Takes a database from its schema to the newest, each step in a transaction of its own: a process that dies on the way goes on where
 * it was. `file` names it in errors: `unsupported` when a newer Kerb has written it, `bad_config` when another program has.
 */
export function migrate(database: Database, file: string, steps: readonly string[] = STEPS): void {
  acceptFile(database, file);
  const found = schemaOf(database);
  if (found > steps.length) throw tooNew(file, found, steps.length);
  for (const [index, step] of steps.entries()) {
    if (index >= found) take(database, file, step, index + 1);
  }
}

/** Throws `corrupt` when a table that nothing works without is damaged. Contents are checked where they are read. */
export function checkVitalTables(database: Database, file: string): void {
  for (const table of VITAL_TABLES) {
    const found = database.row<{ quick_check: string }>(`PRAGMA quick_check(${table})`)?.quick_check;
    if (found !== 'ok') throw damaged(file, `table ${table}: ${found ?? 'no answer'}`);
  }
}

function take(database: Database, file: string, step: string, schema: number): void {
  database.change(() => {
    database.script(step);
    database.script(`PRAGMA user_version = ${schema}`);
    const [broken] = database.rows<{ table: string }>('PRAGMA foreign_key_check');
    if (broken !== undefined) throw damaged(file, `rows of ${broken.table} belong to nothing at schema ${schema}`);
  });
}

function schemaOf(database: Database): number {
  return database.row<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}

/** An empty file is taken: it is one that was just made. */
function acceptFile(database: Database, file: string): void {
  const mark = database.row<{ application_id: number }>('PRAGMA application_id')?.application_id;
  if (mark === APPLICATION_ID) return;
  const tables = database.row<{ count: number }>('SELECT count(*) AS count FROM sqlite_schema')?.count;
  if (mark === 0 && tables === 0 && schemaOf(database) === 0) return;
  throw new KerbError('bad_config', `${file} is the database of another program; choose another folder with --data`);
}

function tooNew(file: string, found: number, known: number): KerbError {
  const message = `${file} was written by a newer Kerb (schema ${found}, and this one knows ${known})`;
  return new KerbError('unsupported', `${message}; start that one, or restore the data folder from a backup`);
}
