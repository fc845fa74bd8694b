import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { Database } from '../../../src/store/database.ts';
import { folder, refusal } from './fixtures.ts';
import { holding } from './holding.ts';

function database(file = join(folder(), 'a.db')): Database {
  const connection = new Database(file);
  onTestFinished(() => connection.close());
  return connection;
}

function withTable(): Database {
  const connection = database();
  connection.script('CREATE TABLE t (a INTEGER NOT NULL) STRICT');
  return connection;
}

const all = (connection: Database): number[] =>
  connection.rows<{ a: number }>('SELECT a FROM t ORDER BY a').map(({ a }) => a);

test("a commit waits for the disk, and the file is read as somebody else's", () => {
  const connection = database();
  const pragma = (name: string) => Object.values(connection.row<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0];
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('synchronous')).toBe(2);
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('trusted_schema')).toBe(0);
  expect(pragma('cell_size_check')).toBe(1);
  expect(pragma('busy_timeout')).toBe(1_000);
});

test('the file and its journal are for their owner only', () => {
  const file = join(folder(), 'a.db');
  database(file).script('CREATE TABLE t (a INTEGER) STRICT');
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
});

test('a change is stored whole or not at all', () => {
  const connection = withTable();
  expect(connection.change(() => connection.run('INSERT INTO t VALUES (1), (2)'))).toBe(2);
  const failing = () =>
    connection.change(() => {
      connection.run('INSERT INTO t VALUES (3)');
      throw new RangeError('no');
    });
  expect(failing).toThrow(RangeError);
  expect(connection.changing).toBe(false);
  expect(all(connection)).toEqual([1, 2]);
});

test('a part of a change is undone alone', () => {
  const connection = withTable();
  connection.change(() => {
    connection.run('INSERT INTO t VALUES (1)');
    const part = () =>
      connection.change(() => {
        connection.run('INSERT INTO t VALUES (2)');
        connection.change(() => connection.run('INSERT INTO t VALUES (3)'));
        throw new RangeError('no');
      });
    expect(part).toThrow(RangeError);
    expect(connection.changing).toBe(true);
    connection.change(() => connection.run('INSERT INTO t VALUES (4)'));
  });
  expect(all(connection)).toEqual([1, 4]);
});

test('a statement that fails does not break the next one', () => {
  const connection = withTable();
  const insert = (value: number | null) => connection.run('INSERT INTO t VALUES (?)', value);
  expect(() => insert(null)).toThrow(/NOT NULL/);
  expect(() => insert(1.5)).toThrow(/REAL/);
  expect(insert(7)).toBe(1);
  expect(all(connection)).toEqual([7]);
});

test('a full disk undoes the change, and what was stored stays', () => {
  const connection = database();
  connection.script('CREATE TABLE t (a INTEGER NOT NULL, b BLOB) STRICT; PRAGMA max_page_count = 20');
  connection.change(() => connection.run('INSERT INTO t VALUES (1, NULL)'));
  const tooMuch = () =>
    connection.change(() => {
      connection.run('INSERT INTO t VALUES (2, NULL)');
      connection.run('INSERT INTO t VALUES (3, zeroblob(200000))');
    });
  expect(tooMuch).toThrow(/full/);
  expect(connection.changing).toBe(false);
  connection.change(() => connection.run('INSERT INTO t VALUES (4, NULL)'));
  expect(all(connection)).toEqual([1, 4]);
});

test('a write waits for another process that writes', async () => {
  const file = join(folder(), 'a.db');
  const connection = database(file);
  connection.script('CREATE TABLE t (a INTEGER NOT NULL) STRICT');
  await holding(file, 100);
  expect(connection.change(() => connection.run('INSERT INTO t VALUES (1)'))).toBe(1);
});

test('a write gives up when another connection keeps the lock, and reads go on', () => {
  const file = join(folder(), 'a.db');
  const connection = database(file);
  connection.script('CREATE TABLE t (a INTEGER NOT NULL) STRICT');
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)');
  const { code, message } = refusal(() => connection.change(() => connection.run('INSERT INTO t VALUES (2)')));
  expect(code).toBe('conflict');
  expect(message).toBe(`${file} is locked by another program; end that program and try again`);
  expect(all(connection)).toEqual([]);
  other.exec('COMMIT');
  other.close();
  connection.change(() => connection.run('INSERT INTO t VALUES (2)'));
  expect(all(connection)).toEqual([1, 2]);
});

test('what a change has read stays so until it is over: nobody else writes meanwhile', () => {
  const file = join(folder(), 'a.db');
  const connection = database(file);
  connection.script('CREATE TABLE t (a INTEGER NOT NULL) STRICT');
  const other = new DatabaseSync(file, { timeout: 0 });
  onTestFinished(() => other.close());
  connection.change(() => {
    expect(all(connection)).toEqual([]);
    expect(() => other.exec('INSERT INTO t VALUES (1)')).toThrow(/locked/);
    connection.run('INSERT INTO t VALUES (2)');
  });
  other.exec('INSERT INTO t VALUES (3)');
  expect(all(connection)).toEqual([2, 3]);
});

test('a file that is no database is damaged', () => {
  const file = join(folder(), 'a.db');
  writeFileSync(file, 'x'.repeat(5_000));
  const { code, message } = refusal(() => database(file));
  expect(code).toBe('corrupt');
  expect(message).toContain('restore the data folder from a backup');
});

test('damage in the middle is told where it is read', () => {
  const file = join(folder(), 'a.db');
  const writer = database(file);
  writer.script('CREATE TABLE t (a INTEGER NOT NULL, b BLOB) STRICT');
  writer.change(() => {
    for (let row = 0; row < 500; row++) writer.run('INSERT INTO t VALUES (?, zeroblob(500))', row);
  });
  writer.close();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0x5a, 8_192));
  const reader = database(file);
  expect(refusal(() => reader.rows('SELECT a FROM t')).code).toBe('corrupt');
});

test('a folder in the place of the file, or none around it, is refused', () => {
  const home = folder();
  mkdirSync(join(home, 'a.db'));
  expect(refusal(() => database(join(home, 'a.db'))).code).toBe('bad_config');
  expect(refusal(() => database(join(home, 'none', 'a.db'))).code).toBe('bad_config');
});

test('closing twice is fine, and afterwards nothing works', () => {
  const connection = withTable();
  connection.close();
  connection.close();
  expect(() => connection.rows('SELECT 1')).toThrow(/not open/);
});
