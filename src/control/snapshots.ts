/** Images of started instances, for deployments that are about to come in force: one start for each, and a reason where there is none. */
import { ABIS } from '../abi/detect.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Rehearsal, RehearsalPurpose } from '../runtime/rehearsal.ts';
import { startsUp } from '../runtime/sandbox.ts';
import { STATE_OUT_OF_REACH, type Snapshot } from '../runtime/start-image.ts';
import type { InForce } from './in-force.ts';
import { REHEARSAL_WALL_MS } from './limits.ts';
import type { Admitted, AdmittedFilter } from './pipeline.ts';
import { digestOf } from './store-grants.ts';

/** Has a data thread start an instance of a deployment that is not in force, and drop it. */
export type Rehearse = (deployment: Deployment, purpose: RehearsalPurpose) => Promise<Rehearsal>;

const NO_ROOM: Snapshot = { kind: 'none', why: 'the images of this process take all that they may' };
const NOTHING_TO_START: Snapshot = { kind: 'none', why: null };
const OUT_OF_REACH: Snapshot = { kind: 'none', why: STATE_OUT_OF_REACH };

/** A guest of an app: what it was admitted as, and its deployment. */
interface Part {
  readonly app: Admitted | AdmittedFilter;
  readonly guest: Deployment;
}

/** A deployment with what images there are, and what came of the wish for each. */
export interface Given {
  readonly deployment: Deployment;
  readonly snapshot: Snapshot;
  /** Those of its filters, in their order. */
  readonly filters: readonly Snapshot[];
}

/** Takes images. An instance has {@link REHEARSAL_WALL_MS} to start in. */
export class Snapshots {
  readonly #rehearse: Rehearse;
  readonly #inForce: InForce;
  /**
   * What was taken of a guest of an app last, and with which contents of its tenant's stores: others make another image. It goes with the
   * app, so that bytes which are in no deployment are not kept.
   */
  readonly #taken = new WeakMap<Part['app'], { readonly grants: string; readonly snapshot: Snapshot }>();

  constructor(rehearse: Rehearse, inForce: InForce) {
    this.#rehearse = (deployment, purpose) => rehearse(inTime(deployment), purpose);
    this.#inForce = inForce;
  }

  /** Has an instance of each guest of a deployment of `admitted` started for `start-up`, and keeps their images for {@link give}. */
  async rehearse(admitted: Admitted, deployment: Deployment): Promise<Rehearsal> {
    const rehearsal = await this.#rehearse(deployment, 'start-up');
    if (rehearsal.outcome === 'failed') return rehearsal;
    const taken = [rehearsal.snapshot, ...(rehearsal.filters ?? [])];
    const parts = partsOf(admitted, deployment);
    for (const [place, part] of parts.entries()) this.#keep(part, taken[place] ?? NOTHING_TO_START);
    const [snapshot = NOTHING_TO_START, ...filters] = this.#fitting(parts, taken).snapshots;
    return { ...rehearsal, snapshot, ...(deployment.filters === undefined ? {} : { filters }) };
  }

  /**
   * The deployment with the images of its guests, for which there then is a place until {@link InForce} gives it back, and why one has
   * none. An instance is started where none was with the same grants. A start that fails is no reason not to deploy: requests will say
   * it. Rejects only with what its rehearsal rejects with.
   */
  async give(admitted: Admitted, deployment: Deployment): Promise<Given> {
    const parts = partsOf(admitted, deployment);
    const taken: Snapshot[] = [];
    for (const part of parts) taken.push(await this.#snapshotOf(part));
    const { snapshots, bytes } = this.#fitting(parts, taken);
    if (bytes > 0) this.#inForce.takeImage(deployment.id, bytes);
    const [snapshot = NOTHING_TO_START, ...filters] = snapshots;
    return { deployment: withImages(deployment, snapshot, filters), snapshot, filters };
  }

  async #snapshotOf(part: Part): Promise<Snapshot> {
    const { app, guest } = part;
    const known = ABIS.get(guest.abi);
    if (known === undefined || !startsUp(guest.shape, known)) return NOTHING_TO_START;
    if (guest.shape.stateExports === null) return OUT_OF_REACH;
    const taken = this.#taken.get(app);
    if (taken?.grants === grantsKey(guest)) return taken.snapshot;
    const rehearsal = await this.#rehearse(guest, 'image');
    if (rehearsal.outcome === 'ok') return this.#keep(part, rehearsal.snapshot);
    const { outcome, detail } = rehearsal.failure;
    return { kind: 'none', why: detail === '' ? `its start-up ended as ${outcome}` : detail };
  }

  /** Those of one app for which there is room together, and the bytes of their images; for the others a reason. */
  #fitting(
    parts: readonly Part[],
    taken: readonly Snapshot[],
  ): { readonly snapshots: readonly Snapshot[]; readonly bytes: number } {
    let bytes = 0;
    const snapshots = parts.map((part, place) => {
      const snapshot = taken[place] ?? NOTHING_TO_START;
      if (snapshot.kind === 'none') return snapshot;
      if (!this.#inForce.hasRoom(bytes + snapshot.image.bytes)) return this.#keep(part, NO_ROOM);
      bytes += snapshot.image.bytes;
      return snapshot;
    });
    return { snapshots, bytes };
  }

  #keep({ app, guest }: Part, snapshot: Snapshot): Snapshot {
    this.#taken.set(app, { grants: grantsKey(guest), snapshot });
    return snapshot;
  }
}

/** The guests of an app: the app itself, then its filters. */
function partsOf(admitted: Admitted, deployment: Deployment): readonly Part[] {
  const { filters = [] } = deployment;
  const behind = admitted.filters.flatMap((app, place) =>
    filters.slice(place, place + 1).map((guest) => ({ app, guest })),
  );
  return [{ app: admitted, guest: deployment }, ...behind];
}

/** The deployment with what its instances have to start in. */
function inTime(deployment: Deployment): Deployment {
  const { budgets, filters } = deployment;
  const timed = { ...deployment, budgets: { ...budgets, wallMs: Math.min(budgets.wallMs, REHEARSAL_WALL_MS) } };
  return filters === undefined ? timed : { ...timed, filters: filters.map(inTime) };
}

function withImages(deployment: Deployment, own: Snapshot, others: readonly Snapshot[]): Deployment {
  const { filters } = deployment;
  const [image, ...images] = [own, ...others].map((each) => (each.kind === 'image' ? each.image : null));
  if ([image, ...images].every((each) => each === null)) return deployment;
  const imaged = { ...deployment, image: image ?? null };
  if (filters === undefined) return Object.freeze(imaged);
  return Object.freeze({
    ...imaged,
    filters: filters.map((filter, place) => Object.freeze({ ...filter, image: images[place] ?? null })),
  });
}

/** What of a deployment its start-up code can read, beside what comes with the app. */
function grantsKey({ tenant, grants }: Deployment): string {
  return `${tenant} ${digestOf(grants.stores)}`;
}

/** How the instances of an app and of its filters start, for people: a clause for each of which there is something to tell. */
export function startStories({ deployment, snapshot, filters }: Given): readonly string[] {
  const others = filters.map((each, place) => {
    const story = startStory(each);
    return story === null ? null : `filter ${deployment.filters?.[place]?.name ?? place}: ${story}`;
  });
  return [startStory(snapshot), ...others].filter((story) => story !== null);
}

function startStory(snapshot: Snapshot): string | null {
  if (snapshot.kind === 'none') return snapshot.why === null ? null : `start-up per instance: ${snapshot.why}`;
  return `start-up once, image ${Math.ceil(snapshot.image.bytes / 1024)} KiB`;
}
