/** Fills the data folder of a Kerb that does not run yet with tenants, as so many deploys would have left them. */
import { join } from 'node:path';
import { admissionReport } from '../control/admission-report.ts';
import { Artifacts } from '../control/artifacts.ts';
import { Compiler, type Compiled } from '../control/compiler.ts';
import { parseManifest } from '../control/manifest.ts';
import { MODULE_LIMITS } from '../limits.ts';
import { ArtifactFiles } from '../store/artifact-files.ts';
import { openBlobs } from '../store/blob-store.ts';
import { makeFolder } from '../store/folders.ts';
import type { Json } from '../store/records.ts';
import { openSealer, SEALING_KEY_VARIABLE } from '../store/sealing-key.ts';
import { openStore } from '../store/sqlite-store.ts';
import type { BlobStore, NewVersion, Store } from '../store/store.ts';
import { STOCK_AT_ONCE } from './limits.ts';

/** An app to stock, of a tenant of its own that is called like it. */
export interface StockApp {
  readonly name: string;
  /** Apps of one kind are admitted alike: only the first is looked at, for ABI and report. */
  readonly kind: string;
  /** Its kerb.toml, whose `name` is {@link name}. */
  readonly manifest: string;
  /** Apps that share the very same array share a stored module, which is written once. */
  readonly module: Uint8Array<ArrayBuffer>;
  /** By path beside the manifest. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Who acts in the records. */
const ACTOR = 'kerb lab';

const PAGE_BYTES = 65_536;

/**
 * Stores the apps, each as version 1 of its tenant and in force, in a data folder that no process has. Settles with how many when all
 * are on disk; a part of them may be when it rejects. Rejects with what admission says of the first app of a kind, and with the errors of
 * {@link openStore}.
 *
 * @param onStocked - Told after every some hundred how many are there.
 */
export async function stock(
  dataFolder: string,
  apps: Iterable<StockApp>,
  onStocked: (count: number) => void = () => undefined,
): Promise<number> {
  makeFolder(dataFolder);
  const sealer = openSealer(join(dataFolder, 'secrets.key'), process.env[SEALING_KEY_VARIABLE]);
  const store = openStore(join(dataFolder, 'kerb.sqlite'), sealer);
  const shelf = new Shelf(openBlobs(join(dataFolder, 'blobs')), new ArtifactFiles(join(dataFolder, 'artifacts')));
  let count = 0;
  try {
    for (const batch of batchesOf(apps, STOCK_AT_ONCE)) {
      const versions = await Promise.all(batch.map((app) => shelf.put(app)));
      store.atomically(() => versions.forEach((version) => putInForce(store, version)));
      count += batch.length;
      onStocked(count);
    }
  } finally {
    await shelf.close();
    store.close();
  }
  return count;
}

function putInForce(store: Store, version: NewVersion): void {
  store.createTenant(version.tenant, version.createdMs);
  const { version: active } = store.appendVersion(version);
  store.changeTenant(version.tenant, { active }, null);
}

function* batchesOf<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** What admission found out about a kind. */
interface Known {
  readonly abi: string;
  readonly report: { readonly [key: string]: Json };
}

/** Admits apps and stores their bytes. */
class Shelf {
  readonly #blobs: BlobStore;
  readonly #compiler = new Compiler();
  readonly #kinds = new Map<string, Promise<Known>>();
  readonly #digests = new WeakMap<Uint8Array, Promise<string>>();
  readonly #artifacts: Artifacts;

  constructor(blobs: BlobStore, files: ArtifactFiles) {
    this.#blobs = blobs;
    const report = (message: string): never => {
      throw new Error(message);
    };
    this.#artifacts = new Artifacts({ compiler: this.#compiler, files, maxModuleBytes: MODULE_LIMITS.bytes, report });
  }

  /** Settles with the version of an app when its bytes are on disk. */
  async put(app: StockApp): Promise<NewVersion> {
    const { name, kind, module, manifest } = app;
    const known = this.#kinds.get(kind) ?? this.#admit(app);
    this.#kinds.set(kind, known);
    const stored = this.#digests.get(module) ?? this.#store(app);
    this.#digests.set(module, stored);
    const [{ abi, report }, digest] = await Promise.all([known, stored]);
    const files: Record<string, string> = {};
    for (const [path, bytes] of app.files) files[path] = await this.#blobs.put(bytes);
    return {
      tenant: name,
      digest,
      size: module.length,
      manifest,
      abi,
      report: { ...report, tenant: name, digest },
      signedBy: null,
      note: '',
      createdMs: Date.now(),
      createdBy: ACTOR,
      files,
    };
  }

  /** The module and what it is rewritten to, each once. */
  async #store({ name, manifest: text, module }: StockApp): Promise<string> {
    const digest = await this.#blobs.put(module);
    const { abi, limits } = parseManifest(text, `the kerb.toml of ${name}`);
    const options = { abi, maxMemoryPages: Math.floor(limits.memoryBytes / PAGE_BYTES) };
    await this.#artifacts.make({ digest, read: async () => module }, options);
    return digest;
  }

  close(): Promise<void> {
    return this.#compiler.close();
  }

  async #admit({ name, manifest: text, module }: StockApp): Promise<Known> {
    const manifest = parseManifest(text, `the kerb.toml of ${name}`);
    const { abi: wanted, limits } = manifest;
    const began = performance.now();
    const compiled: Compiled = await this.#compiler.compile({
      bytes: module,
      abi: wanted,
      maxMemoryPages: Math.floor(limits.memoryBytes / PAGE_BYTES),
    });
    const compileMs = performance.now() - began;
    const facts = { manifest, compiled, digest: '', code: compiled.code, compileMs, startUp: null, notes: [] };
    return { abi: compiled.abi, report: admissionReport(facts) };
  }
}
