import { describe, expect, it } from 'vitest';
import { NO_STORES } from '../../../src/capability/stores.ts';
import { InForce } from '../../../src/control/in-force.ts';
import { Pipeline } from '../../../src/control/pipeline.ts';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import {
  compiledStub,
  folderSource,
  gate,
  refusalOf,
  stubCompile,
  type Published,
  noThread,
} from './control-harness.ts';

interface Tried {
  readonly inForce: InForce;
  readonly published: Published[];
  readonly cleared: number[];
  /** Places of tenants that have got another one. */
  readonly begun: number[];
  /** How often it was told that a route is free. */
  freed: number;
  /** What publishing does besides. */
  during: () => Promise<void>;
  /** A deployment, not in force. */
  readonly made: (tenant: string, host: string, path?: string, figuresSlot?: number | null) => Deployment;
  readonly set: (place: string, deployment: Deployment) => Promise<void>;
}

function tried(figuresSlots = 4): Tried {
  const [published, cleared, begun]: [Published[], number[], number[]] = [[], [], []];
  const pipeline = new Pipeline(stubCompile());
  const self: Tried = {
    inForce: new InForce({
      publish: (add, remove, splits) => {
        const during = self.during();
        published.push({ add, remove, splits });
        return during;
      },
      tenantSlots: 2,
      figuresSlots,
      beginTenant: (slot) => begun.push(slot),
      clearFigures: (slot) => cleared.push(slot),
      onFreed: () => void (self.freed += 1),
    }),
    published,
    cleared,
    begun,
    freed: 0,
    during: () => Promise.resolve(),
    made: (tenant, host, path = '/', figuresSlot = null) => {
      const source = folderSource(tenant, `path = "${path}"`);
      const admitted = { ...source, granted: [], compiled: compiledStub(), filters: [], compileMs: 0 };
      const id = self.inForce.nextId();
      const place = { id, slot: 0, figuresSlot, version: '1', hosts: [host], allowBackends: [] };
      return pipeline.deploymentOf(admitted, place, NO_STORES);
    },
    set: (place, deployment) => self.inForce.apply({ set: new Map([[place, deployment]]) }),
  };
  return self;
}

describe('the table in force', () => {
  it('adds, replaces by place and removes, and publishes just the difference', async () => {
    const { inForce, published, made, set } = tried();
    const [a, b, a2] = [made('a', 'a.test'), made('b', 'b.test'), made('a', 'a.test')];
    await set('api a', a);
    await set('api b', b);
    await set('api a', a2);
    await inForce.apply({ remove: ['api b', 'api never'] });
    expect(published).toEqual([
      { add: [a], remove: [], splits: [] },
      { add: [b], remove: [], splits: [] },
      { add: [a2], remove: [a.id], splits: [] },
      { add: [], remove: [b.id], splits: [] },
    ]);
    expect([...inForce.routes]).toEqual([['api a', a2]]);
  });

  it('publishes nothing for a change that changes nothing', async () => {
    const { inForce, published, made, set } = tried();
    const a = made('a', 'a.test');
    await set('api a', a);
    await set('api a', a);
    await inForce.apply({});
    expect(published).toHaveLength(1);
  });

  it('publishes a share that changes by itself', async () => {
    const { inForce, published } = tried();
    const splits = [{ primary: 1, canary: 2, percent: 5 }];
    await inForce.apply({ splits });
    expect(published).toEqual([{ add: [], remove: [], splits }]);
  });

  it('moves a deployment to another place without telling anybody but of what it replaces', async () => {
    const { inForce, published, made, set } = tried();
    const [first, second] = [made('a', 'a.test'), made('a', 'a.test')];
    await set('api a', first);
    await set('api a canary', second);
    await inForce.apply({ set: new Map([['api a', second]]), remove: ['api a canary'] });
    expect(published.at(-1)).toEqual({ add: [], remove: [first.id], splits: [] });
    expect([...inForce.routes]).toEqual([['api a', second]]);
  });

  it('changes at once, and says so when every thread serves by it', async () => {
    const own = tried();
    const stop = gate();
    own.during = () => stop.passed;
    const a = own.made('a', 'a.test');
    let isServed = false;
    const first = own.set('api a', a).then(() => (isServed = true));
    const second = own.inForce.apply({ remove: ['api a'] });
    await Promise.resolve();
    expect([own.published.map(({ add, remove }) => [add, remove]), isServed]).toEqual([
      [
        [[a], []],
        [[], [a.id]],
      ],
      false,
    ]);
    stop.open();
    await Promise.all([first, second]);
    expect(isServed).toBe(true);
  });

  it('stays as it was when publishing fails, and takes the next change', async () => {
    const own = tried();
    const a = own.made('a', 'a.test');
    await own.set('api a', a);
    own.during = noThread;
    await expect(own.set('api a', own.made('a', 'a.test'))).rejects.toThrow('no thread');
    expect([...own.inForce.routes]).toEqual([['api a', a]]);
    own.during = () => Promise.resolve();
    await own.inForce.apply({ remove: ['api a'] });
    expect(own.inForce.routes.size).toBe(0);
  });

  it('counts deployments, and not those that rest', async () => {
    const { inForce, made } = tried();
    const resting = { id: inForce.nextId(), tenant: 'a', hosts: ['a.test'], path: '/' };
    await inForce.apply({ set: new Map([['api a', resting]]) });
    expect([inForce.routes.size, inForce.deployed]).toEqual([1, 0]);
    await inForce.apply({ set: new Map([['api a', made('a', 'a.test')]]) });
    expect([inForce.routes.size, inForce.deployed]).toEqual([1, 1]);
    await inForce.apply({ set: new Map([['api a', { ...resting, id: inForce.nextId() }]]) });
    expect([inForce.routes.size, inForce.deployed]).toEqual([1, 0]);
  });
});

describe('a route', () => {
  it('that another tenant has is refused by name, and nothing of the change is made', async () => {
    const { inForce, published, made, set } = tried();
    await set('api a', made('a', 'x.test'));
    const change = new Map([
      ['api c', made('c', 'c.test')],
      ['api b', made('b', 'x.test')],
    ]);
    const refused = await refusalOf(() => inForce.apply({ set: change }));
    expect([refused.code, refused.message]).toEqual([
      'route_conflict',
      'x.test/ is served by tenant a; choose other hosts or another path',
    ]);
    expect([published.length, [...inForce.routes.keys()]]).toEqual([1, ['api a']]);
  });

  it('twice in one change is refused', async () => {
    const { inForce, made } = tried();
    const set = new Map([
      ['api a', made('a', 'x.test')],
      ['api b', made('b', 'x.test')],
    ]);
    expect((await refusalOf(() => inForce.apply({ set }))).code).toBe('route_conflict');
  });

  it('can change hands in one change, in any order', async () => {
    const { inForce, made, set } = tried();
    await set('api a', made('a', 'x.test'));
    const swap = new Map([
      ['api b', made('b', 'x.test')],
      ['api a', made('a', 'y.test')],
    ]);
    await inForce.apply({ set: swap });
    expect(inForce.routes.get('api b')?.hosts).toEqual(['x.test']);
  });
});

describe('places in shared memory', () => {
  it('stay with a tenant for good, and end', async () => {
    const { inForce } = tried();
    expect([inForce.slotOf('__proto__'), inForce.slotOf('b'), inForce.slotOf('__proto__')]).toEqual([0, 1, 0]);
    const refused = await refusalOf(() => inForce.slotOf('c'));
    expect([refused.code, refused.message]).toEqual([
      'conflict',
      'this process has room for 2 tenants; delete some first',
    ]);
    expect([...inForce.tenantSlots.keys()]).toEqual(['__proto__', 'b']);
  });

  it('are those of other tenants once theirs are no more, which begin anew', async () => {
    const { inForce, begun } = tried();
    expect([inForce.slotOf('a'), inForce.slotOf('b')]).toEqual([0, 1]);
    inForce.forget('b');
    inForce.forget('a');
    inForce.forget('never');
    expect([inForce.slotOf('c'), inForce.slotOf('a'), begun]).toEqual([1, 0, [1, 0]]);
    expect((await refusalOf(() => inForce.slotOf('b'))).code).toBe('conflict');
  });

  it('of figures are cleared when they are taken, and the one that was free for longest comes first', () => {
    const { inForce, cleared } = tried(3);
    expect([1, 2, 3, 4].map(() => inForce.takeFigures())).toEqual([0, 1, 2, null]);
    for (const slot of [2, null, 0]) inForce.giveFigures(slot);
    expect([1, 2, 3].map(() => inForce.takeFigures())).toEqual([2, 0, null]);
    expect(cleared).toEqual([0, 1, 2, 2, 0]);
  });

  it('are free again when what has them is no longer in force', async () => {
    const { inForce, made, set } = tried(1);
    await set('api a', made('a', 'a.test', '/', inForce.takeFigures()));
    expect(inForce.takeFigures()).toBeNull();
    await inForce.apply({ remove: ['api a'] });
    expect(inForce.takeFigures()).toBe(0);
  });

  it('are kept while what has them stays, whatever was tried', async () => {
    const own = tried(1);
    const place = own.inForce.takeFigures();
    await own.set('api a', own.made('a', 'a.test', '/', place));
    own.during = noThread;
    await expect(own.inForce.apply({ remove: ['api a'] })).rejects.toThrow('no thread');
    expect(own.inForce.takeFigures()).toBeNull();
  });

  it('are none of what has no figures', async () => {
    const { inForce, made, set } = tried(0);
    await set('folder a', made('a', 'a.test'));
    await inForce.apply({ remove: ['folder a'] });
    expect(inForce.takeFigures()).toBeNull();
  });

  it('of deployments are numbers that never come back', () => {
    const { inForce } = tried();
    expect(new Set([1, 2, 3].map(() => inForce.nextId())).size).toBe(3);
  });
});

describe('routes', () => {
  it('that are nobody’s any more are told of, and no others', async () => {
    const own = tried();
    await own.set('api a', own.made('a', 'a.test'));
    await own.set('api a', own.made('a', 'a.test'));
    expect(own.freed).toBe(0);
    await own.set('api a', own.made('a', 'a.test', '/p'));
    expect(own.freed).toBe(1);
    await own.set('api a', own.made('a', 'b.test', '/p'));
    expect(own.freed).toBe(2);
    await own.inForce.apply({ remove: ['api a'], set: new Map([['api b', own.made('b', 'b.test', '/p')]]) });
    expect(own.freed).toBe(2);
    own.during = noThread;
    await expect(own.inForce.apply({ remove: ['api b'] })).rejects.toThrow('no thread');
    expect(own.freed).toBe(2);
  });
});
