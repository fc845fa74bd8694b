/** From an app's manifest, module and configuration to a deployment, or to a refusal that says what to change. */
import type { StoreGrants } from '../capability/stores.ts';
import { KerbError } from '../errors.ts';
import type { FailurePage } from '../failure-rule.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Compiled } from './compiler.ts';
import type { Manifest, ManifestConfig, ManifestFilter } from './manifest.ts';
import type { ManifestFailureRule } from './manifest-failure.ts';
import type { AppFiles } from './manifest-files.ts';
import { MAX_PAGES_BYTES } from './limits.ts';
import { pageType } from './manifest-values.ts';
import type { Compile } from './module-cache.ts';
import { SharedMemories } from './shared-memories.ts';
import { refuseUngranted } from './ungranted.ts';

const PAGE_BYTES = 65_536;

/** What an app is made from, wherever it comes from. */
export interface AppSource {
  readonly manifest: Manifest;
  readonly module: Uint8Array<ArrayBuffer>;
  /** What the guest reads as its configuration. */
  readonly config: Uint8Array;
  /** Pages for its failures, by path beside the manifest. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  /** See {@link AppFiles.filters}. */
  readonly filters: AppFiles['filters'];
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
  /** How long that took. */
  readonly compileMs: number;
}

/** What of a deployment does not come from the app. */
export type Placement = Pick<Deployment, 'id' | 'slot' | 'figuresSlot' | 'version' | 'hosts' | 'allowBackends'>;

/** The way that every app takes. */
export class Pipeline {
  readonly #compile: Compile;
  /** What tenants' guests share. */
  readonly shared = new SharedMemories();

  constructor(compile: Compile) {
    this.#compile = compile;
  }

  /**
   * Admits and compiles an app with its filters. Rejects with `refused_module` when its manifest asks for what this build cannot grant
   * (a grant that is silently missing would fail in production, not at deploy), when a module imports what the manifest does not grant,
   * and with the errors of {@link Compile}, which name the filter.
   */
  async admit({ manifest, module, config, pages, filters: parts }: AppSource): Promise<Admitted> {
    refuseUnserved(manifest);
    refuseOverPages(pages);
    const began = performance.now();
    const compiled = await this.#compiled(manifest, module, manifest);
    const filters: AdmittedFilter[] = [];
    for (const filter of manifest.filters) filters.push(await this.#filter(filter, parts, manifest));
    return { manifest, config, pages: sharedPages(pages), compiled, filters, compileMs: performance.now() - began };
  }

  async #filter(filter: ManifestFilter, files: AppFiles['filters'], manifest: Manifest): Promise<AdmittedFilter> {
    const { name, main, config } = filter;
    try {
      const compiled = await this.#compiled(filter, fileOf(files, main), manifest);
      return { name, manifest: filter, config: contentOf(config, files), compiled };
    } catch (error) {
      if (error instanceof KerbError)
        throw new KerbError(error.code, `filter ${name}: ${error.message}`, error.details);
      throw error;
    }
  }

  async #compiled(
    { abi, limits }: Pick<ManifestFilter, 'abi' | 'limits'>,
    bytes: Uint8Array<ArrayBuffer>,
    manifest: Manifest,
  ): Promise<Compiled> {
    const maxMemoryPages = Math.floor(limits.memoryBytes / PAGE_BYTES);
    const compiled = await this.#compile({ bytes, abi, maxMemoryPages });
    refuseUngranted(manifest, compiled.shape.imports);
    return compiled;
  }

  /** The deployment of an admitted app. @param stores - What it gets of its tenant's stores. */
  deploymentOf(
    { manifest, config, pages, compiled, filters }: Admitted,
    placement: Placement,
    stores: StoreGrants,
  ): Deployment {
    const env = Object.fromEntries(manifest.env.map(({ name, value }) => [name, value]));
    const isSharing = [compiled, ...filters.map((filter) => filter.compiled)].some(({ abi }) => abi === 'proxy-wasm');
    const app: Deployment = {
      ...placement,
      tenant: manifest.name,
      path: manifest.path,
      abi: compiled.abi,
      isolation: manifest.isolation,
      module: compiled.module,
      shape: compiled.shape,
      budgets: manifest.limits,
      receipt: manifest.receipt,
      grants: { config, env, stores, geo: manifest.geo },
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

/** The guest of a filter: everything but the guest itself is the app's. Ids of filters are negative, and each is of one app's. */
function filterOf({ name, manifest, config, compiled }: AdmittedFilter, app: Deployment, place: number): Deployment {
  const { isolation, rootId, failureMode, limits } = manifest;
  const { abi, module, shape } = compiled;
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
    grants: { ...app.grants, config },
  };
}

/** Ids that an app has for its filters: more than it may have filters. */
const FILTER_IDS = 32;

function contentOf(config: ManifestConfig, files: AppFiles['filters']): Uint8Array {
  return config.kind === 'text' ? new TextEncoder().encode(config.text) : fileOf(files, config.path);
}

function fileOf(files: AppFiles['filters'], path: string): Uint8Array<ArrayBuffer> {
  const bytes = files.get(path);
  if (bytes === undefined) throw new TypeError(`a source without ${path}, which its manifest names`);
  return bytes;
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

function refuseUnserved({ files }: Manifest): void {
  const details: string[] = [];
  if (files.length > 0) details.push('[files]: folders for guests are not served by this build; remove the table');
  if (details.length > 0)
    throw new KerbError('refused_module', 'the manifest asks for grants that cannot be given', details);
}
