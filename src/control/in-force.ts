/** What is in force: who serves which host and path, and who rests, changed one change after the other. */
import { KerbError } from '../errors.ts';
import { isDeployed, type Route, type Split } from '../runtime/deployment.ts';
import { MAX_IMAGES_BYTES } from '../runtime/limits.ts';
import { Claims } from './claims.ts';

/**
 * Puts a change in force on every data thread, after those before it; settles when all serve by it. Throws, at once and with nothing
 * changed, for one that cannot be.
 */
export type Publish = (add: readonly Route[], remove: readonly number[], splits: readonly Split[]) => Promise<void>;

/** A change. Keys name places ({@link Claims}): a deployment, or the route of a tenant that rests, replaces what had its place. */
export interface Edit {
  readonly set?: ReadonlyMap<string, Route>;
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
  /** Told when a place in the tenant counters has another tenant than it had: what was counted there is not that one's. */
  readonly beginTenant: (slot: number) => void;
  /** Sets a place in the figures of versions to zero. */
  readonly clearFigures: (slot: number) => void;
  /** Told when hosts or a path that somebody had are nobody's any more: others may wait for them. */
  readonly onFreed: () => void;
}

/** The deployment table as control has it. */
export class InForce {
  readonly #options: InForceOptions;
  readonly #table = new Map<string, Route>();
  readonly #claims = new Claims();
  /** Counter slots by tenant: a name keeps its slot over versions and absence; see {@link ./tenant-counts.ts}. */
  readonly #tenantSlots = new Map<string, number>();
  /** Those of tenants that are no more, the one that has been free for longest first: requests of its last tenant may still end. */
  readonly #freeTenants: number[] = [];
  #tenantsUsed = 0;
  /** Places in the figures of versions that nobody has, the one that has been free for longest first. */
  readonly #freeFigures: number[] = [];
  #figuresUsed = 0;
  /** Bytes of images by the id of their deployment, in force or on its way there. */
  readonly #images = new Map<number, number>();
  #imageBytes = 0;
  #ids = 0;
  #deployed = 0;

  constructor(options: InForceOptions) {
    this.#options = options;
  }

  /** Deployments, and routes to tenants that rest, by place. */
  get routes(): ReadonlyMap<string, Route> {
    return this.#table;
  }

  /** How many of them are deployments. */
  get deployed(): number {
    return this.#deployed;
  }

  /** Tenants that have been deployed, with their counter slots. */
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
    const slot = this.#takeTenant();
    this.#tenantSlots.set(tenant, slot);
    return slot;
  }

  #takeTenant(): number {
    const { tenantSlots, beginTenant } = this.#options;
    if (this.#tenantsUsed < tenantSlots) return this.#tenantsUsed++;
    const slot = this.#freeTenants.shift();
    if (slot === undefined)
      throw new KerbError('conflict', `this process has room for ${tenantSlots} tenants; delete some first`);
    beginTenant(slot);
    return slot;
  }

  /** Gives a tenant's place in the tenant counters back: it is no more, and nothing of it is in force. */
  forget(tenant: string): void {
    const slot = this.#tenantSlots.get(tenant);
    if (slot === undefined) return;
    this.#tenantSlots.delete(tenant);
    this.#freeTenants.push(slot);
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
    return bytes + this.#imageBytes <= MAX_IMAGES_BYTES;
  }

  /** Takes room for the image of a deployment; answers whether there was. {@link apply} frees it with its deployment. */
  takeImage(id: number, bytes: number): boolean {
    if (!this.hasRoom(bytes)) return false;
    this.giveImage(id);
    this.#images.set(id, bytes);
    this.#imageBytes += bytes;
    return true;
  }

  /** Gives back the room of a deployment's image that was never in force. */
  giveImage(id: number): void {
    this.#imageBytes -= this.#images.get(id) ?? 0;
    this.#images.delete(id);
  }

  /**
   * Makes a change, at once; settles when every data thread serves by it. Rejects with `route_conflict` when another tenant has a host
   * and path, and with what {@link Publish} throws; then nothing has changed.
   *
   * @param edit - The change, of the table as it is.
   */
  async apply(edit: Edit): Promise<void> {
    const { splits = [] } = edit;
    const { added, left } = this.#difference(edit);
    this.#refuseConflicts(added, left);
    // One that moves to another place stays in force: a canary that becomes its tenant's active version.
    const [came, went] = [new Set(added.values()), new Set(left.values())];
    const gone = [...went.difference(came)];
    const fresh = [...came.difference(went)];
    if (fresh.length === 0 && gone.length === 0 && splits.length === 0) return;
    const ids = gone.map(({ id }) => id);
    const published = this.#options.publish(fresh, ids, splits);
    this.#move(added, left);
    await published;
    for (const route of gone) this.#free(route);
    if (gone.some((route) => this.#claims.leavesFree(route))) this.#options.onFreed();
  }

  /** The claim of another, at a place that counts, that one at `place` would come too late with; `null`: its routes are free. */
  conflict(...of: Parameters<Claims['conflict']>): ReturnType<Claims['conflict']> {
    return this.#claims.conflict(...of);
  }

  /** What comes to a place, and what leaves one. */
  #difference({ set = new Map(), remove = [] }: Edit): Record<'added' | 'left', ReadonlyMap<string, Route>> {
    const added = new Map([...set].filter(([place, route]) => this.#table.get(place) !== route));
    const left = new Map<string, Route>();
    for (const place of [...remove, ...added.keys()]) {
      const route = this.#table.get(place);
      if (route !== undefined && set.get(place) !== route) left.set(place, route);
    }
    return { added, left };
  }

  #refuseConflicts(added: ReadonlyMap<string, Route>, left: ReadonlyMap<string, Route>): void {
    const fresh = new Claims();
    for (const [place, route] of added) {
      const old = this.#claims.conflict(place, route, (other) => !left.has(other));
      const conflict = old ?? fresh.conflict(place, route);
      if (conflict !== null) throw conflict;
      fresh.add(place, route);
    }
  }

  #move(added: ReadonlyMap<string, Route>, left: ReadonlyMap<string, Route>): void {
    for (const [place, route] of left) {
      this.#table.delete(place);
      this.#claims.remove(place);
      if (isDeployed(route)) this.#deployed -= 1;
    }
    for (const [place, route] of added) {
      this.#table.set(place, route);
      this.#claims.add(place, route);
      if (isDeployed(route)) this.#deployed += 1;
    }
  }

  #free(route: Route): void {
    if (!isDeployed(route)) return;
    this.giveFigures(route.figuresSlot);
    this.giveImage(route.id);
  }
}
