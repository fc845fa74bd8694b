/** Compares what a killed process left with what it had acknowledged, and names every difference. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobs } from '../../src/store/blob-store.ts';
import type { VersionRecord } from '../../src/store/records.ts';
import { openStore } from '../../src/store/sqlite-store.ts';
import type { BlobStore, Page, PageRequest, Store } from '../../src/store/store.ts';
import { TENANT, isWhole, testSealer, type Acknowledged } from './store-acknowledged.ts';

/** The most that was ever acknowledged, or found, of each thing that only goes up; and what was not as it should be. */
export class HighWater {
  readonly faults: string[] = [];
  /** A tenant begins at revision 1. */
  readonly #marks = new Map([['revision', 1]]);

  /** While the process runs, nothing goes back. */
  note(said: Acknowledged): void {
    for (const [what, value] of marksIn(said)) {
      this.check(value > this.#at(what), `${what} went from ${this.#at(what)} to ${value}`);
      this.#marks.set(what, value);
    }
  }

  /**
   * What was acknowledged is there, and at most one thing more: the one that the process died over after it was stored. From now on
   * that one is not to be lost either.
   */
  kept(what: string, found: number): void {
    const mark = this.#at(what);
    this.check(found === mark || found === mark + 1, `${what} is at ${found}, and ${mark} was acknowledged`);
    this.#marks.set(what, found);
  }

  check(isSo: boolean, fault: string): void {
    if (!isSo) this.faults.push(fault);
  }

  #at(what: string): number {
    return this.#marks.get(what) ?? 0;
  }
}

function marksIn(said: Acknowledged): [string, number][] {
  switch (said.kind) {
    case 'deploy':
      return [
        ['version', said.version],
        ['revision', said.revision],
        ['audit', said.auditId],
      ];
    case 'kv':
      return [[said.key, said.generation]];
    case 'secret':
      return [['secret', said.count]];
    case 'usage':
      return [['usage', said.requests]];
    case 'revision':
      return [['revision', said.revision]];
  }
}

/** Opens what the process left in `folder`, looks at all of it, and closes it. Faults are noted in `marks`. */
export async function survey(folder: string, marks: HighWater): Promise<void> {
  const store = openStore(join(folder, 'state.db'), testSealer());
  try {
    const blobs = openBlobs(join(folder, 'blobs'));
    marks.check(readdirSync(join(folder, 'blobs', 'drafts')).length === 0, 'drafts were left');
    const versions = all((page) => store.versions(TENANT, page));
    lookAtTenant(store, marks, versions);
    lookAtContents(store, marks);
    for (const version of versions) await lookAtBlobs(blobs, marks, version);
  } finally {
    store.close();
  }
}

/** All items of a list that is newest first, oldest first. */
function all<T>(list: (page: PageRequest) => Page<T>): T[] {
  const found: T[] = [];
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const page: Page<T> = list({ limit: 100, cursor });
    found.push(...page.items);
    cursor = page.next;
  }
  return found.toReversed();
}

/** A deploy is one change: number, activation and audit record come together. */
function lookAtTenant(store: Store, marks: HighWater, versions: readonly VersionRecord[]): void {
  const tenant = store.tenant(TENANT);
  const count = versions.length;
  const audit = all((page) => store.audit(page)).map(({ detail }) => JSON.stringify(detail));
  marks.kept('revision', tenant?.revision ?? 0);
  marks.kept('version', count);
  marks.kept('audit', audit.length);
  marks.check(tenant?.nextVersion === count + 1, `there are ${count} versions, and the next is ${tenant?.nextVersion}`);
  marks.check((tenant?.active ?? 0) === count, `there are ${count} versions, and ${tenant?.active} is active`);
  for (const [index, { version }] of versions.entries()) {
    marks.check(version === index + 1, `version ${version} is in the place of ${index + 1}`);
    marks.check(audit[index] === JSON.stringify({ version }), `the audit trail does not tell of version ${version}`);
  }
}

function lookAtContents(store: Store, marks: HighWater): void {
  for (const key of Array.from({ length: 5 }, (_, index) => `key-${index}`)) {
    const found = store.kv(TENANT, 'cart', key, 0);
    marks.kept(key, found?.generation ?? 0);
    marks.check(found === null || isWhole(found.value), `${key} is not whole`);
  }
  marks.kept('secret', Number(Buffer.from(store.secret(TENANT, 'COUNT') ?? []).toString()));
  marks.kept('usage', store.usage(TENANT, 0, 1)[0]?.requests ?? 0);
}

async function lookAtBlobs(blobs: BlobStore, marks: HighWater, version: VersionRecord): Promise<void> {
  for (const digest of [version.digest, ...Object.values(version.files)]) {
    const bytes = await blobs.get(digest);
    marks.check(bytes !== null && isWhole(bytes), `${digest} of version ${version.version} is not whole`);
  }
}
