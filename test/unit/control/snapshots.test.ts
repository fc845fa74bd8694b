import { describe, expect, it } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { InForce } from '../../../src/control/in-force.ts';
import { REHEARSAL_WALL_MS } from '../../../src/control/limits.ts';
import { Pipeline, type Admitted } from '../../../src/control/pipeline.ts';
import { Snapshots, startStories } from '../../../src/control/snapshots.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import type { Rehearsal } from '../../../src/runtime/rehearsal.ts';
import { MAX_IMAGE_BYTES, MAX_IMAGES_BYTES } from '../../../src/runtime/limits.ts';
import { STATE_OUT_OF_REACH, type Snapshot, type StartImage } from '../../../src/runtime/start-image.ts';
import { compiledStub, folderSource, moduleNumbered, STARTED } from './control-harness.ts';

const IMAGE: StartImage = { runs: [], globals: [], bytes: MAX_IMAGE_BYTES, memoryPages: 1, left: [0] };
const FILTERS = '[[filters]]\nname = "auth"\nmain = "auth.wasm"\n[[filters]]\nname = "log"\nmain = "log.wasm"\n';
const IMAGED: Rehearsal = { outcome: 'ok', cost: STARTED.cost, snapshot: { kind: 'image', image: IMAGE } };

class Stage {
  readonly inForce = new InForce({
    publish: async () => {},
    tenantSlots: 4,
    figuresSlots: 0,
    beginTenant: () => undefined,
    clearFigures: () => undefined,
    onFreed: () => undefined,
  });
  readonly asked: [string, number][] = [];
  /** Names of the guests that were started, each with those of its filters. */
  readonly started: string[] = [];
  answer: Rehearsal = IMAGED;
  /** By the name of a filter. */
  readonly answers = new Map<string, Rehearsal>();
  readonly snapshots = new Snapshots(async (deployment, purpose) => {
    const { budgets, name = 'main' } = deployment;
    this.asked.push([purpose, budgets.wallMs]);
    this.started.push(name);
    const answer = this.answers.get(name) ?? this.answer;
    if (purpose === 'image' || answer.outcome === 'failed' || deployment.filters === undefined) return answer;
    return { ...answer, filters: deployment.filters.map(({ name: own = '' }) => this.#snapshotOf(own)) };
  }, this.inForce);
  readonly #pipeline = new Pipeline(async () => {
    const { shape, ...rest } = compiledStub();
    return { ...rest, shape: { ...shape, exports: this.exports, stateExports: this.stateExports } };
  });
  exports: readonly string[] = ['_initialize'];
  stateExports: readonly string[] | null = [];

  admitted(more = ''): Promise<Admitted> {
    const filters = new Map(['auth.wasm', 'log.wasm'].map((name, place) => [name, moduleNumbered(place + 2)]));
    const files = { config: new Uint8Array(0), pages: new Map(), folders: new Map(), filters };
    const source = { module: moduleNumbered(1), ...files };
    return this.#pipeline.admit({ ...source, manifest: folderSource('a', more).manifest });
  }

  #snapshotOf(name: string): Snapshot {
    const answer = this.answers.get(name) ?? this.answer;
    return answer.outcome === 'ok' ? answer.snapshot : { kind: 'none', why: null };
  }

  bare(admitted: Admitted, config = 'x'): Deployment {
    const place = { slot: 0, figuresSlot: null, version: '1', hosts: ['a.localhost'], allowBackends: [] };
    const stores = { ...NO_STORES, config: new Map([['k', config]]) };
    return this.#pipeline.deploymentOf(admitted, { id: this.inForce.nextId(), ...place }, stores);
  }
}

describe('an image', () => {
  it('that was taken for an upload is given to its deployment, without another start', async () => {
    const stage = new Stage();
    const admitted = await stage.admitted();
    expect(await stage.snapshots.rehearse(admitted, stage.bare(admitted))).toEqual(IMAGED);
    expect((await stage.snapshots.give(admitted, stage.bare(admitted))).deployment.image).toBe(IMAGE);
    expect(stage.asked).toEqual([['start-up', REHEARSAL_WALL_MS]]);
  });

  it('is taken anew for other contents of the stores, and for another app', async () => {
    const stage = new Stage();
    const admitted = await stage.admitted();
    for (const config of ['x', 'x', 'y']) await stage.snapshots.give(admitted, stage.bare(admitted, config));
    expect(stage.asked.map(([purpose]) => purpose)).toEqual(['image', 'image']);
    const other = await stage.admitted();
    await stage.snapshots.give(other, stage.bare(other, 'y'));
    expect(stage.asked).toHaveLength(3);
  });

  it.each([
    ['has nothing to start', { exports: [] as string[] }, null],
    ['has state out of reach', { stateExports: null }, STATE_OUT_OF_REACH],
  ])('of a module that %s is not asked for', async (_, changes, why) => {
    const stage = Object.assign(new Stage(), changes);
    const admitted = await stage.admitted();
    const { deployment, snapshot } = await stage.snapshots.give(admitted, stage.bare(admitted));
    expect([deployment.image, stage.asked]).toEqual([null, []]);
    expect(snapshot).toEqual({ kind: 'none', why });
  });

  it('that cannot be taken is no reason not to deploy, and is tried again with the next deployment', async () => {
    const stage = new Stage();
    stage.answer = { outcome: 'failed', failure: { outcome: 'capacity', detail: '' }, cost: STARTED.cost };
    const admitted = await stage.admitted();
    const first = await stage.snapshots.give(admitted, stage.bare(admitted));
    expect([first.deployment.image, startStories(first)]).toEqual([
      null,
      ['start-up per instance: its start-up ended as capacity'],
    ]);
    stage.answer = IMAGED;
    expect((await stage.snapshots.give(admitted, stage.bare(admitted))).deployment.image).toBe(IMAGE);
  });

  it('finds room only until all have what they may, and again once a deployment is gone', async () => {
    const stage = new Stage();
    const given: Deployment[] = [];
    for (let count = 0; count <= MAX_IMAGES_BYTES / MAX_IMAGE_BYTES; count++) {
      const admitted = await stage.admitted();
      given.push((await stage.snapshots.give(admitted, stage.bare(admitted))).deployment);
    }
    expect(given.findIndex(({ image }) => image === null)).toBe(MAX_IMAGES_BYTES / MAX_IMAGE_BYTES);
    const [first] = given;
    if (first === undefined) throw new TypeError('none was given');
    await stage.inForce.apply({ set: new Map([['api a', first]]) });
    expect(stage.inForce.hasRoom(1)).toBe(false);
    await stage.inForce.apply({ remove: ['api a'] });
    expect([stage.inForce.hasRoom(MAX_IMAGE_BYTES), stage.inForce.hasRoom(MAX_IMAGE_BYTES + 1)]).toEqual([true, false]);
  });

  it('that a report speaks of has room', async () => {
    const stage = new Stage();
    stage.inForce.takeImage(99, MAX_IMAGES_BYTES - 1);
    const admitted = await stage.admitted();
    expect(await stage.snapshots.rehearse(admitted, stage.bare(admitted))).toMatchObject({
      snapshot: { kind: 'none' },
    });
    stage.inForce.giveImage(99);
    expect(stage.inForce.hasRoom(MAX_IMAGES_BYTES)).toBe(true);
  });
});

describe('an app with filters', () => {
  const imageOf = ({ image, filters = [] }: Deployment): readonly (StartImage | null)[] => [
    image,
    ...filters.map((filter) => filter.image),
  ];
  const refusal: Rehearsal = {
    outcome: 'ok',
    cost: STARTED.cost,
    snapshot: { kind: 'none', why: 'it reads the clock' },
  };

  it('has an image of each guest, or the reason why not, and starts none twice', async () => {
    const stage = new Stage();
    stage.answers.set('auth', refusal);
    const admitted = await stage.admitted(FILTERS);
    for (let round = 0; round < 2; round++) {
      const given = await stage.snapshots.give(admitted, stage.bare(admitted));
      expect(imageOf(given.deployment)).toEqual([IMAGE, null, IMAGE]);
      expect(startStories(given)).toEqual([
        'start-up once, image 16384 KiB',
        'filter auth: start-up per instance: it reads the clock',
        'filter log: start-up once, image 16384 KiB',
      ]);
    }
    expect(stage.started).toEqual(['main', 'auth', 'log']);
  });

  it('is told of guest by guest where it was uploaded, and deployed with those images', async () => {
    const stage = new Stage();
    stage.answers.set('log', refusal);
    const admitted = await stage.admitted(`${FILTERS}[filters.limits]\nwall_ms = 60000\n`);
    const rehearsal = await stage.snapshots.rehearse(admitted, stage.bare(admitted));
    expect(rehearsal).toMatchObject({ snapshot: { kind: 'image' }, filters: [{ kind: 'image' }, { kind: 'none' }] });
    const { deployment } = await stage.snapshots.give(admitted, stage.bare(admitted));
    expect([imageOf(deployment), stage.started]).toEqual([[IMAGE, IMAGE, null], ['main']]);
  });

  it('counts with the bytes of all, frees them together, and goes without those for which there is no room', async () => {
    const stage = new Stage();
    stage.inForce.takeImage(99, MAX_IMAGES_BYTES - 2 * MAX_IMAGE_BYTES);
    const admitted = await stage.admitted(FILTERS);
    const { snapshot, filters, deployment } = await stage.snapshots.give(admitted, stage.bare(admitted));
    expect([snapshot, ...filters].map(({ kind }) => kind)).toEqual(['image', 'image', 'none']);
    expect(imageOf(deployment)).toEqual([IMAGE, IMAGE, null]);
    expect(stage.inForce.hasRoom(1)).toBe(false);
    await stage.inForce.apply({ set: new Map([['api a', deployment]]) });
    await stage.inForce.apply({ remove: ['api a'] });
    expect([stage.inForce.hasRoom(2 * MAX_IMAGE_BYTES), stage.inForce.hasRoom(2 * MAX_IMAGE_BYTES + 1)]).toEqual([
      true,
      false,
    ]);
  });

  it('gives its filters the time of a rehearsal too', async () => {
    const stage = new Stage();
    const admitted = await stage.admitted(`${FILTERS}[filters.limits]\nwall_ms = 60000\n`);
    await stage.snapshots.give(admitted, stage.bare(admitted));
    expect(stage.asked.map(([, wallMs]) => wallMs)).toEqual(Array(3).fill(REHEARSAL_WALL_MS));
  });
});
