/** The folder of tenant folders: read at start, then followed while it changes. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KerbError } from '../errors.ts';
import { contentBytes } from './granted-folders.ts';
import { folderIdentity } from './tenants-folder-file.ts';
import { FolderHints } from './tenants-folder-hints.ts';
import { inspect, type Inspection } from './tenants-folder-read.ts';
import { BLANK, conclude, listFolders, load, RootError, settleNames, suspects } from './tenants-folder-scan.ts';
import type { FolderEvent, Memory, Result } from './tenants-folder-scan.ts';

export type { TenantSource } from './tenants-folder-read.ts';
export type { FolderEvent } from './tenants-folder-scan.ts';

/** Takes a batch of events, which belong together. The next batch waits until it has settled. */
export type FolderSink = (events: readonly FolderEvent[]) => void | Promise<void>;

/** Times of a {@link TenantsFolder}. Every one has a default. */
export interface FolderTiming {
  /** How long a file must have been left alone to count as written: 50. */
  readonly settleMs: number;
  /** The longest time in which a change is seen without a hint, for a folder that scans quickly: 2,000. */
  readonly rescanMs: number;
  /** Waits that many milliseconds. */
  readonly pause: (ms: number) => Promise<unknown>;
}

const TIMING: FolderTiming = { settleMs: 50, rescanMs: 2_000, pause: (ms) => sleep(ms) };

/** Looks at a file that keeps changing, per scan. After that it is left to the next scan, so that others do not wait. */
const SETTLE_ROUNDS = 20;

/** Bytes of modules and files in one batch. Beyond it the rest follows in a batch of its own: all are held in memory until then. */
const BATCH_BYTES = 256 * 1024 * 1024;

/** Scanning may take one part in this many of the control thread's time. */
const SCAN_SHARE = 20;

/**
 * Watches a folder in which every folder with a `kerb.toml` is an app. Hidden folders, folders without a manifest and
 * files are ignored.
 *
 * The file system is compared with what was handed over last; events are differences, in order of folder names. A file
 * that is still being written is waited for; what changed together is handed over together. When two folders have one
 * tenant name, the one that had it first keeps it (at start: the first by name) and the other is `broken` until the name is
 * free. Changes below the folders of `[files]` are changes of the app.
 */
export class TenantsFolder {
  readonly #root: string;
  readonly #sink: FolderSink;
  readonly #timing: FolderTiming;
  readonly #hints = new FolderHints(() => this.#hinted());
  #memory: Memory = BLANK;
  #rootFault: RootError | null = null;
  #compareMs = 0;
  #ticking = false;
  #running: Promise<void> = Promise.resolve();
  #queued: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #watching = false;
  #hintPending = false;
  #closed = false;

  /** Does nothing yet. `root` may be relative to the working directory; it is the beginning of every `folder`. */
  constructor(root: string, sink: FolderSink, timing: Partial<FolderTiming> = {}) {
    this.#root = root;
    this.#sink = sink;
    this.#timing = { ...TIMING, ...timing };
  }

  /**
   * Compares once and hands over the differences; resolves when the sink has taken them. Scans never overlap: a call
   * during a scan gets the one that follows it.
   *
   * Rejects with a KerbError `not_found` when the root cannot be read, and with the sink's own error: then the same
   * differences are handed over again by the next scan. A TypeError when closed.
   */
  scan(): Promise<void> {
    if (this.#closed) return Promise.reject(new TypeError('this TenantsFolder is closed'));
    if (this.#queued !== null) return this.#queued;
    const run = (): Promise<void> => {
      this.#queued = null;
      return this.#passes();
    };
    this.#queued = this.#running = this.#running.then(run, run);
    return this.#queued;
  }

  /**
   * Scans whenever something seems to have changed, and every now and then, until {@link close}. Does not keep the process
   * alive. When the root cannot be read, everything keeps running and one `broken` names the root as its folder; `gone`
   * with the root ends that. A failing sink is reported as a process warning and gets the same events again.
   */
  watch(): void {
    if (this.#closed) throw new TypeError('this TenantsFolder is closed');
    if (this.#watching) return;
    this.#watching = true;
    this.#plan(0);
  }

  /** Stops; resolves when no scan runs and the sink will not be called any more. Not to be awaited inside the sink. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#hints.close();
    await Promise.allSettled([this.#running]);
  }

  async #passes(): Promise<void> {
    for (let more = true; more && !this.#closed;) more = await this.#pass();
  }

  /** One batch. Answers whether there is more to read. */
  async #pass(): Promise<boolean> {
    const listed = await this.#list();
    // Watches come before the comparison: what changes after it is hinted at.
    if (this.#watching) await this.#followFolders(listed);
    const settled = await this.#settled(await this.#compare(listed));
    const { results, more } = await this.#read(settled);
    const { events, memory } = conclude(this.#memory, results);
    if (this.#closed) return false;
    if (events.length > 0) await this.#sink(events);
    this.#memory = memory;
    // The next look comes soon: a new app may have brought folders that are not watched yet.
    if (events.length > 0) this.#hintPending = true;
    return more;
  }

  async #list(): Promise<string[]> {
    try {
      const listed = await listFolders(this.#root);
      if (this.#rootFault !== null) await this.#sink([{ kind: 'gone', folder: this.#root }]);
      this.#rootFault = null;
      return listed;
    } catch (error) {
      if (this.#watching && error instanceof RootError) await this.#noteRootFault(error);
      throw error;
    }
  }

  async #noteRootFault(error: RootError): Promise<void> {
    if (this.#rootFault === null) await this.#sink([{ kind: 'broken', folder: this.#root, error }]);
    this.#rootFault = error;
  }

  async #compare(listed: readonly string[]): Promise<string[]> {
    const start = performance.now();
    const found = await suspects(listed, this.#memory);
    this.#compareMs = performance.now() - start;
    return found;
  }

  /** Folders whose files have been left alone for a while, inspected; those that go on changing are left out. */
  async #settled(folders: readonly string[]): Promise<Inspection[]> {
    const settled: Inspection[] = [];
    let waiting: Inspection[] = [];
    for (const seen of await Promise.all(folders.map(inspect))) (this.#isQuiet(seen) ? settled : waiting).push(seen);
    for (let round = 0; round < SETTLE_ROUNDS && waiting.length > 0 && !this.#closed; round++) {
      await this.#timing.pause(this.#timing.settleMs);
      const before = waiting;
      waiting = [];
      for (const seen of before) {
        const again = await inspect(seen.folder);
        (isSame(seen, again) ? settled : waiting).push(again);
      }
    }
    return settled.sort((a, b) => (a.folder < b.folder ? -1 : 1));
  }

  #isQuiet({ changedMs, torn }: Inspection): boolean {
    return !torn && changedMs !== null && Math.abs(Date.now() - changedMs) > this.#timing.settleMs;
  }

  /** Reads a batch, and folders that wait for a name which the batch sets free. */
  async #read(settled: readonly Inspection[]): Promise<{ results: Result[]; more: boolean }> {
    const results: Result[] = [];
    const tried = new Set<string>();
    let bytes = 0;
    let queue = settled;
    do {
      for (const inspection of queue) {
        if (bytes > BATCH_BYTES) return { results, more: true };
        const result = await load(inspection);
        tried.add(inspection.folder);
        if (result !== undefined) results.push(result);
        bytes += sizeOf(result);
      }
      queue = await this.#freedBy(results, tried);
    } while (queue.length > 0);
    return { results, more: false };
  }

  /** Only folders that are as they were remembered: the others are compared anew by the next scan. */
  async #freedBy(results: readonly Result[], tried: ReadonlySet<string>): Promise<Inspection[]> {
    const folders = settleNames(this.#memory, results).freed.filter((folder) => !tried.has(folder));
    const seen = await Promise.all(folders.map(inspect));
    return seen.filter(({ folder, stamp, torn }) => !torn && this.#memory.folders.get(folder)?.stamp === stamp);
  }

  async #followFolders(listed: readonly string[]): Promise<void> {
    const parts = [...this.#memory.folders.values()].flatMap((known) => known.parts);
    const paths = [...new Set([this.#root, ...listed, ...parts.map(dirname)])];
    const identities = await Promise.all(paths.map(folderIdentity));
    const present = paths.flatMap((path, index): [string, string][] => {
      const identity = identities[index] ?? null;
      return identity === null ? [] : [[path, identity]];
    });
    if (!this.#closed) this.#hints.follow(new Map(present));
  }

  #hinted(): void {
    if (this.#closed || this.#hintPending) return;
    this.#hintPending = true;
    if (!this.#ticking) this.#plan(this.#timing.settleMs);
  }

  #plan(delayMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tick(), delayMs).unref();
  }

  /** One scan of the watch and the appointment for the next. Never rejects. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    this.#hintPending = false;
    const [outcome] = await Promise.allSettled([this.scan()]);
    if (outcome.status === 'rejected') this.#warn(outcome.reason);
    this.#ticking = false;
    if (this.#closed) return;
    const { settleMs, rescanMs } = this.#timing;
    this.#plan(this.#hintPending ? settleMs : Math.max(rescanMs, this.#compareMs * SCAN_SHARE));
  }

  #warn(reason: unknown): void {
    if (this.#closed || reason === this.#rootFault) return;
    const said = reason instanceof Error ? reason.message : String(reason);
    process.emitWarning(`changes in ${this.#root} could not be taken up: ${said}`, 'TenantsFolderWarning');
  }
}

function isSame(seen: Inspection, again: Inspection): boolean {
  return !again.torn && seen.stamp === again.stamp;
}

function sizeOf(result: Result | undefined): number {
  if (result === undefined || result.outcome === null || result.outcome instanceof KerbError) return 0;
  const { module, config, pages, folders } = result.outcome;
  return [module, config, ...pages.values()].reduce((sum, { length }) => sum + length, contentBytes(folders));
}
