import { beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/runtime/deployment.ts';
import { RoutingTable } from '../../../src/server/routing-table.ts';

let table: RoutingTable;
beforeEach(() => {
  table = new RoutingTable();
});

function deployment(id: number, hosts: readonly string[], path = '/'): Deployment {
  return { id, tenant: `t${id}`, hosts, path } as unknown as Deployment;
}

let revision = 0;
function change(add: readonly Deployment[], remove: readonly number[] = []): void {
  revision += 1;
  table.apply({ revision, add, remove });
}

function idAt(host: string, target = '/'): number | null {
  return table.match(host, target)?.id ?? null;
}

describe('hosts', () => {
  it('exact ones win over wildcards', () => {
    change([deployment(1, ['*.example.com']), deployment(2, ['www.example.com'])]);
    expect([idAt('www.example.com'), idAt('shop.example.com')]).toEqual([2, 1]);
  });

  it('wildcards stand for one label, not for none and not for two', () => {
    change([deployment(1, ['*.example.com'])]);
    expect(['example.com', 'a.b.example.com', '.example.com', 'example.org', ''].map((host) => idAt(host))).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  it('a wildcard serves the paths that the exact host does not', () => {
    change([deployment(1, ['*.example.com']), deployment(2, ['www.example.com'], '/api')]);
    expect([idAt('www.example.com', '/api/x'), idAt('www.example.com', '/')]).toEqual([2, 1]);
  });

  it("a literal `*.` host in a request is no wildcard's key to others", () => {
    change([deployment(1, ['*.example.com'])]);
    expect(idAt('constructor')).toBeNull();
    expect(idAt('__proto__')).toBeNull();
  });

  it('each of several leads to the same deployment', () => {
    change([deployment(1, ['a.test', 'b.test', '*.c.test'])]);
    expect([idAt('a.test'), idAt('b.test'), idAt('x.c.test')]).toEqual([1, 1, 1]);
  });
});

describe('paths', () => {
  beforeEach(() => {
    change([deployment(1, ['h']), deployment(3, ['h'], '/api/v2'), deployment(2, ['h'], '/api')]);
  });

  it.each([
    ['/', 1],
    ['/ap', 1],
    ['/apix', 1],
    ['/API', 1],
    ['/api', 2],
    ['/api/', 2],
    ['/api?q', 2],
    ['/api/v', 2],
    ['/api/v2', 3],
    ['/api/v2?x=/', 3],
    ['/api/v2/deep', 3],
    ['/api/v20', 2],
    ['/?/api', 1],
    ['//api', 1],
    ['/x/api', 1],
  ])('%s goes to %i: the longest prefix of whole segments', (target, id) => {
    expect(idAt('h', target)).toBe(id);
  });

  it('lead nowhere when no prefix covers them', () => {
    change([deployment(9, ['only'], '/app')]);
    expect([idAt('only', '/app/x'), idAt('only', '/'), idAt('only', '/application')]).toEqual([9, null, null]);
  });
});

describe('a change', () => {
  it('replaces a deployment by another for the same route', () => {
    change([deployment(1, ['h'])]);
    change([deployment(2, ['h'])], [1]);
    expect([idAt('h'), table.size, table.revision]).toEqual([2, 1, revision]);
  });

  it('moves hosts between deployments as a whole', () => {
    change([deployment(1, ['a', 'b']), deployment(2, ['c'])]);
    change([deployment(3, ['a']), deployment(4, ['b', 'c'])], [1, 2]);
    expect([idAt('a'), idAt('b'), idAt('c')]).toEqual([3, 4, 4]);
  });

  it('that removes leaves no route behind', () => {
    change([deployment(1, ['a', '*.b'], '/x')]);
    change([], [1]);
    expect([idAt('a', '/x'), idAt('c.b', '/x'), table.size]).toEqual([null, null, 0]);
  });

  it('that removes what is not there changes nothing', () => {
    change([deployment(1, ['a'])]);
    change([], [77]);
    expect(idAt('a')).toBe(1);
  });
});
