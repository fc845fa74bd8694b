import { beforeEach, describe, expect, it } from 'vitest';
import type { Deployment, Split } from '../../../src/runtime/deployment.ts';
import { RoutingTable } from '../../../src/server/routing-table.ts';

let table: RoutingTable;
beforeEach(() => {
  table = new RoutingTable();
});

function deployment(id: number, hosts: readonly string[], path = '/', tenant = `t${id}`): Deployment {
  return { id, tenant, hosts, path, module: null } as unknown as Deployment;
}

let revision = 0;
function change(add: readonly Deployment[], remove: readonly number[] = [], splits: readonly Split[] = []): void {
  revision += 1;
  table.apply({ revision, add, remove, splits });
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

describe('a split', () => {
  const split = (percent: number, primary = 1, canary = 2): Split => ({ primary, canary, percent });
  const shareOf = (id: number): readonly [number, number] | null => {
    const share = table.shareOf(id);
    return share === undefined ? null : [share.canary.id, share.percent];
  };
  beforeEach(() => {
    change([deployment(1, ['h'], '/', 't'), deployment(2, ['h', 'new'], '/', 't')], [], [split(10)]);
  });

  it("leaves the primary in the routes and the canary out, with all the hosts that are the canary's alone", () => {
    expect([idAt('h'), idAt('new'), shareOf(1), shareOf(2), table.size]).toEqual([1, null, [2, 10], null, 2]);
  });

  it('changes its percentage alone', () => {
    const before = table.shareOf(1)?.canary;
    change([], [], [split(50)]);
    expect([idAt('h'), shareOf(1), table.shareOf(1)?.canary === before]).toEqual([1, [2, 50], true]);
  });

  it('begins between deployments that are there already', () => {
    change([deployment(3, ['x'], '/', 'u'), deployment(4, ['y'], '/', 'u')]);
    expect([idAt('x'), idAt('y')]).toEqual([3, 4]);
    change([], [], [split(5, 3, 4)]);
    expect([idAt('x'), idAt('y'), shareOf(3), shareOf(1)]).toEqual([3, null, [4, 5], [2, 10]]);
  });

  it('ends with its canary: the primary has everything', () => {
    change([], [2]);
    expect([idAt('h'), idAt('new'), shareOf(1), table.size]).toEqual([1, null, null, 1]);
  });

  it('ends with its primary: the canary is routed by its own hosts', () => {
    change([], [1]);
    expect([idAt('h'), idAt('new'), shareOf(1), table.size]).toEqual([2, 2, null, 1]);
  });

  it('ends with both, and leaves no route behind', () => {
    change([], [1, 2]);
    expect([idAt('h'), idAt('new'), table.size]).toEqual([null, null, 0]);
  });

  it('goes over to a new primary in one change', () => {
    change([deployment(3, ['h'], '/', 't')], [1], [split(20, 3, 2)]);
    expect([idAt('h'), idAt('new'), shareOf(3), shareOf(1)]).toEqual([3, null, [2, 20], null]);
  });

  it('goes over to a new canary in one change', () => {
    change([deployment(3, ['h'], '/', 't')], [2], [split(20, 1, 3)]);
    expect([idAt('h'), shareOf(1), table.size]).toEqual([1, [3, 20], 2]);
  });

  it('stays where a change of others says nothing of it', () => {
    change([deployment(9, ['z'])]);
    expect([idAt('h'), idAt('z'), shareOf(1)]).toEqual([1, 9, [2, 10]]);
  });

  it.each([
    ['a primary that is not there', split(10, 7, 2), /deployment 7, which is not/],
    ['a canary that is not there', split(10, 1, 7), /deployment 7, which is not/],
    ['two tenants', split(10, 6, 9), /clients of t6 to t9/],
    ['another canary of a primary that has one', split(10, 1, 3), /has the canary 2/],
    ['a canary that has a canary', split(10, 2, 3), /parts in two/],
    ['a primary that is a canary', split(10, 3, 1), /parts in two/],
    ['a canary of two', split(10, 3, 2), /parts in two/],
    ['itself', split(10, 3, 3), /parts in two/],
    ['no clients', split(0), /0 percent/],
    ['all clients', split(100), /100 percent/],
    ['a percentage that is no number', split(Number.NaN), /NaN percent/],
  ])('with %s is refused, and nothing of its change takes effect', (_, wrong, message) => {
    change([deployment(3, ['u'], '/', 't'), deployment(5, ['v']), deployment(6, ['w']), deployment(9, ['x'])]);
    expect(() => change([deployment(8, ['late'])], [5], [wrong])).toThrow(message);
    expect([idAt('h'), idAt('v'), idAt('late'), shareOf(1), table.size]).toEqual([1, 5, null, [2, 10], 6]);
  });

  it('with what its own change removes is refused', () => {
    expect(() => change([], [2], [split(20)])).toThrow(TypeError);
    expect(shareOf(1)).toEqual([2, 10]);
  });
});
