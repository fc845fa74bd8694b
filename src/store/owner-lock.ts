/** One process at a time owns a data folder: two would sweep each other's uploads and serve different truths. */
import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { KerbError } from '../errors.ts';
import { OWNER_WAIT_MS } from './limits.ts';

/**
 * Takes the folder, which the empty file `lock` stands for; answers how to give it back. The system gives it back when the process
 * ends, however it ends. Throws `conflict` when another process has it for longer than {@link OWNER_WAIT_MS}, `bad_config` when the file
 * cannot be made.
 *
 * Nothing else in the process may open the file: closing it would give the lock back (POSIX fcntl). SQLite knows that of its own
 * connections.
 */
export function own(lock: string): () => void {
  const connection = new DatabaseSync(lock, { open: false, timeout: OWNER_WAIT_MS });
  try {
    connection.open();
    // Whoever can open the file can keep the process from starting.
    chmodSync(lock, 0o600);
    // Nothing is ever written, and so no journal is left behind.
    connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    if (connection.isOpen) connection.close();
    throw refusal(lock, error);
  }
  return () => {
    if (connection.isOpen) connection.close();
  };
}

function refusal(lock: string, error: unknown): KerbError {
  const reason = error instanceof Error ? error.message : String(error);
  if (/locked/.test(reason)) {
    const remedy = 'stop it, or give this one a folder of its own with --data';
    return new KerbError('conflict', `${lock} is held by another Kerb process, which owns this data folder; ${remedy}`);
  }
  return new KerbError('bad_config', `${lock} cannot be opened (${reason}); choose another folder with --data`);
}
