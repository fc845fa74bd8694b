/** Images of started instances, for deployments that are about to come in force: one start for each, and a reason where there is none. */
import { ABIS } from '../abi/detect.ts';
import type { Deployment } from '../runtime/deployment.ts';
import type { Rehearsal, RehearsalPurpose } from '../runtime/engine.ts';
import { startsUp } from '../runtime/sandbox.ts';
import { STATE_OUT_OF_REACH, type Snapshot } from '../runtime/start-image.ts';
import type { InForce } from './in-force.ts';
import { REHEARSAL_WALL_MS } from './limits.ts';
import type { Admitted } from './pipeline.ts';
import { digestOf } from './store-grants.ts';

/** Has a data thread start an instance of a deployment that is not in force, and drop it. */
export type Rehearse = (deployment: Deployment, purpose: RehearsalPurpose) => Promise<Rehearsal>;

const NO_ROOM: Snapshot = { kind: 'none', why: 'the images of this process take all that they may' };
const NOTHING_TO_START: Snapshot = { kind: 'none', why: null };
const OUT_OF_REACH: Snapshot = { kind: 'none', why: STATE_OUT_OF_REACH };

/** Takes images. An instance has {@link REHEARSAL_WALL_MS} to start in. */
export class Snapshots {
  readonly #rehearse: Rehearse;
  readonly #inForce: InForce;
  /**
   * What was taken of an app last, and with which contents of its tenant's stores: others make another image. It goes with the app, so that
   * bytes which are in no deployment are not kept.
   */
  readonly #taken = new WeakMap<Admitted, { readonly grants: string; readonly snapshot: Snapshot }>();

  constructor(rehearse: Rehearse, inForce: InForce) {
    this.#rehearse = (deployment, purpose) => {
      const wallMs = Math.min(deployment.budgets.wallMs, REHEARSAL_WALL_MS);
      return rehearse({ ...deployment, budgets: { ...deployment.budgets, wallMs } }, purpose);
    };
    this.#inForce = inForce;
  }

  /** Has an instance of a deployment of `admitted` started for `start-up`, and keeps its image for {@link give}. */
  async rehearse(admitted: Admitted, deployment: Deployment): Promise<Rehearsal> {
    const rehearsal = await this.#rehearse(deployment, 'start-up');
    if (rehearsal.outcome === 'failed') return rehearsal;
    return { ...rehearsal, snapshot: this.#keep(admitted, deployment, rehearsal.snapshot) };
  }

  /**
   * The deployment with its image, for which there then is a place until {@link InForce} gives it back, and why it has none. An
   * instance is started where none was with the same grants. A start that fails is no reason not to deploy: requests will say it.
   * Rejects only with what its rehearsal rejects with.
   */
  async give(
    admitted: Admitted,
    deployment: Deployment,
  ): Promise<{ readonly deployment: Deployment; readonly snapshot: Snapshot }> {
    const taken = await this.#snapshotOf(admitted, deployment);
    if (taken.kind === 'none') return { deployment, snapshot: taken };
    if (this.#inForce.takeImage(deployment.id, taken.image.bytes))
      return { deployment: Object.freeze({ ...deployment, image: taken.image }), snapshot: taken };
    return { deployment, snapshot: this.#keep(admitted, deployment, NO_ROOM) };
  }

  async #snapshotOf(admitted: Admitted, deployment: Deployment): Promise<Snapshot> {
    const { shape, abi } = deployment;
    const known = ABIS.get(abi);
    if (known === undefined || !startsUp(shape, known)) return NOTHING_TO_START;
    if (shape.stateExports === null) return OUT_OF_REACH;
    const taken = this.#taken.get(admitted);
    if (taken?.grants === grantsKey(deployment)) return taken.snapshot;
    const rehearsal = await this.#rehearse(deployment, 'image');
    if (rehearsal.outcome === 'ok') return this.#keep(admitted, deployment, rehearsal.snapshot);
    const { outcome, detail } = rehearsal.failure;
    return { kind: 'none', why: detail === '' ? `its start-up ended as ${outcome}` : detail };
  }

  #keep(admitted: Admitted, deployment: Deployment, snapshot: Snapshot): Snapshot {
    const kept = snapshot.kind === 'image' && !this.#inForce.hasRoom(snapshot.image.bytes) ? NO_ROOM : snapshot;
    this.#taken.set(admitted, { grants: grantsKey(deployment), snapshot: kept });
    return kept;
  }
}

/** What of a deployment its start-up code can read, beside what comes with the app. */
function grantsKey({ tenant, grants }: Deployment): string {
  return `${tenant} ${digestOf(grants.stores)}`;
}

/** How its instances start, for people; `null`: there is nothing to tell. */
export function startStory(snapshot: Snapshot): string | null {
  if (snapshot.kind === 'none') return snapshot.why === null ? null : `start-up per instance: ${snapshot.why}`;
  return `start-up once, image ${Math.ceil(snapshot.image.bytes / 1024)} KiB`;
}
