/**
 * Rewritten modules, kept on disk: a stored module that a canary has survived once is neither parsed nor rewritten nor tried again when
 * its tenant wakes, but compiled at once.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import type { ArtifactFiles } from '../store/artifact-files.ts';
import type { CompileRequest, Prepared } from './compilation.ts';
import type { Compiled, Compiler } from './compiler.ts';
import { RECENT_ARTIFACT_BYTES, RECENT_ARTIFACT_MS } from './limits.ts';

/** A module in the store. */
export interface StoredModule {
  /** SHA-256 of its bytes, in hex. */
  readonly digest: string;
  /** Reads them. Rejects with `corrupt` when they are lost or damaged. */
  readonly read: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** How a module is to be compiled. */
export type CompileOptions = Omit<CompileRequest, 'bytes'>;

/** Where from here sources that decide what becomes of a module are: a build in which one differs makes its own artifacts. */
const SOURCES = [
  '../wasm',
  '../instrument',
  '../abi',
  '../limits.ts',
  './limits.ts',
  './compilation.ts',
  './canary.ts',
  './canary-process.ts',
  './artifacts.ts',
];

/** Hex digits of a build, and of options, in the name of an artifact. */
const PART_CHARS = 16;

const HEADER_LENGTH_BYTES = 4;

/** What it works with. */
export interface ArtifactsOptions {
  readonly compiler: Pick<Compiler, 'prepare' | 'finish'>;
  readonly files: ArtifactFiles;
  /** Bytes of a module outside custom sections that are taken. */
  readonly maxModuleBytes: number;
  /** Hears of a disk that does not do what it should. Nobody waits for it: everything can be made again. */
  readonly report: (message: string) => void;
}

/** Compiles, by way of the disk where that helps. */
export class Artifacts {
  readonly #options: ArtifactsOptions;
  readonly #build: string;
  /** What uploads have become, until somebody stores them: a check leaves nothing on the disk. */
  readonly #recent = new LRUCache<string, Prepared>({
    maxSize: RECENT_ARTIFACT_BYTES,
    sizeCalculation: ({ bytes }) => bytes.length + 1,
    ttl: RECENT_ARTIFACT_MS,
  });

  constructor(options: ArtifactsOptions) {
    this.#options = options;
    this.#build = buildOf(options.maxModuleBytes);
  }

  /** Compiles an upload with that digest. Rejects with the errors of {@link Compiler.compile}. */
  async compile(request: CompileRequest, digest: string): Promise<Compiled> {
    const { compiler } = this.#options;
    const prepared = await compiler.prepare(request);
    this.#recent.set(this.#nameOf(digest, request), prepared);
    return compiler.finish(prepared);
  }

  /** An upload with that digest was stored: what became of it is kept. Settles when it is on its way. */
  async keep(digest: string): Promise<void> {
    for (const [name, prepared] of this.#recent.entries()) if (name.startsWith(digest)) await this.#put(name, prepared);
  }

  /** Compiles a stored module. Rejects as {@link compile}, and with what reading it rejects with. */
  async compileStored({ digest, read }: StoredModule, options: CompileOptions): Promise<Compiled> {
    const name = this.#nameOf(digest, options);
    const kept = this.#recent.get(name) ?? (await this.#get(name));
    if (kept !== null) return this.#options.compiler.finish(kept);
    const prepared = await this.#options.compiler.prepare({ bytes: await read(), ...options });
    void this.#put(name, prepared);
    return this.#options.compiler.finish(prepared);
  }

  /** Makes what {@link compileStored} would find, where it is not there. Rejects as that. */
  async make({ digest, read }: StoredModule, options: CompileOptions): Promise<void> {
    const name = this.#nameOf(digest, options);
    if ((await this.#get(name)) !== null) return;
    await this.#put(name, await this.#options.compiler.prepare({ bytes: await read(), ...options }));
  }

  /** Removes what other builds have left and what is of no stored module any more. */
  async sweep(digests: ReadonlySet<string>): Promise<void> {
    await this.#options.files.sweep((name) => {
      const [digest = '', rest = ''] = name.split('.');
      return digests.has(digest) && rest.startsWith(this.#build);
    });
  }

  async #get(name: string): Promise<Prepared | null> {
    try {
      const content = await this.#options.files.get(name);
      return content === null ? null : decode(content);
    } catch (error) {
      this.#tell('a rewritten module cannot be read', error);
      return null;
    }
  }

  async #put(name: string, prepared: Prepared): Promise<void> {
    try {
      await this.#options.files.put(name, encode(prepared));
    } catch (error) {
      this.#tell('a rewritten module cannot be kept', error);
    }
  }

  #nameOf(digest: string, { abi, maxMemoryPages }: CompileOptions): string {
    return `${digest}.${this.#build}${hexOf(`${abi} ${maxMemoryPages}`)}`;
  }

  #tell(what: string, error: unknown): void {
    this.#options.report(`${what}, and is made anew: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A header in JSON, behind its length, and the code. */
function encode({ bytes, ...rest }: Prepared): Uint8Array {
  const header = Buffer.from(JSON.stringify(rest));
  const length = Buffer.alloc(HEADER_LENGTH_BYTES);
  length.writeUInt32LE(header.length);
  return Buffer.concat([length, header, bytes]);
}

/** What {@link encode} made, of the same build and whole: its digest was compared. */
function decode(content: Uint8Array<ArrayBuffer>): Prepared {
  const end = HEADER_LENGTH_BYTES + Buffer.from(content.buffer, content.byteOffset).readUInt32LE();
  const header = JSON.parse(new TextDecoder().decode(content.subarray(HEADER_LENGTH_BYTES, end))) as Omit<
    Prepared,
    'bytes'
  >;
  return { ...header, bytes: content.slice(end) };
}

function buildOf(maxModuleBytes: number): string {
  const build = createHash('sha256').update(`${process.versions.v8} ${process.arch} ${maxModuleBytes}`);
  for (const source of SOURCES) for (const text of textsAt(new URL(source, import.meta.url))) build.update(text);
  return build.digest('hex').slice(0, PART_CHARS);
}

/** The sources in a folder, in the order of their names, or the one at a path. */
function textsAt(place: URL): Buffer[] {
  const path = fileURLToPath(place);
  if (path.endsWith('.ts')) return [readFileSync(path)];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return files.toSorted().map((name) => readFileSync(join(path, name)));
}

function hexOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, PART_CHARS);
}
