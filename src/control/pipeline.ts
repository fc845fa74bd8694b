/** From an app's manifest, module and configuration to a deployment, or to a refusal that says what to change. */
import { hash } from 'node:crypto';
import type { GuestGrants } from '../abi/abi.ts';
import { ABIS } from '../abi/detect.ts';
import type { GrantedFolder } from '../capability/files.ts';
import type { StoreGrants } from '../capability/stores.ts';
import { KerbError } from '../errors.ts';
import type { FailurePage } from '../failure-rule.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Compiled } from './compiler.ts';
import { GrantedFolders } from './granted-folders.ts';
import type { Isolation, Manifest, ManifestConfig, ManifestFilter } from './manifest.ts';
import type { ManifestFailureRule } from './manifest-failure.ts';
import type { AppFiles } from './manifest-files.ts';
import { MAX_PAGES_BYTES } from './limits.ts';
import { pageType } from './manifest-values.ts';
import type { StoredModule } from './artifacts.ts';
import type { Compile, CompileStored } from './module-cache.ts';
import { SharedMemories } from './shared-memories.ts';
import { refuseUngranted } from './ungranted.ts';

const PAGE_BYTES = 65_536;

/** What an app is made from, wherever it comes from. */
export interface AppSource extends AppFiles {
  readonly manifest: Manifest;
  readonly module: Uint8Array<ArrayBuffer>;
  /** What its files show as their time, in ms since the epoch; by default now. */
  readonly madeMs?: number;
}

/** The same of the store, whose module is read only where it has to be. */
export interface StoredApp extends Omit<AppSource, 'module'> {
  readonly module: StoredModule;
}

/** A filter that may be deployed. */
export interface AdmittedFilter {
  readonly name: string;
  readonly manifest: ManifestFilter;
  readonly config: Uint8Array;
  readonly compiled: Compiled;
}

/** An app that may be deployed. */
export interface Admitted {
  readonly manifest: Manifest;
  readonly config: Uint8Array;
  /** Pages for its failures, by path, in memory that all threads share. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  readonly compiled: Compiled;
  /** In the order in which requests go through them. */
  readonly filters: readonly AdmittedFilter[];
  /** The folders that its manifest grants, in its order. */
  readonly granted: readonly GrantedFolder[];
  /** How long that took. */
  readonly compileMs: number;
}

/** What of a deployment does not come from the app. */
export type Placement = Pick<Deployment, 'id' | 'slot' | 'figuresSlot' | 'version' | 'hosts' | 'allowBackends'>;

/** The way that every app takes. */
export class Pipeline {
  readonly #compile: Compile;
  readonly #compileStored: CompileStored;
  readonly #folders = new GrantedFolders();
  /** What tenants' guests share. */
  readonly shared = new SharedMemories();

  /** @param compileStored - By default a stored module is read and compiled like any other. */
  constructor(
    compile: Compile,
    compileStored: CompileStored = async ({ read }, options) => compile({ bytes: await read(), ...options }),
  ) {
    this.#compile = compile;
    this.#compileStored = compileStored;
  }

  /**
   * Admits and compiles an app with its filters. Rejects with `refused_module` when a module imports what the manifest does not grant,
   * or is not made to be used again and the manifest says so, and with the errors of {@link Compile}, which name the filter, and of
   * {@link GrantedFolders.of}.
   */
  async admit({
    manifest,
    module,
    config,
    pages,
    filters: parts,
    folders,
    madeMs,
  }: AppSource | StoredApp): Promise<Admitted> {
    refuseOverPages(pages);
    const granted = this.#folders.of(manifest, folders, madeMs ?? Date.now());
    const began = performance.now();
    const compiled = await this.#compiled(manifest, module, manifest);
    const filters: AdmittedFilter[] = [];
    const from = 'read' in module ? 'stored' : 'uploaded';
    for (const filter of manifest.filters) filters.push(await this.#filter(filter, parts, manifest, from));
    const compileMs = performance.now() - began;
    return { manifest, config, pages: sharedPages(pages), granted, compiled, filters, compileMs };
  }

  async #filter(
    filter: ManifestFilter,
    files: AppFiles['filters'],
    manifest: Manifest,
    from: 'stored' | 'uploaded',
  ): Promise<AdmittedFilter> {
    const { name, main, config } = filter;
    try {
      const bytes = fileOf(files, main);
      const compiled = await this.#compiled(filter, from === 'stored' ? storedModule(bytes) : bytes, manifest);
      return { name, manifest: filter, config: contentOf(config, files), compiled };
    } catch (error) {
      if (error instanceof KerbError)
        throw new KerbError(error.code, `filter ${name}: ${error.message}`, error.details);
      throw error;
    }
  }

  async #compiled(
    { abi, isolation, limits }: Pick<ManifestFilter, 'abi' | 'isolation' | 'limits'>,
    module: AppSource['module'] | StoredModule,
    manifest: Manifest,
  ): Promise<Compiled> {
    const maxMemoryPages = Math.floor(limits.memoryBytes / PAGE_BYTES);
    const compiled = await ('read' in module
      ? this.#compileStored(module, { abi, maxMemoryPages })
      : this.#compile({ bytes: module, abi, maxMemoryPages }));
    refuseUngranted(manifest, compiled.shape.imports);
    refuseReuse(isolation, compiled);
    return compiled;
  }

  /** The deployment of an admitted app, without an image. @param stores - What it gets of its tenant's stores. */
  deploymentOf(admitted: Admitted, placement: Placement, stores: StoreGrants): Deployment {
    const { manifest, pages, compiled, filters } = admitted;
    const isSharing = [compiled, ...filters.map((filter) => filter.compiled)].some(({ abi }) => abi === 'proxy-wasm');
    const app: Deployment = {
      ...placement,
      tenant: manifest.name,
      path: manifest.path,
      abi: compiled.abi,
      isolation: manifest.isolation,
      module: compiled.module,
      shape: compiled.shape,
      image: null,
      budgets: manifest.limits,
      receipt: manifest.receipt,
      grants: guestGrants(admitted, stores),
      origin: manifest.origin,
      backends: manifest.backends,
      jwt: manifest.jwt,
      onFailure: manifest.onFailure.map((rule) => ({ ...rule, page: pageOf(rule, pages) })),
      rootId: manifest.rootId,
      failureMode: manifest.failureMode,
      ...(isSharing ? { shared: this.shared.of(manifest.name, stores.madeMs) } : {}),
    };
    if (filters.length === 0) return Object.freeze(app);
    return Object.freeze({ ...app, filters: filters.map((filter, place) => filterOf(filter, app, place)) });
  }
}

/** The guest of a filter: everything but the guest itself is the app's, but not its program's arguments. Ids of filters are negative, and each is of one app's. */
function filterOf({ name, manifest, config, compiled }: AdmittedFilter, app: Deployment, place: number): Deployment {
  const { isolation, rootId, failureMode, limits } = manifest;
  const { abi, module, shape } = compiled;
  const { env, files, stores, geo } = app.grants;
  return {
    ...app,
    id: -(app.id * FILTER_IDS + place),
    name,
    figuresSlot: null,
    abi,
    module,
    shape,
    isolation,
    rootId,
    failureMode,
    budgets: limits,
    grants: { config, env, files, stores, geo },
  };
}

/** Ids that an app has for its filters: more than it may have filters. */
const FILTER_IDS = 32;

/** A module that was read from the store with the other files of its app. */
function storedModule(bytes: Uint8Array<ArrayBuffer>): StoredModule {
  return { digest: hash('sha256', bytes), read: () => Promise.resolve(bytes) };
}

function contentOf(config: ManifestConfig, files: AppFiles['filters']): Uint8Array {
  return config.kind === 'text' ? new TextEncoder().encode(config.text) : fileOf(files, config.path);
}

function fileOf(files: AppFiles['filters'], path: string): Uint8Array<ArrayBuffer> {
  const bytes = files.get(path);
  if (bytes === undefined) throw new TypeError(`a source without ${path}, which its manifest names`);
  return bytes;
}

/** @throws TypeError when the app was admitted without its folders. */
function guestGrants({ manifest, config, granted }: Admitted, stores: StoreGrants): GuestGrants {
  if (granted.length !== manifest.files.length) throw new TypeError('an app is deployed without its folders');
  return {
    config,
    env: Object.fromEntries(manifest.env.map(({ name, value }) => [name, value])),
    ...(manifest.args === null ? {} : { args: manifest.args }),
    files: { folders: granted, scratchBytes: manifest.limits.scratchBytes },
    stores,
    geo: manifest.geo,
  };
}

function refuseOverPages(pages: ReadonlyMap<string, Uint8Array>): void {
  const bytes = pages.values().reduce((sum, { length }) => sum + length, 0);
  if (bytes > MAX_PAGES_BYTES)
    throw new KerbError('too_large', `the pages of on_failure have ${bytes} bytes, and may have ${MAX_PAGES_BYTES}`);
}

function sharedPages(pages: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> {
  return new Map(
    [...pages].map(([path, bytes]) => {
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      return [path, shared];
    }),
  );
}

function pageOf({ page }: ManifestFailureRule, pages: ReadonlyMap<string, Uint8Array>): FailurePage | null {
  if (page === null) return null;
  const [bytes, type] = [pages.get(page.path), pageType(page.path)];
  if (bytes === undefined || type === undefined) throw new TypeError(`the page ${page.path} was not read`);
  return { bytes, type, status: page.status };
}

/** A program that runs once in each instance cannot run again in the same. */
function refuseReuse(isolation: Isolation, { abi }: Compiled): void {
  if (isolation === 'request' || ABIS.get(abi)?.instances !== 'fresh') return;
  const remedy = 'write isolation = "request", or leave it out';
  throw new KerbError('refused_module', `isolation: a program of ${abi} runs once in an instance; ${remedy}`);
}
