/** The operator's address databases: read and checked at start, and again whenever a file is replaced. */
import { open, stat } from 'node:fs/promises';
import { KerbError } from '../errors.ts';
import { Database, unusable } from './database.ts';
import { checkDatabase } from './database-check.ts';
import { LOOK_MS, MAX_DATABASE_BYTES, MAX_DATABASES, READ_STEP_BYTES } from './limits.ts';

/** Who hears what. */
export interface GeoFileEvents {
  /** What happened to a file, for the operator's log. */
  readonly report: (level: 'info' | 'warn', message: string) => void;
}

/** A file in use. */
interface GeoFile {
  readonly path: string;
  bytes: SharedArrayBuffer;
  /** What the file was when it was last looked at, whether or not that could be used. */
  seen: string;
}

/** The databases of the process. */
export class GeoFiles {
  readonly #files: readonly GeoFile[];
  readonly #events: GeoFileEvents;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #use: (files: readonly SharedArrayBuffer[]) => void = () => undefined;

  private constructor(files: readonly GeoFile[], events: GeoFileEvents) {
    this.#files = files;
    this.#events = events;
  }

  /** Reads and checks all of them. Rejects with `bad_config` when one cannot be used: what an operator asks for is there, or says so. */
  static async open(paths: readonly string[], events: GeoFileEvents): Promise<GeoFiles> {
    if (paths.length > MAX_DATABASES)
      throw new KerbError('bad_config', `--geo: there are more than ${MAX_DATABASES} files; leave some out`);
    const files: GeoFile[] = [];
    for (const path of paths) {
      try {
        files.push({ path, ...(await loaded(path, events)) });
      } catch (error) {
        throw new KerbError('bad_config', `--geo: ${path}: ${reasonOf(error)}`);
      }
    }
    return new GeoFiles(files, events);
  }

  /** Has `use` hear the bytes of all files now, and after each change, until {@link close}. */
  follow(use: (files: readonly SharedArrayBuffer[]) => void): void {
    this.#use = use;
    if (this.#files.length === 0) return;
    this.#tell();
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** Looks whether files were replaced, and has those that can be used take the place of what was there. Never rejects. */
  look(): Promise<void> {
    // A large file takes longer to check than it is until the next look.
    this.#looking ??= this.#look().finally(() => (this.#looking = null));
    return this.#looking;
  }

  async #look(): Promise<void> {
    let isChanged = false;
    for (const file of this.#files) isChanged = (await this.#refresh(file)) || isChanged;
    if (isChanged) this.#tell();
  }

  /** Looks no more. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #tell(): void {
    this.#use(this.#files.map(({ bytes }) => bytes));
  }

  async #refresh(file: GeoFile): Promise<boolean> {
    const now = await identityOf(file.path);
    if (now === file.seen) return false;
    // Noted before it is read: a file that cannot be used is tried again when it has changed once more.
    file.seen = now;
    try {
      const { bytes, seen } = await loaded(file.path, this.#events);
      file.bytes = bytes;
      file.seen = seen;
      return true;
    } catch (error) {
      this.#events.report('warn', `${file.path}: not used, the one before stays: ${reasonOf(error)}`);
      return false;
    }
  }
}

async function loaded(path: string, { report }: GeoFileEvents): Promise<Pick<GeoFile, 'bytes' | 'seen'>> {
  const seen = await identityOf(path);
  const bytes = await bytesOf(path);
  const database = new Database(bytes);
  await checkDatabase(database);
  if ((await identityOf(path)) !== seen) throw unusable('it changed while it was read');
  const { type, builtMs, ipVersion } = database.shape;
  report('info', `${path}: ${type} of ${dateOf(builtMs)}, IPv${ipVersion}, ${bytes.byteLength} bytes, is in use`);
  return { bytes, seen };
}

/** Everything in memory that threads share. */
async function bytesOf(path: string): Promise<SharedArrayBuffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_DATABASE_BYTES) throw unusable(`it has more than ${MAX_DATABASE_BYTES} bytes`);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    const step = Buffer.alloc(Math.min(READ_STEP_BYTES, Math.max(size, 1)));
    for (let at = 0; at < size;) {
      const { bytesRead } = await file.read(step, 0, Math.min(step.length, size - at), at);
      if (bytesRead === 0) throw unusable('it became shorter while it was read');
      bytes.set(step.subarray(0, bytesRead), at);
      at += bytesRead;
    }
    return bytes.buffer;
  } finally {
    await file.close();
  }
}

/** Differs for every other file, and for one that was written to; `none`: there is no file. */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  } catch {
    return 'none';
  }
}

function dateOf(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 10) : 'an unknown day';
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
