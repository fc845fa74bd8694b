/** Real folders, stores and refusals for the tests of the store. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { onTestFinished } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import type { PageRequest, NewVersion, Store } from '../../../src/store/store.ts';
import { sealerOf } from '../../../src/store/sealer.ts';
import { openStore } from '../../../src/store/sqlite-store.ts';

/** A folder that is gone when the test is over. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kerb-store-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A store in a folder of its own, with ways to look behind it. */
export interface Opened {
  readonly store: Store;
  readonly file: string;
  /** Closes it and opens it anew. */
  readonly reopen: () => Store;
  /** Runs SQL on a connection of its own. */
  readonly behind: (sql: string) => Record<string, unknown>[];
}

/** Opens a store with tenants of these names. */
export function opened(...tenants: readonly string[]): Opened {
  const file = join(folder(), 'state.db');
  const sealer = sealerOf(randomBytes(32));
  let store = openStore(file, sealer);
  onTestFinished(() => store.close());
  for (const name of tenants) store.createTenant(name, 1_000);
  const reopen = (): Store => {
    store.close();
    store = openStore(file, sealer);
    return store;
  };
  return { store, file, reopen, behind: (sql) => behind(file, sql) };
}

function behind(file: string, sql: string): Record<string, unknown>[] {
  const connection = new DatabaseSync(file, { timeout: 1_000 });
  try {
    return connection.prepare(sql).all();
  } finally {
    connection.close();
  }
}

/** What `work` is refused with. */
export function refusal(work: () => unknown): KerbError {
  try {
    work();
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What a promise rejects with. */
export async function rejection(work: Promise<unknown>): Promise<KerbError> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof KerbError) return outcome;
  throw new Error(`no refusal but ${String(outcome)}`);
}

/** The first items of a list. */
export function first(limit: number): PageRequest {
  return { limit, cursor: null };
}

/** A version as an upload makes it. */
export function newVersion(tenant: string, more: Partial<NewVersion> = {}): NewVersion {
  return {
    tenant,
    digest: 'a'.repeat(64),
    size: 8,
    manifest: `name = "${tenant}"`,
    abi: 'http-wasm',
    report: { functions: 3, notes: ['fine'] },
    signedBy: null,
    note: '',
    createdMs: 2_000,
    createdBy: 'operator',
    files: {},
    ...more,
  };
}
