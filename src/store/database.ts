/** One connection to an SQLite file: how it is opened, its statements, its transactions, and its errors in plain words. */
import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { KerbError, systemCode } from '../errors.ts';
import { syncFolder } from './folders.ts';
import { BUSY_TIMEOUT_MS, JOURNAL_BYTES } from './limits.ts';

/** Primary result codes of SQLite that mean something to whoever runs Kerb. */
const SQLITE = { busy: 5, locked: 6, readOnly: 8, corrupt: 11, cannotOpen: 14, notADatabase: 26 } as const;
const PRIMARY_CODE = 0xff;

/** What every connection is set to. */
const PRAGMAS = [
  // A commit is on disk before the next statement runs; readers and a backup never wait for it.
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  `PRAGMA journal_size_limit = ${JOURNAL_BYTES}`,
  // A file that somebody else has written must not call functions with side effects from its schema.
  'PRAGMA trusted_schema = OFF',
  // Damage is an error where it is read instead of a wrong answer.
  'PRAGMA cell_size_check = ON',
] as const;

/**
 * A connection with its prepared statements. Texts of statements are constants of this folder: each is prepared once and kept.
 *
 * Every method throws `corrupt` when the file is damaged or no database, and `conflict` when another program has kept it locked for
 * {@link BUSY_TIMEOUT_MS}; a full disk and other faults of the machine are SQLite's own error.
 */
export class Database {
  readonly #file: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens the file, and makes it, for the process's own user only, when it is not there. Throws `bad_config` when it cannot. */
  constructor(file: string) {
    this.#file = file;
    makeFile(file);
    this.#connection = this.#explained(() => connect(file));
  }

  /** The first row, as the schema types it; `null` when there is none. */
  row<Row>(sql: string, ...values: readonly SQLInputValue[]): Row | null {
    // Tables are STRICT: a column holds the type that it was declared with.
    return this.#explained(() => (this.#statement(sql).get(...values) as Row | undefined) ?? null);
  }

  /** All rows. */
  rows<Row>(sql: string, ...values: readonly SQLInputValue[]): Row[] {
    return this.#explained(() => this.#statement(sql).all(...values) as Row[]);
  }

  /** Answers how many rows it changed, those that triggers and foreign keys changed not counted. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return this.#explained(() => Number(this.#statement(sql).run(...values).changes));
  }

  /** Runs several statements, without values. */
  script(sql: string): void {
    this.#explained(() => this.#connection.exec(sql));
  }

  /** Whether a change is under way. */
  get changing(): boolean {
    return this.#connection.isTransaction;
  }

  /**
   * Runs `work` as one change: it is on disk when this returns, or undone when `work` throws. Within another change it is a part of that
   * one, and undone alone.
   */
  change<T>(work: () => T): T {
    const isPart = this.changing;
    this.run(isPart ? 'SAVEPOINT part' : 'BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run(isPart ? 'RELEASE part' : 'COMMIT');
      return result;
    } catch (error) {
      this.#undo(isPart);
      throw error;
    }
  }

  /** Lets the file go. Idempotent. */
  close(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  /** Some errors, such as a full disk, have undone everything already. */
  #undo(isPart: boolean): void {
    if (!this.changing) return;
    this.script(isPart ? 'ROLLBACK TO part; RELEASE part' : 'ROLLBACK');
  }

  #statement(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept !== undefined) return kept;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explained(this.#file, error);
    }
  }
}

/**
 * SQLite gives its journal the permissions of the file, so these come first. A file that is there is not opened: closing it would give
 * back the locks that other connections of this process have on it (POSIX fcntl).
 */
function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
    syncFolder(dirname(file));
  } catch (error) {
    const reason = systemCode(error);
    if (reason === 'EEXIST') return;
    throw new KerbError('bad_config', `${file} cannot be written (${reason}); choose another folder with --data`);
  }
}

function connect(file: string): DatabaseSync {
  const connection = new DatabaseSync(file, {
    timeout: BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    defensive: true,
  });
  try {
    for (const pragma of PRAGMAS) connection.exec(pragma);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The error in Kerb's words, where it is about the file; otherwise the error itself. */
function explained(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  switch (Number(error.errcode) & PRIMARY_CODE) {
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return damaged(file, error.message);
    case SQLITE.busy:
    case SQLITE.locked:
      return new KerbError('conflict', `${file} is locked by another program; end that program and try again`);
    case SQLITE.readOnly:
    case SQLITE.cannotOpen:
      return new KerbError('bad_config', `${file} cannot be written (${error.message}); correct its permissions`);
    default:
      return error;
  }
}

/** The error of a database file that is damaged: `found` says how. */
export function damaged(file: string, found: string): KerbError {
  const remedy =
    'stop Kerb and restore the data folder from a backup, or save what can be read with "sqlite3 FILE .recover"';
  return new KerbError('corrupt', `${file} is damaged (${found}); ${remedy}`);
}
