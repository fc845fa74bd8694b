/** The deployments that are in force: who serves which host and path, changed one change after the other. */
import { KerbError } from '../errors.ts';
import type { Deployment, Split } from '../runtime/deployment.ts';
import { MAX_IMAGES_BYTES } from '../runtime/limits.ts';

/** Puts a change in force on every data thread; settles when all serve by it. */
export type Publish = (
  add: readonly Deployment[],
  remove: readonly number[],
  splits: readonly Split[],
) => Promise<void>;

/**
 * A change. Keys name places: a deployment replaces the one that had its place. A place that is called like another, a space and
 * something more is of the same owner: both are versions of one tenant.
 */
export interface Edit {
  readonly set?: ReadonlyMap<string, Deployment>;
  readonly remove?: Iterable<string>;
  readonly splits?: readonly Split[];
}

/** How many places there are in shared memory. */
export interface InForceOptions {
  readonly publish: Publish;
  /** In the tenant counters. */
  readonly tenantSlots: number;
  /** In the figures of versions. */
  readonly figuresSlots: number;
  /** Sets a place in the figures of versions to zero. */
  readonly clearFigures: (slot: number) => void;
  /** Told when hosts or a path that somebody had are nobody's any more: others may wait for them. */
  readonly onFreed: () => void;
}

/** The deployment table as control has it. */
export class InForce {
  readonly #options: InForceOptions;
  readonly #table = new Map<string, Deployment>();
  /** Counter slots by tenant: a name keeps its slot over versions, absence and owners; see {@link ./tenant-counts.ts}. */
  readonly #tenantSlots = new Map<string, number>();
  /** Places in the figures of versions that nobody has, the one that has been free for longest first. */
  readonly #freeFigures: number[] = [];
  #figuresUsed = 0;
  /** Bytes of images by the id of their deployment, in force or on its way there. */
  readonly #images = new Map<number, number>();
  #ids = 0;
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: InForceOptions) {
    this.#options = options;
  }

  /** By place. */
  get deployments(): ReadonlyMap<string, Deployment> {
    return this.#table;
  }

  /** Tenants that have ever been deployed, with their counter slots. */
  get tenantSlots(): ReadonlyMap<string, number> {
    return this.#tenantSlots;
  }

  /** A number for a new deployment. */
  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  /** The place of a tenant in the tenant counters. Throws `conflict` when there is none left. */
  slotOf(tenant: string): number {
    const known = this.#tenantSlots.get(tenant);
    if (known !== undefined) return known;
    const { tenantSlots } = this.#options;
    if (this.#tenantSlots.size >= tenantSlots)
      throw new KerbError('conflict', `this process has room for ${tenantSlots} tenants; restart to forget old ones`);
    this.#tenantSlots.set(tenant, this.#tenantSlots.size);
    return this.#tenantSlots.size - 1;
  }

  /** A place in the figures of versions, all zero; `null`: there is none left. {@link apply} frees it with its deployment. */
  takeFigures(): number | null {
    const slot = this.#figuresUsed < this.#options.figuresSlots ? this.#figuresUsed++ : this.#freeFigures.shift();
    if (slot === undefined) return null;
    this.#options.clearFigures(slot);
    return slot;
  }

  /** Gives back a place in the figures of versions whose deployment was never in force. */
  giveFigures(slot: number | null): void {
    if (slot !== null) this.#freeFigures.push(slot);
  }

  /** Whether there is room for an image of so many bytes. */
  hasRoom(bytes: number): boolean {
    return bytes + this.#images.values().reduce((sum, each) => sum + each, 0) <= MAX_IMAGES_BYTES;
  }

  /** Takes room for the image of a deployment; answers whether there was. {@link apply} frees it with its deployment. */
  takeImage(id: number, bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false;
    this.#images.set(id, bytes);
    return true;
  }

  /** Gives back the room of a deployment's image that was never in force. */
  giveImage(id: number): void {
    this.#images.delete(id);
  }

  /**
   * Makes a change; settles when every data thread serves by it. Changes are made one after the other. Rejects with `route_conflict`
   * when another tenant has a host and path meanwhile; then nothing has changed.
   *
   * @param edit - Called when it is this change's turn, with the table as it is then.
   */
  apply(edit: (table: ReadonlyMap<string, Deployment>) => Edit): Promise<void> {
    const change = this.#changing.then(() => this.#apply(edit(this.#table)));
    this.#changing = change.catch(() => undefined);
    return change;
  }

  async #apply({ set = new Map(), remove = [], splits = [] }: Edit): Promise<void> {
    const next = new Map(this.#table);
    for (const place of remove) next.delete(place);
    for (const place of set.keys()) next.delete(place);
    for (const [place, deployment] of set) {
      const conflict = conflictIn(next, place, deployment);
      if (conflict !== null) throw conflict;
      next.set(place, deployment);
    }
    await this.#publish(next, splits);
  }

  async #publish(next: ReadonlyMap<string, Deployment>, splits: readonly Split[]): Promise<void> {
    const [before, after] = [new Set(this.#table.values()), new Set(next.values())];
    const add = [...after.difference(before)];
    const gone = [...before.difference(after)];
    if (add.length === 0 && gone.length === 0 && splits.length === 0) return;
    await this.#options.publish(
      add,
      gone.map(({ id }) => id),
      splits,
    );
    this.#table.clear();
    for (const [place, deployment] of next) this.#table.set(place, deployment);
    for (const { id, figuresSlot } of gone) {
      this.giveFigures(figuresSlot);
      this.giveImage(id);
    }
    const routes = new Set([...after].flatMap(routesOf));
    if (gone.some((deployment) => routesOf(deployment).some((route) => !routes.has(route)))) this.#options.onFreed();
  }
}

/**
 * The claim in `table` that a deployment at `place` would come too late with; `null`: its routes are free. Deployments of the same
 * owner are in nobody's way: they are its versions. A tenant of the same name from elsewhere is.
 */
export function conflictIn(
  table: ReadonlyMap<string, Deployment>,
  place: string,
  { tenant, hosts, path }: Pick<Deployment, 'tenant' | 'hosts' | 'path'>,
): KerbError | null {
  for (const [other, held] of table) {
    if (other === place || held.path !== path) continue;
    if (held.tenant === tenant && isOneOwner(place, other)) continue;
    const host = hosts.find((name) => held.hosts.includes(name));
    if (host === undefined) continue;
    return new KerbError(
      'route_conflict',
      `${host}${path} is served by tenant ${held.tenant}; choose other hosts or another path`,
    );
  }
  return null;
}

function routesOf({ hosts, path }: Deployment): string[] {
  return hosts.map((host) => `${host}${path}`);
}

function isOneOwner(place: string, other: string): boolean {
  return place.startsWith(`${other} `) || other.startsWith(`${place} `);
}
