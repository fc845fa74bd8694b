/** Tenants as they are shown: those of the store and those of the folder, with what of them serves now. */
import { KerbError } from '../errors.ts';
import { isDeployed, type Deployment } from '../runtime/deployment.ts';
import type { TenantFigures } from '../runtime/tenant-counters.ts';
import type { TenantRecord } from '../store/records.ts';
import { cursorAfter, positionOf } from '../store/pages.ts';
import type { Page, PageRequest, TenantStore } from '../store/store.ts';
import type { InForce } from './in-force.ts';
import type { TenantFiguresView, TenantView } from './plane.ts';
import { primaryPlace } from './stored-serving.ts';

/** Where views come from. */
export interface ViewSources {
  readonly store: Pick<TenantStore, 'tenant' | 'tenants'>;
  readonly inForce: InForce;
  /** Deployments of the tenants folder. */
  readonly folder: () => readonly Deployment[];
  readonly counters: { read(slot: number): TenantFigures };
  /** When the process began: the folder's tenants are as old. */
  readonly startedMs: number;
}

/** Makes views. */
export class TenantViews {
  readonly #sources: ViewSources;

  constructor(sources: ViewSources) {
    this.#sources = sources;
  }

  /** Whether the folder has a tenant of that name. */
  isFolders(name: string): boolean {
    return this.#folderDeployment(name) !== undefined;
  }

  /** The deployment of a tenant that serves, not its canary; `undefined`: none does, or the tenant rests. */
  serving(name: string): Deployment | undefined {
    const route = this.#sources.inForce.routes.get(primaryPlace(name));
    if (route === undefined) return this.#folderDeployment(name);
    return isDeployed(route) ? route : undefined;
  }

  /** Throws `not_found`. */
  tenant(name: string): TenantView {
    const stored = this.#sources.store.tenant(name);
    if (stored !== null) return this.of(stored);
    const deployment = this.#folderDeployment(name);
    if (deployment !== undefined) return this.#ofFolder(deployment);
    throw new KerbError('not_found', `there is no tenant ${JSON.stringify(name)}`);
  }

  /** Of the store and of the folder, by name. */
  page({ limit, cursor }: PageRequest): Page<TenantView> {
    const stored = this.#sources.store.tenants({ limit, cursor });
    const after = positionOf('tenants', cursor) ?? '';
    const folder = this.#sources
      .folder()
      .filter(({ tenant }) => tenant > after && this.#sources.store.tenant(tenant) === null)
      .map((deployment) => this.#ofFolder(deployment));
    const all = [...stored.items.map((tenant) => this.of(tenant)), ...folder];
    const items = all.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
    const last = items.at(-1);
    const more = stored.next !== null || all.length > limit;
    return { items, next: more && last !== undefined ? cursorAfter('tenants', last.name) : null };
  }

  /** A stored tenant. */
  of({ name, createdMs, revision, active, previous, canary, requiredKeys, limits }: TenantRecord): TenantView {
    const hosts = this.#sources.inForce.routes.get(primaryPlace(name))?.hosts ?? [];
    return { name, source: 'api', createdMs, revision, active, previous, canary, requiredKeys, limits, hosts };
  }

  /** Figures of every tenant that serves and is awake. */
  figures(): TenantFiguresView[] {
    const { store, inForce, counters, folder } = this.#sources;
    const folders = new Set(folder().map(({ tenant }) => tenant));
    return [...inForce.routes]
      .filter(([place, { tenant }]) => place === primaryPlace(tenant) || folders.has(tenant))
      .map(([, route]) => route)
      .filter(isDeployed)
      .map(({ tenant, version, slot }) => {
        const { inFlight, cpuUs, memoryPages, outcomes } = counters.read(slot);
        const stored = store.tenant(tenant);
        return {
          tenant,
          source: stored === null ? 'folder' : 'api',
          version: stored?.active ?? null,
          label: version,
          canary: stored?.canary?.version ?? null,
          requests: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
          inFlight,
          cpuUs,
          memoryPages,
          outcomes,
        };
      });
  }

  #folderDeployment(name: string): Deployment | undefined {
    return this.#sources.folder().find(({ tenant }) => tenant === name);
  }

  #ofFolder({ tenant, hosts }: Deployment): TenantView {
    return {
      name: tenant,
      source: 'folder',
      createdMs: this.#sources.startedMs,
      revision: 0,
      active: null,
      previous: null,
      canary: null,
      requiredKeys: [],
      limits: {},
      hosts,
    };
  }
}
