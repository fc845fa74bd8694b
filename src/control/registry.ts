/** The apps of the tenants folder: its events become changes of the deployment table. */
import { KerbError } from '../errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Log } from '../telemetry/log.ts';
import { InTurn } from './in-turn.ts';
import { Claims } from './claims.ts';
import type { InForce } from './in-force.ts';
import type { Pipeline } from './pipeline.ts';
import { startStories, type Snapshots } from './snapshots.ts';
import { grantsOf } from './store-grants.ts';
import type { FolderEvent, TenantSource } from './tenants-folder.ts';
import { refuseInFolder } from './ungranted.ts';

/** Characters of a digest that name a folder's version. */
const VERSION_CHARS = 12;

/** What a registry works with. */
export interface RegistryOptions {
  readonly pipeline: Pipeline;
  readonly inForce: InForce;
  readonly snapshots: Snapshots;
  readonly log: Log;
  /** Whether a tenant of that name is managed by the API: a folder cannot take its name. */
  readonly isTaken: (tenant: string) => boolean;
}

/** Turns what happens in the tenants folder into atomic changes of the deployment table. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #turns = new InTurn();
  /** By folder. */
  readonly #running = new Map<string, Deployment>();
  /** Apps that wait for a route or a name that another has: tried again with each change. */
  #conflicting = new Map<string, FolderEvent>();
  /** What the log says of new deployments once they serve. */
  readonly #stories = new Map<number, string>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Deployments of the folder that are in force. */
  get deployments(): readonly Deployment[] {
    return [...this.#running.values()];
  }

  /**
   * Applies a batch of changes as one, batch after batch. What cannot be deployed is left as it was, and the log says why; never rejects for a
   * bad app. Rejects when the change cannot be published; then everything is as it was.
   */
  apply(events: readonly FolderEvent[]): Promise<void> {
    return this.#turns.run('', () => this.#apply(events));
  }

  async #apply(events: readonly FolderEvent[]): Promise<void> {
    try {
      await this.#attempt(events);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // The API was quicker while an app was compiled: the app that comes too late is now seen to.
      await this.#attempt(events);
    }
  }

  async #attempt(events: readonly FolderEvent[]): Promise<void> {
    const waiting = new Map(this.#conflicting);
    try {
      await this.#change(events);
    } catch (error) {
      this.#conflicting = waiting;
      this.#forgetStories();
      throw error;
    }
  }

  async #change(events: readonly FolderEvent[]): Promise<void> {
    const next = new Map(this.#running);
    for (const event of events) {
      this.#conflicting.delete(folderOf(event));
      if (event.kind === 'gone') next.delete(event.folder);
    }
    await this.#takeAll([...events, ...this.#conflicting.values()], next);
    await this.#publish(next);
  }

  /** An app whose route is held is tried again after the others: its holder may move in the same batch. */
  async #takeAll(events: readonly FolderEvent[], next: Map<string, Deployment>): Promise<void> {
    let [left, tried] = [events, Infinity];
    while (left.length < tried) {
      tried = left.length;
      const blocked: FolderEvent[] = [];
      for (const event of left) {
        if (this.#conflictOf(event, next) === null) await this.#take(event, next);
        else blocked.push(event);
      }
      left = blocked;
    }
    for (const event of left) this.#hold(event, next);
  }

  async #take(event: FolderEvent, next: Map<string, Deployment>): Promise<void> {
    this.#conflicting.delete(folderOf(event));
    if (event.kind === 'gone') return;
    try {
      if (event.kind === 'broken') throw event.error;
      next.set(event.source.folder, await this.#deploy(event.source));
    } catch (error) {
      if (!(error instanceof KerbError)) throw error;
      this.#refuse(event, error, next);
    }
  }

  /** Keeps an app for the time when its route is free. */
  #hold(event: FolderEvent, next: ReadonlyMap<string, Deployment>): void {
    const conflict = this.#conflictOf(event, next);
    if (conflict === null) return;
    this.#conflicting.set(folderOf(event), event);
    this.#refuse(event, conflict, next);
  }

  #refuse(event: FolderEvent, error: KerbError, next: ReadonlyMap<string, Deployment>): void {
    const kept = next.get(folderOf(event));
    const consequence = kept === undefined ? 'not deployed' : `version ${kept.version} keeps serving`;
    this.#options.log.error(`${folderOf(event)}: ${consequence}: ${error.explain()}`);
  }

  async #deploy(source: TenantSource): Promise<Deployment> {
    const started = performance.now();
    const { pipeline, inForce, snapshots } = this.#options;
    refuseInFolder(source.manifest);
    const admitted = await pipeline.admit(source);
    const placement = {
      id: inForce.nextId(),
      slot: inForce.slotOf(source.manifest.name),
      figuresSlot: null,
      version: source.digest.slice(0, VERSION_CHARS),
      hosts: source.manifest.hosts,
      allowBackends: [],
    };
    const bare = pipeline.deploymentOf(admitted, placement, grantsOf(source.manifest.stores, null));
    const given = await snapshots.give(admitted, bare);
    const { deployment } = given;
    const story = describe(deployment, admitted.compiled, performance.now() - started);
    this.#stories.set(deployment.id, [story, ...startStories(given)].join('; '));
    return deployment;
  }

  /** Forgets what is told of deployments that have not come in force, and gives back the room of their images. */
  #forgetStories(): void {
    const running = new Set([...this.#running.values()].map(({ id }) => id));
    for (const id of this.#stories.keys()) if (!running.has(id)) this.#options.inForce.giveImage(id);
    this.#stories.clear();
  }

  /** The claim of another, in the folder or of the API, that `event` comes too late with. */
  #conflictOf(event: FolderEvent, next: ReadonlyMap<string, Deployment>): KerbError | null {
    if (event.kind !== 'found') return null;
    const { folder, manifest } = event.source;
    if (this.#options.isTaken(manifest.name)) return nameTaken(manifest.name);
    const claim = { tenant: manifest.name, hosts: manifest.hosts, path: manifest.path };
    const place = placeOf(folder);
    const isOthers = (other: string): boolean => !other.startsWith(PLACE);
    return this.#options.inForce.conflict(place, claim, isOthers) ?? claimsOf(next).conflict(place, claim);
  }

  async #publish(next: ReadonlyMap<string, Deployment>): Promise<void> {
    const before = new Map(this.#running);
    const gone = [...before.keys()].filter((folder) => !next.has(folder));
    const set = new Map(
      [...next].filter(([folder, one]) => before.get(folder) !== one).map(([folder, one]) => [placeOf(folder), one]),
    );
    if (set.size === 0 && gone.length === 0) return;
    for (const { tenant } of set.values()) if (this.#options.isTaken(tenant)) throw nameTaken(tenant);
    await this.#options.inForce.apply({ set, remove: gone.map(placeOf) });
    this.#running.clear();
    for (const [folder, deployment] of next) this.#running.set(folder, deployment);
    for (const story of this.#stories.values()) this.#options.log.info(story);
    this.#forgetStories();
    const served = new Set([...next.values()].map(({ tenant }) => tenant));
    for (const [folder, { tenant }] of before)
      if (next.get(folder)?.tenant !== tenant && !served.has(tenant)) this.#options.log.info(`${tenant}: removed`);
  }
}

/** Places of the folder's apps begin so. */
const PLACE = 'folder ';

function placeOf(folder: string): string {
  return `${PLACE}${folder}`;
}

/** What the folder's apps claim. */
function claimsOf(apps: ReadonlyMap<string, Deployment>): Claims {
  const claims = new Claims();
  for (const [folder, deployment] of apps) claims.add(placeOf(folder), deployment);
  return claims;
}

function folderOf(event: FolderEvent): string {
  return event.kind === 'found' ? event.source.folder : event.folder;
}

function isConflict(error: unknown): boolean {
  return error instanceof KerbError && (error.code === 'route_conflict' || error.code === 'conflict');
}

function nameTaken(tenant: string): KerbError {
  return new KerbError(
    'conflict',
    `the tenant ${tenant} was made through the API; choose another name, or delete that tenant`,
  );
}

function describe(
  { tenant, version, hosts, path, abi, isolation }: Deployment,
  compiled: { readonly bytesIn: number; readonly bytesOut: number },
  ms: number,
): string {
  const size = `${kilobytes(compiled.bytesIn)} -> ${kilobytes(compiled.bytesOut)}`;
  const where = hosts.map((host) => `${host}${path}`).join(' ');
  return `${tenant}: version ${version} serves ${where} (${abi}, ${isolation}, ${size}, ${ms.toFixed(0)} ms)`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
