import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Database } from '../../../src/store/database.ts';
import { migrate } from '../../../src/store/migrations.ts';
import { APPLICATION_ID, STEPS } from '../../../src/store/schema.ts';
import { folder, refusal } from './fixtures.ts';

const MARK = `PRAGMA application_id = ${APPLICATION_ID};`;
const GROWING = [`${MARK} CREATE TABLE t (a INTEGER)`, 'ALTER TABLE t ADD COLUMN b TEXT', 'UPDATE t SET b = a'];

function database(): Database {
  const connection = new Database(join(folder(), 'a.db'));
  onTestFinished(() => connection.close());
  return connection;
}

const schemaOf = (connection: Database): string[] =>
  connection
    .rows<{ sql: string | null }>('SELECT sql FROM sqlite_schema ORDER BY name')
    .flatMap(({ sql }) => (sql === null ? [] : [sql]));
const versionOf = (connection: Database) =>
  connection.row<{ user_version: number }>('PRAGMA user_version')?.user_version;

test.each(Array.from(STEPS.keys()))('a database of schema %i becomes as a new one', (schema) => {
  const [old, fresh] = [database(), database()];
  migrate(old, 'a.db', STEPS.slice(0, schema));
  expect(versionOf(old)).toBe(schema);
  migrate(old, 'a.db');
  migrate(fresh, 'a.db');
  expect(versionOf(old)).toBe(STEPS.length);
  expect(schemaOf(old)).toEqual(schemaOf(fresh));
});

test('a database that is up to date stays as it is', () => {
  const connection = database();
  migrate(connection, 'a.db');
  connection.run(`INSERT INTO tenants VALUES ('shop', 0, 1, NULL, NULL, NULL, 1, '[]', '[]', '{}', '[]')`);
  migrate(connection, 'a.db');
  expect(connection.rows('SELECT name FROM tenants')).toHaveLength(1);
});

test('all tables are strict', () => {
  const connection = database();
  migrate(connection, 'a.db');
  const tables = connection.rows<{ name: string; strict: number }>(`PRAGMA table_list`);
  expect(tables.filter(({ name, strict }) => strict === 0 && !name.startsWith('sqlite_'))).toEqual([]);
});

test('rows are taken along, step by step', () => {
  const connection = database();
  migrate(connection, 'a.db', GROWING.slice(0, 1));
  connection.run('INSERT INTO t VALUES (7)');
  migrate(connection, 'a.db', GROWING);
  expect(connection.row('SELECT a, b FROM t')).toEqual({ a: 7, b: '7' });
  expect(versionOf(connection)).toBe(3);
});

test('a step that fails is undone whole, the ones before it stay, and it is tried again', () => {
  const connection = database();
  const broken = [...GROWING.slice(0, 2), 'UPDATE t SET b = 1; CREATE TABLE u (a INTEGER); SELECT nonsense'];
  expect(() => migrate(connection, 'a.db', broken)).toThrow(/nonsense/);
  expect(versionOf(connection)).toBe(2);
  expect(connection.rows(`SELECT 1 FROM sqlite_schema WHERE name = 'u'`)).toEqual([]);
  migrate(connection, 'a.db', GROWING);
  expect(versionOf(connection)).toBe(3);
});

test('a step that leaves rows without what they belong to is undone', () => {
  const connection = database();
  const orphans = `${MARK} PRAGMA defer_foreign_keys = ON;
    CREATE TABLE p (a INTEGER PRIMARY KEY); CREATE TABLE c (a INTEGER REFERENCES p); INSERT INTO c VALUES (1)`;
  expect(refusal(() => migrate(connection, 'a.db', [orphans])).code).toBe('corrupt');
  expect(versionOf(connection)).toBe(0);
});

test('the database of a newer Kerb is refused and left alone', () => {
  const connection = database();
  migrate(connection, 'a.db', [...STEPS, 'CREATE TABLE newer (a INTEGER)']);
  const before = schemaOf(connection);
  const { code, message } = refusal(() => migrate(connection, 'a.db'));
  expect(code).toBe('unsupported');
  expect(message).toContain(
    `was written by a newer Kerb (schema ${STEPS.length + 1}, and this one knows ${STEPS.length})`,
  );
  expect(schemaOf(connection)).toEqual(before);
});

test.each([
  ['tables', 'CREATE TABLE bookmarks (url TEXT)'],
  ['a version', 'PRAGMA user_version = 1'],
  ['a mark', 'PRAGMA application_id = 1'],
])('the database of another program, which has %s, is refused and left alone', (_, sql) => {
  const connection = database();
  connection.script(sql);
  const before = schemaOf(connection);
  expect(refusal(() => migrate(connection, 'a.db')).code).toBe('bad_config');
  expect(schemaOf(connection)).toEqual(before);
});
