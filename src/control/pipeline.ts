/** From an app's manifest, module and configuration to a deployment, or to a refusal that says what to change. */
import type { StoreGrants } from '../capability/stores.ts';
import { KerbError } from '../errors.ts';
import type { FailurePage } from '../failure-rule.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Compiled } from './compiler.ts';
import type { Manifest } from './manifest.ts';
import type { ManifestFailureRule } from './manifest-failure.ts';
import { MAX_PAGES_BYTES } from './limits.ts';
import { pageType } from './manifest-values.ts';
import type { Compile } from './module-cache.ts';
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
}

/** An app that may be deployed. */
export interface Admitted {
  readonly manifest: Manifest;
  readonly config: Uint8Array;
  /** Pages for its failures, by path, in memory that all threads share. */
  readonly pages: ReadonlyMap<string, Uint8Array>;
  readonly compiled: Compiled;
  /** How long that took. */
  readonly compileMs: number;
}

/** What of a deployment does not come from the app. */
export type Placement = Pick<Deployment, 'id' | 'slot' | 'figuresSlot' | 'version' | 'hosts' | 'allowBackends'>;

/** The way that every app takes. */
export class Pipeline {
  readonly #compile: Compile;

  constructor(compile: Compile) {
    this.#compile = compile;
  }

  /**
   * Admits and compiles an app. Rejects with `refused_module` when its manifest asks for what this build cannot grant (a grant that is
   * silently missing would fail in production, not at deploy), when its module imports what its manifest does not grant, and with
   * the errors of {@link Compile}.
   */
  async admit({ manifest, module, config, pages }: AppSource): Promise<Admitted> {
    refuseUnserved(manifest);
    refuseOverPages(pages);
    const began = performance.now();
    const compiled = await this.#compile({
      bytes: module,
      abi: manifest.abi,
      maxMemoryPages: Math.floor(manifest.limits.memoryBytes / PAGE_BYTES),
    });
    refuseUngranted(manifest, compiled.shape.imports);
    return { manifest, config, pages: sharedPages(pages), compiled, compileMs: performance.now() - began };
  }

  /** The deployment of an admitted app. @param stores - What it gets of its tenant's stores. */
  deploymentOf({ manifest, config, pages, compiled }: Admitted, placement: Placement, stores: StoreGrants): Deployment {
    return Object.freeze({
      ...placement,
      tenant: manifest.name,
      path: manifest.path,
      abi: compiled.abi,
      isolation: manifest.isolation,
      module: compiled.module,
      shape: compiled.shape,
      budgets: manifest.limits,
      receipt: manifest.receipt,
      grants: {
        config,
        env: Object.fromEntries(manifest.env.map(({ name, value }) => [name, value])),
        stores,
        geo: manifest.geo,
      },
      origin: manifest.origin,
      backends: manifest.backends,
      jwt: manifest.jwt,
      onFailure: manifest.onFailure.map((rule) => ({ ...rule, page: pageOf(rule, pages) })),
    });
  }
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
