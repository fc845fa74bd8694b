/** What a pass over a tenants folder compares and decides, apart from when it runs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KerbError, systemCode } from '../errors.ts';
import { quoted } from './manifest-quote.ts';
import { printable } from '../quoted.ts';
import { assignNames } from './tenants-folder-names.ts';
import {
  hasManifest,
  manifestPath,
  readTenant,
  stampParts,
  type Inspection,
  type TenantSource,
} from './tenants-folder-read.ts';

/** What became of a tenant folder. */
export type FolderEvent =
  /** New or changed, and readable. Its tenant name may be another than before: it replaces what the folder had. */
  | { readonly kind: 'found'; readonly source: TenantSource }
  /** New or changed, and not usable: what ran from it keeps running. */
  | { readonly kind: 'broken'; readonly folder: string; readonly error: KerbError }
  /** It, or its manifest, is not there any more. */
  | { readonly kind: 'gone'; readonly folder: string };

/** What is remembered of a folder between scans. */
export interface KnownFolder {
  readonly parts: readonly string[];
  readonly stamp: string;
  /** The digest handed over last; `null` when the folder never was readable. */
  readonly digest: string | null;
  readonly broken: boolean;
  /** The tenant name that another folder has. */
  readonly blockedName: string | null;
}

/** Everything that is remembered between scans. A pass makes a new one; it counts once its events are handed over. */
export interface Memory {
  readonly folders: ReadonlyMap<string, KnownFolder>;
  /** Folder by tenant name. */
  readonly holders: ReadonlyMap<string, string>;
}

/** Nothing seen yet. */
export const BLANK: Memory = { folders: new Map(), holders: new Map() };

/** A folder after its files were read; `null` stands for a folder that is gone. */
export interface Result {
  readonly inspection: Inspection;
  readonly outcome: TenantSource | KerbError | null;
}

/** The root itself cannot be read: told apart from what a sink throws. */
export class RootError extends KerbError {}

/** Folders of `root` that may be a tenant's: not hidden; links to folders count. Rejects with a {@link RootError}. */
export async function listFolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
    const shown = folders.filter(({ name }) => !name.startsWith('.'));
    return shown.map(({ name }) => join(root, name)).sort();
  } catch (error) {
    const reason = systemCode(error);
    const remedy = 'make it, or name another with --tenants';
    throw new RootError('not_found', `${printable(root)}: the tenants folder cannot be read (${reason}); ${remedy}`);
  }
}

/** Those of `listed` and of the remembered folders that are not as remembered, in order. */
export async function suspects(listed: readonly string[], memory: Memory): Promise<string[]> {
  const all = [...new Set([...listed, ...memory.folders.keys()])].sort();
  const differ = await Promise.all(all.map((folder) => differs(folder, memory.folders.get(folder))));
  return all.filter((_, index) => differ[index]);
}

async function differs(folder: string, known: KnownFolder | undefined): Promise<boolean> {
  if (known !== undefined) return (await stampParts(known.parts)) !== known.stamp;
  return hasManifest(folder);
}

/** Reads the rest of a folder. `undefined`: it changed meanwhile, and a later scan takes it up. */
export async function load(inspection: Inspection): Promise<Result | undefined> {
  const { manifest } = inspection;
  if (manifest === null || manifest instanceof KerbError) return { inspection, outcome: manifest };
  try {
    const source = await readTenant(inspection, manifest);
    return source === null ? undefined : { inspection, outcome: source };
  } catch (error) {
    if (error instanceof KerbError) return { inspection, outcome: error };
    throw error;
  }
}

/** The holders of names once `results` count, and the folders that wait for a name which is free then. */
export function settleNames(
  memory: Memory,
  results: readonly Result[],
): { refused: ReadonlyMap<string, string>; holders: ReadonlyMap<string, string>; freed: readonly string[] } {
  const gone = new Set(results.filter(({ outcome }) => outcome === null).map(({ inspection }) => inspection.folder));
  const wishes = new Map(results.flatMap(({ outcome }) => wishOf(outcome)));
  const { holders, refused } = assignNames(memory.holders, gone, wishes);
  const read = new Set(results.map(({ inspection }) => inspection.folder));
  const waiting = [...memory.folders].filter(([folder]) => !read.has(folder));
  const freed = waiting.filter(([, { blockedName }]) => blockedName !== null && !holders.has(blockedName));
  return { holders, refused, freed: freed.map(([folder]) => folder).sort() };
}

function wishOf(outcome: Result['outcome']): [string, string][] {
  if (outcome === null || outcome instanceof KerbError) return [];
  return [[outcome.folder, outcome.manifest.name]];
}

/** The events of a batch of results, and what is remembered after them. Results are in order of precedence. */
export function conclude(memory: Memory, results: readonly Result[]): { events: FolderEvent[]; memory: Memory } {
  const { holders, refused } = settleNames(memory, results);
  const folders = new Map(memory.folders);
  const events: FolderEvent[] = [];
  for (const { inspection, outcome } of results) {
    const { folder, parts, stamp } = inspection;
    const known = memory.folders.get(folder);
    const event = eventOf(folder, outcome, refused.get(folder));
    if (!isRepeated(event, known)) events.push(event);
    if (event.kind === 'gone') folders.delete(folder);
    else folders.set(folder, { parts, stamp, ...standing(event, known, wishOf(outcome)[0]?.[1] ?? null) });
  }
  return { events, memory: { folders, holders } };
}

function eventOf(folder: string, outcome: Result['outcome'], holder: string | undefined): FolderEvent {
  if (outcome === null) return { kind: 'gone', folder };
  if (outcome instanceof KerbError) return { kind: 'broken', folder, error: outcome };
  if (holder === undefined) return { kind: 'found', source: outcome };
  return { kind: 'broken', folder, error: takenName(folder, outcome.manifest.name, holder) };
}

function takenName(folder: string, name: string, holder: string): KerbError {
  const place = printable(manifestPath(folder));
  return new KerbError(
    'bad_manifest',
    `${place}: name: ${quoted(name)} is the tenant of ${printable(holder)}, which was first; choose another name`,
  );
}

/** A folder that was only touched, or is gone without ever having been handed over. */
function isRepeated(event: FolderEvent, known: KnownFolder | undefined): boolean {
  if (event.kind === 'gone') return known === undefined;
  return event.kind === 'found' && known !== undefined && !known.broken && known.digest === event.source.digest;
}

function standing(
  event: FolderEvent,
  known: KnownFolder | undefined,
  wish: string | null,
): Pick<KnownFolder, 'digest' | 'broken' | 'blockedName'> {
  if (event.kind === 'found') return { digest: event.source.digest, broken: false, blockedName: null };
  return { digest: known?.digest ?? null, broken: true, blockedName: wish };
}
