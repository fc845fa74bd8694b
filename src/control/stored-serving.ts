/** The stored tenants on the data threads: what the store says is in force becomes so, or rests until somebody asks for it. */
import type { StoreGrants } from '../capability/stores.ts';
import { isDeployed, type Deployment, type Route, type Split } from '../runtime/deployment.ts';
import type { Rehearsal } from '../runtime/engine.ts';
import type { TenantRecord } from '../store/records.ts';
import type { BlobStore, ContentStore, TenantStore } from '../store/store.ts';
import { loadApp } from './app-store.ts';
import { hostsOf } from './hosts.ts';
import type { Edit, InForce } from './in-force.ts';
import { parseManifest } from './manifest.ts';
import type { Admitted, Pipeline } from './pipeline.ts';
import type { Snapshots } from './snapshots.ts';
import { digestOf, grantsOf } from './store-grants.ts';
import { KerbError } from '../errors.ts';

/** What it works with. */
export interface StoredServingOptions {
  readonly store: Pick<TenantStore, 'version' | 'domain' | 'domains'> & Pick<ContentStore, 'config' | 'secret'>;
  readonly blobs: BlobStore;
  readonly pipeline: Pipeline;
  readonly inForce: InForce;
  readonly snapshots: Snapshots;
  /** Told what of a tenant is loaded; nothing: it rests, or serves nothing. */
  readonly onLoaded: (tenant: string, deployments: readonly Deployment[]) => void;
}

/** A version that is in force, or about to be. */
interface Standing {
  readonly admitted: Admitted;
  /** What of the deployment can change while the version stays: a deployment with another one is another. */
  readonly placement: string;
  readonly deployment: Deployment;
}

/** Brings tenants in force. Calls for one tenant must not overlap. */
export class StoredServing {
  readonly #options: StoredServingOptions;
  /** By tenant and version: of versions in force only. */
  readonly #standing = new Map<string, Map<number, Standing>>();
  /** Those of them that have two versions in force. */
  readonly #split = new Set<string>();

  constructor(options: StoredServingOptions) {
    this.#options = options;
  }

  /** The deployment of a version that is in force; `null`: it is not. */
  deploymentOf(tenant: string, version: number): Deployment | null {
    return this.#standing.get(tenant)?.get(version)?.deployment ?? null;
  }

  /** Tenants that have a canary now, with both deployments. */
  *canaries(): Generator<{ readonly tenant: string; readonly primary: Deployment; readonly canary: Deployment }> {
    const { routes } = this.#options.inForce;
    for (const tenant of this.#split) {
      const [primary, canary] = [routes.get(primaryPlace(tenant)), routes.get(canaryPlace(tenant))];
      if (primary === undefined || canary === undefined) continue;
      if (isDeployed(primary) && isDeployed(canary)) yield { tenant, primary, canary };
    }
  }

  /** What a version in force was admitted as, or the stored one admitted anew. Rejects like {@link Pipeline.admit}, and with `corrupt`. */
  async admitted(tenant: string, version: number): Promise<Admitted> {
    const standing = this.#standing.get(tenant)?.get(version);
    if (standing !== undefined) return standing.admitted;
    const record = this.#options.store.version(tenant, version);
    if (record === null) throw new KerbError('not_found', `${tenant} has no version ${version}`);
    return this.#options.pipeline.admit(await loadApp(this.#options.blobs, record));
  }

  /**
   * Has an instance of an app started, as one of its tenant's with what it gets of that tenant's stores, and dropped: nothing of it comes
   * into force. Its image is kept for {@link bring}. Rejects like {@link grantsOf}, and with `conflict` when no tenant has room.
   */
  async rehearse(tenant: TenantRecord, admitted: Admitted): Promise<Rehearsal> {
    const { inForce, pipeline, snapshots } = this.#options;
    const { name, allowBackends } = tenant;
    const own = { id: inForce.nextId(), slot: inForce.slotOf(name), figuresSlot: null };
    const placement = { ...own, version: '', hosts: [], allowBackends };
    const deployment = pipeline.deploymentOf(admitted, placement, this.#grants(tenant, admitted));
    return snapshots.rehearse(admitted, deployment);
  }

  /**
   * Makes what `tenant` says serve, and nothing else of it; settles when every data thread does. What goes on serving is not
   * disturbed. Rejects like {@link admitted}, {@link grantsOf} and {@link InForce.apply}; then everything is as it was.
   *
   * @param fresh - Versions that have just been admitted.
   */
  async bring(tenant: TenantRecord, fresh: ReadonlyMap<number, Admitted> = new Map()): Promise<void> {
    const { name, active, canary } = tenant;
    const wanted = [active, canary?.version ?? null].filter((version) => version !== null);
    // All are admitted before the first takes a place in the figures: one that cannot be must not keep another's place.
    const admitted: [number, Admitted][] = [];
    for (const version of wanted) admitted.push([version, fresh.get(version) ?? (await this.admitted(name, version))]);
    const granted = admitted.map(([version, one]) => [version, one, this.#grants(tenant, one)] as const);
    const next = new Map<number, Standing>();
    try {
      for (const [version, one, stores] of granted) next.set(version, await this.#stand(tenant, version, one, stores));
      await this.#options.inForce.apply(this.#edit(tenant, next));
    } catch (error) {
      for (const [version, { deployment }] of next)
        if (deployment !== this.deploymentOf(name, version)) this.#giveBack(deployment);
      throw error;
    }
    if (next.size > 0) this.#standing.set(name, next);
    else this.#standing.delete(name);
    if (next.size > 1) this.#split.add(name);
    else this.#split.delete(name);
    this.#options.onLoaded(
      name,
      [...next.values()].map(({ deployment }) => deployment),
    );
  }

  /** Whether a tenant rests: its routes lead to it, and nothing of it is loaded. */
  rests(tenant: string): boolean {
    const route = this.#options.inForce.routes.get(primaryPlace(tenant));
    return route !== undefined && !isDeployed(route);
  }

  /**
   * Has tenants rest that serve a version each and no canary; settles when every data thread knows. Requests in flight end as they
   * would. Rejects with `route_conflict` when another tenant has a host and path of one, and with `bad_manifest` when a stored one is none
   * to this build; then everything is as it was. Throws a TypeError for a tenant that cannot rest.
   */
  async rest(tenants: readonly TenantRecord[]): Promise<void> {
    const set = new Map(tenants.map((tenant) => [primaryPlace(tenant.name), this.#restingRoute(tenant)]));
    await this.#options.inForce.apply({ set });
    for (const { name } of tenants) {
      this.#standing.delete(name);
      this.#options.onLoaded(name, []);
    }
  }

  #restingRoute({ name: tenant, active, canary }: TenantRecord): Route {
    if (active === null || canary !== null)
      throw new TypeError(`${tenant} serves nothing, or has a canary: it cannot rest`);
    const { inForce, store } = this.#options;
    const id = inForce.nextId();
    const known = inForce.routes.get(primaryPlace(tenant));
    if (known !== undefined) return Object.freeze({ id, tenant, hosts: known.hosts, path: known.path });
    const record = store.version(tenant, active);
    if (record === null) throw new KerbError('not_found', `${tenant} has no version ${active}`);
    const { hosts, path } = parseManifest(record.manifest, `kerb.toml of version ${active} of ${tenant}`);
    return Object.freeze({ id, tenant, hosts: hostsOf(hosts, tenant, store), path });
  }

  /** What a version gets of the tenant's stores as they are now. */
  #grants(tenant: TenantRecord, { manifest }: Admitted): StoreGrants {
    return grantsOf(manifest.stores, { content: this.#options.store, tenant });
  }

  #giveBack({ id, figuresSlot }: Deployment): void {
    this.#options.inForce.giveFigures(figuresSlot);
    this.#options.inForce.giveImage(id);
  }

  /** The standing that a version has, or, where its placement differs, a new one, with its image. */
  async #stand(
    { name, allowBackends }: TenantRecord,
    version: number,
    admitted: Admitted,
    stores: StoreGrants,
  ): Promise<Standing> {
    const { store, inForce, pipeline, snapshots } = this.#options;
    const hosts = hostsOf(admitted.manifest.hosts, name, store);
    const placement = JSON.stringify([hosts, allowBackends, digestOf(stores)]);
    const standing = this.#standing.get(name)?.get(version);
    if (standing?.placement === placement && standing.admitted === admitted) return standing;
    const place = {
      id: inForce.nextId(),
      slot: inForce.slotOf(name),
      figuresSlot: inForce.takeFigures(),
      version: `${version}`,
      hosts,
      allowBackends,
    };
    const bare = pipeline.deploymentOf(admitted, place, stores);
    try {
      const { deployment } = await snapshots.give(admitted, bare);
      return { admitted, placement, deployment };
    } catch (error) {
      this.#giveBack(bare);
      throw error;
    }
  }

  #edit({ name, active, canary }: TenantRecord, next: ReadonlyMap<number, Standing>): Edit {
    const primary = active === null ? undefined : next.get(active)?.deployment;
    const second = canary === null ? undefined : next.get(canary.version)?.deployment;
    const set = new Map<string, Route>();
    const remove: string[] = [];
    for (const [place, deployment] of [
      [primaryPlace(name), primary],
      [canaryPlace(name), second],
    ] as const) {
      if (deployment === undefined) remove.push(place);
      else set.set(place, deployment);
    }
    const splits: Split[] =
      primary === undefined || second === undefined || canary === null
        ? []
        : [{ primary: primary.id, canary: second.id, percent: canary.percent }];
    return { set, remove, splits };
  }
}

/** Where in the table of deployments a stored tenant's active version is. */
export function primaryPlace(tenant: string): string {
  return `api ${tenant}`;
}

function canaryPlace(tenant: string): string {
  return `${primaryPlace(tenant)} canary`;
}
