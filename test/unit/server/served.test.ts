import { beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import type { Engine } from '../../../src/runtime/engine.ts';
import { ServedDeployments } from '../../../src/server/served.ts';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';

let retired: number[];
let served: ServedDeployments;
beforeEach(() => {
  retired = [];
  const engine = { retire: (id: number) => void retired.push(id) } as unknown as Engine;
  served = new ServedDeployments(engine, new AddressPolicy());
});

function deployment(id: number, changes: Partial<Deployment> = {}): Deployment {
  const whole = { id, hosts: ['h'], path: '/', origin: null, backends: [], budgets: { subrequests: 1 }, ...changes };
  return whole as unknown as Deployment;
}

const BACKENDS = [{ name: 'main', url: 'http://127.0.0.1:1/' }];

describe('a deployment', () => {
  it('in the table is found, and has the backend that its origin names', () => {
    const [plain, fronting] = [deployment(1), deployment(2, { hosts: ['f'], origin: 'main', backends: BACKENDS })];
    served.apply({ revision: 1, add: [plain, fronting], remove: [] });
    expect([served.match('h', '/'), served.match('f', '/'), served.match('x', '/')]).toEqual([plain, fronting, null]);
    expect(served.enter(plain)).toBeNull();
    expect(served.enter(fronting)).not.toBeNull();
  });

  it('with an origin that is no backend has none', () => {
    const one = deployment(1, { origin: 'other', backends: BACKENDS });
    served.apply({ revision: 1, add: [one], remove: [] });
    expect(served.enter(one)).toBeNull();
  });

  it('that is replaced takes no new request, and is retired at once when it is idle', () => {
    const [old, next] = [deployment(1), deployment(2)];
    served.apply({ revision: 1, add: [old], remove: [] });
    served.apply({ revision: 2, add: [next], remove: [1] });
    expect(served.match('h', '/')).toBe(next);
    expect(retired).toContain(1);
  });

  it('that is replaced keeps its backend until its last request has ended', async () => {
    const old = deployment(1, { origin: 'main', backends: BACKENDS });
    served.apply({ revision: 1, add: [old], remove: [] });
    served.enter(old);
    served.enter(old);
    served.apply({ revision: 2, add: [], remove: [1] });
    served.leave(old);
    expect(served.enter(old)).not.toBeNull();
    served.leave(old);
    served.leave(old);
    expect(served.enter(old)).toBeNull();
    served.leave(old);
    await served.close();
  });
});
