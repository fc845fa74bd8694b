import { beforeEach, describe, expect, it } from 'vitest';
import { Generations } from '../../../src/cache/generations.ts';
import type { Deployment, Route, Split } from '../../../src/runtime/deployment.ts';
import { NO_STORES, type TenantHome } from '../../../src/capability/stores.ts';
import type { Engine } from '../../../src/runtime/engine.ts';
import { TenantCounters } from '../../../src/runtime/tenant-counters.ts';
import { ClientPositions } from '../../../src/server/client-positions.ts';
import { EdgeCache } from '../../../src/server/edge-cache.ts';
import { ServedDeployments } from '../../../src/server/served.ts';
import { errorOf, requestOf, serveHttp, textOf } from '../upstream/origin.ts';

const positions = new ClientPositions(Buffer.from('key'));
let retired: number[];
let served: ServedDeployments;
let cache: EdgeCache;
let counters: TenantCounters;
let unserved: TenantHome[];
beforeEach(() => {
  retired = [];
  const engine = { retire: (id: number) => void retired.push(id) } as unknown as Engine;
  counters = TenantCounters.create(4);
  cache = new EdgeCache({
    maxBytes: 2 ** 20,
    threads: 1,
    generations: Generations.create().share,
    quotaBytes: (tenant) => served.cacheQuota(tenant),
    forwardThrough: (through) => served.forwardThrough(through),
  });
  unserved = [];
  const onUnserved = (home: TenantHome): void => void unserved.push(home);
  served = new ServedDeployments({ engine, addresses: {}, clients: positions, cache, counters, onUnserved });
});

function deployment(id: number, changes: Partial<Deployment> = {}): Deployment {
  const grants = { stores: NO_STORES };
  const budgets = { subrequests: 1, cacheBytes: 0 };
  const nothing = {
    module: null,
    origin: null,
    backends: [],
    jwt: [],
    allowBackends: [],
    slot: 0,
    tenant: 't',
    grants,
    budgets,
  };
  const whole = { id, hosts: ['h'], path: '/', ...nothing, ...changes };
  return whole as unknown as Deployment;
}

function change(add: readonly Deployment[], remove: readonly number[] = [], splits: readonly Split[] = []): void {
  served.apply({ revision: 1, add, remove, splits });
}

function at(host: string, ip = '192.0.2.1'): Route | null {
  return served.match(host, '/', { ip });
}

const BACKENDS = [{ name: 'main', url: 'http://127.0.0.1:1/' }];

describe('a deployment', () => {
  it('in the table is found, and has the backend that its origin names', () => {
    const [plain, fronting] = [deployment(1), deployment(2, { hosts: ['f'], origin: 'main', backends: BACKENDS })];
    change([plain, fronting]);
    expect([at('h'), at('f'), at('x')]).toEqual([plain, fronting, null]);
    expect(served.enter(plain).origin).toBeNull();
    expect(served.enter(fronting).origin).not.toBeNull();
  });

  it('reaches the backends of its manifest by name, and no others', () => {
    const one = deployment(1, { backends: BACKENDS });
    change([one]);
    const reachable = served.enter(one);
    expect(['main', 'other', 'constructor', '__proto__', ''].map((name) => reachable.backend(name) !== null)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('with an origin that is no backend has none', () => {
    const one = deployment(1, { origin: 'other', backends: BACKENDS });
    change([one]);
    expect(served.enter(one).origin).toBeNull();
  });

  it('that is replaced takes no new request, and is retired at once when it is idle', () => {
    const [old, next] = [deployment(1), deployment(2)];
    change([old]);
    change([next], [1]);
    expect(at('h')).toBe(next);
    expect(retired).toContain(1);
  });

  it('has its backends checked while it is in force, and not once it is replaced', async () => {
    const checked = new Map<string, number>();
    const url = await serveHttp((request, response) => {
      checked.set(request.url ?? '', (checked.get(request.url ?? '') ?? 0) + 1);
      response.end();
    });
    const health = { intervalMs: 5, timeoutMs: 1_000, unhealthy: 3, healthy: 2, status: 200 };
    const app = (id: number, path: string): Deployment =>
      deployment(id, {
        origin: 'main',
        backends: [{ name: 'main', url, health: { ...health, path } }],
        allowBackends: ['127.0.0.1'],
      });
    const [old, next] = [app(1, '/old'), app(2, '/next')];
    const ask = async (of: Deployment): Promise<void> => {
      const answer = await served.enter(of).origin?.fetch(requestOf());
      if (answer !== undefined) await textOf(answer.body);
    };
    change([old]);
    await ask(old);
    await expect.poll(() => checked.get('/old') ?? 0).toBeGreaterThan(1);
    change([next], [1]);
    await ask(next);
    // A check that was under way may still arrive; the old deployment has a request in flight all the while.
    const most = (checked.get('/old') ?? 0) + 1;
    await expect.poll(() => checked.get('/next') ?? 0).toBeGreaterThan(3);
    expect(checked.get('/old')).toBeLessThanOrEqual(most);
    await served.close();
  });

  it('that is replaced keeps its backend until its last request has ended', async () => {
    const old = deployment(1, { origin: 'main', backends: BACKENDS });
    change([old]);
    served.enter(old);
    served.enter(old);
    change([], [1]);
    served.leave(old);
    expect(served.enter(old).origin).not.toBeNull();
    served.leave(old);
    served.leave(old);
    expect(served.enter(old).origin).toBeNull();
    served.leave(old);
    await served.close();
  });
});

describe('a tenant', () => {
  it('is served while a deployment of it is in the table, whichever asks', () => {
    const [old, next] = [deployment(1), deployment(2)];
    change([old]);
    served.enter(old);
    expect(served.isServed(old)).toBe(true);
    change([next], [1]);
    expect(served.isServed(old)).toBe(true);
    change([deployment(3, { tenant: 'other', hosts: ['o'] })], [2]);
    expect([served.isServed(old), served.isServed(next)]).toEqual([false, false]);
  });

  it('is told to be unserved once its last request is over, each of one name for itself', () => {
    const stores = { ...NO_STORES, madeMs: 5 };
    const [old, again] = [deployment(1), deployment(2, { grants: { stores } as Deployment['grants'] })];
    change([old]);
    served.enter(old);
    change([again], [1]);
    expect(unserved).toEqual([]);
    served.leave(old);
    expect(unserved).toEqual([{ tenant: 't', madeMs: null }]);
    change([deployment(3, { grants: again.grants })], [2]);
    change([], [3]);
    expect(unserved.slice(1)).toEqual([{ tenant: 't', madeMs: 5 }]);
  });
});

describe('backends at private addresses', () => {
  it('are reached by the deployment whose ranges have them, and by no other', async () => {
    const backends = [{ name: 'main', url: await serveHttp((_, response) => response.end('site')) }];
    const deployments = [['127.0.0.0/8'], [], ['10.0.0.0/8']].map((allowBackends, i) =>
      deployment(i, { hosts: [`h${i}`], origin: 'main', backends, allowBackends }),
    );
    change(deployments);
    const [allowed, ...others] = deployments.map((one) => served.enter(one).origin);
    expect(await allowed?.fetch(requestOf()).then(({ body }) => textOf(body))).toBe('site');
    for (const other of others)
      expect((await errorOf(other?.fetch(requestOf()) ?? Promise.resolve())).fault).toBe('refused_address');
    await served.close();
  });
});

describe('two versions', () => {
  const tenant = 'acme';
  const addresses = Array.from({ length: 400 }, (_, i) => `192.0.2.${i % 256}:${i}`);
  const versionsOf = (): (number | undefined)[] => addresses.map((ip) => at('h', ip)?.id);

  it('share the clients by their position, each its own', () => {
    change([deployment(1, { tenant }), deployment(2, { tenant })], [], [{ primary: 1, canary: 2, percent: 30 }]);
    expect(versionsOf()).toEqual(addresses.map((ip) => (positions.of(tenant, ip) < 30 ? 2 : 1)));
    expect(new Set(versionsOf())).toEqual(new Set([1, 2]));
  });

  it('are not retired by a new percentage, and no client goes back while it grows', () => {
    change([deployment(1, { tenant }), deployment(2, { tenant })], [], [{ primary: 1, canary: 2, percent: 1 }]);
    let before = versionsOf();
    for (const percent of [5, 20, 50, 99]) {
      change([], [], [{ primary: 1, canary: 2, percent }]);
      const now = versionsOf();
      expect(now.filter((id, i) => before[i] === 2 && id !== 2)).toEqual([]);
      expect(now).not.toEqual(before);
      before = now;
    }
    expect(retired).toEqual([]);
  });

  it('count their requests each for itself: a canary that is taken back ends what it has begun', () => {
    const canary = deployment(2, { tenant, origin: 'main', backends: BACKENDS });
    change([deployment(1, { tenant }), canary], [], [{ primary: 1, canary: 2, percent: 50 }]);
    served.enter(canary);
    change([], [2]);
    expect([new Set(versionsOf()), served.enter(canary).origin !== null]).toEqual([new Set([1]), true]);
    served.leave(canary);
    served.leave(canary);
    expect(served.enter(canary).origin).toBeNull();
  });

  it('cost a deployment that is alone no look at the address', () => {
    change([deployment(1, { tenant })]);
    const client = {
      get ip(): string {
        throw new Error('the address was read');
      },
    };
    expect(served.match('h', '/', client)?.id).toBe(1);
  });
});
