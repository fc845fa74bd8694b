/** The deployments that are in force, and the changes that tenant folders make to them. */
import { KerbError } from '../errors.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Log } from '../telemetry/log.ts';
import type { Compiled } from './compiler.ts';
import type { Compile } from './module-cache.ts';
import { deploymentOf } from './deploy.ts';
import type { FolderEvent, TenantSource } from './tenants-folder.ts';

/** Puts a change in force on every data thread; settles when all serve by it. */
export type Publish = (add: readonly Deployment[], remove: readonly number[]) => Promise<void>;

/** What a registry works with. */
export interface RegistryOptions {
  readonly compile: Compile;
  readonly publish: Publish;
  readonly log: Log;
  /** Places in the tenant counters. */
  readonly slots: number;
}

/** Turns what happens in the tenants folder into atomic changes of the deployment table. */
export class Registry {
  readonly #options: RegistryOptions;
  /** By folder. */
  readonly #running = new Map<string, Deployment>();
  /** Counter slots by tenant: a tenant keeps its slot, and its figures, over versions and absence. */
  readonly #slots = new Map<string, number>();
  /** Apps that wait for a route that another holds: tried again with each change. */
  readonly #conflicting = new Map<string, FolderEvent>();
  /** What the log says of new deployments once they serve. */
  readonly #stories = new Map<number, string>();
  #ids = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Deployments in force. */
  get deployments(): readonly Deployment[] {
    return [...this.#running.values()];
  }

  /** Tenants that have ever been deployed, with their counter slots. */
  get tenants(): ReadonlyMap<string, number> {
    return this.#slots;
  }

  /**
   * Applies a batch of changes as one. What cannot be deployed is left as it was, and the log says why; never rejects for a
   * bad app.
   */
  async apply(events: readonly FolderEvent[]): Promise<void> {
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
        if (conflictOf(event, next) === null) await this.#take(event, next);
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
    const conflict = conflictOf(event, next);
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
    const { manifest, module } = source;
    const started = performance.now();
    const compiled = await this.#options.compile({
      bytes: module,
      abi: manifest.abi,
      maxMemoryPages: Math.floor(manifest.limits.memoryBytes / 65_536),
    });
    this.#ids += 1;
    const deployment = deploymentOf(source, compiled, { id: this.#ids, slot: this.#slotOf(manifest.name) });
    this.#stories.set(deployment.id, describe(deployment, compiled, performance.now() - started));
    return deployment;
  }

  async #publish(next: ReadonlyMap<string, Deployment>): Promise<void> {
    const [before, after] = [new Set(this.#running.values()), new Set(next.values())];
    const add = [...after.difference(before)];
    const remove = [...before.difference(after)];
    if (add.length === 0 && remove.length === 0) return;
    await this.#options.publish(
      add,
      remove.map(({ id }) => id),
    );
    this.#running.clear();
    for (const [folder, deployment] of next) this.#running.set(folder, deployment);
    for (const story of this.#stories.values()) this.#options.log.info(story);
    this.#stories.clear();
    const served = new Set([...after].map(({ tenant }) => tenant));
    for (const { tenant } of remove) if (!served.has(tenant)) this.#options.log.info(`${tenant}: removed`);
  }

  #slotOf(tenant: string): number {
    const known = this.#slots.get(tenant);
    if (known !== undefined) return known;
    if (this.#slots.size >= this.#options.slots) {
      throw new KerbError(
        'refused_module',
        `this process has room for ${this.#options.slots} tenants; restart to forget old ones`,
      );
    }
    this.#slots.set(tenant, this.#slots.size);
    return this.#slots.size - 1;
  }
}

function folderOf(event: FolderEvent): string {
  return event.kind === 'found' ? event.source.folder : event.folder;
}

/** One host and path leads to one deployment, the first that claimed it: the claim that `event` comes too late with. */
function conflictOf(event: FolderEvent, next: ReadonlyMap<string, Deployment>): KerbError | null {
  if (event.kind !== 'found') return null;
  const { folder, manifest } = event.source;
  for (const [other, held] of next) {
    if (other === folder || held.path !== manifest.path) continue;
    const host = manifest.hosts.find((name) => held.hosts.includes(name));
    if (host === undefined) continue;
    return new KerbError(
      'route_conflict',
      `${host}${manifest.path} is served by tenant ${held.tenant} (${other}); choose other hosts or another path`,
    );
  }
  return null;
}

function describe(
  { tenant, version, hosts, path, abi, isolation }: Deployment,
  compiled: Compiled,
  ms: number,
): string {
  const size = `${kilobytes(compiled.bytesIn)} -> ${kilobytes(compiled.bytesOut)}`;
  const where = hosts.map((host) => `${host}${path}`).join(' ');
  return `${tenant}: version ${version} serves ${where} (${abi}, ${isolation}, ${size}, ${ms.toFixed(0)} ms)`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
