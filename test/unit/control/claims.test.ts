import { expect, it } from 'vitest';
import { Claims, type Claim } from '../../../src/control/claims.ts';

function claim(tenant: string, host: string, path = '/'): Claim {
  return { tenant, hosts: [host], path };
}

function claims(...held: readonly (readonly [place: string, claim: Claim])[]): Claims {
  const all = new Claims();
  for (const [place, one] of held) all.add(place, one);
  return all;
}

it('are of host and path: another path and a wildcard are other routes', () => {
  const held = claims(['api a', claim('a', 'x.test')]);
  for (const other of [claim('b', 'x.test', '/b'), claim('b', '*.test'), claim('b', 'y.test')])
    expect(held.conflict('api b', other)).toBeNull();
  expect(held.conflict('api b', claim('b', 'x.test'))?.code).toBe('route_conflict');
});

it("are shared by a tenant's versions, but not by tenants of one name from two sources", () => {
  const again = claim('a', 'x.test');
  const held = claims(['api a', again]);
  expect(held.conflict('api a', again)).toBeNull();
  expect(held.conflict('api a canary', again)).toBeNull();
  expect(claims(['api a canary', again]).conflict('api a', again)).toBeNull();
  for (const place of ['folder tenants/a', 'folder api a', 'api ab', 'a', ''])
    expect(held.conflict(place, again)?.code).toBe('route_conflict');
});

it('can be those of any name', () => {
  const held = claims(['api constructor', claim('constructor', '__proto__')]);
  expect(held.conflict('api b', claim('b', '__proto__'))?.message).toContain('tenant constructor');
  expect(claims().conflict('api b', claim('b', 'constructor'))).toBeNull();
});

it('end with their place, and those of a second version stay', () => {
  const held = claims(
    ['api a', claim('a', 'x.test')],
    ['api a canary', claim('a', 'x.test')],
    ['api b', claim('b', 'b.test')],
  );
  held.remove('api a');
  held.remove('api never');
  expect(held.conflict('api c', claim('c', 'x.test'))?.message).toContain('tenant a');
  expect(held.leavesFree(claim('a', 'x.test'))).toBe(false);
  held.remove('api a canary');
  expect(held.conflict('api c', claim('c', 'x.test'))).toBeNull();
  expect(held.leavesFree(claim('a', 'x.test'))).toBe(true);
});

it("of places that do not count are in nobody's way", () => {
  const held = claims(['folder a', claim('a', 'x.test')], ['api a', claim('a', 'y.test')]);
  const isApi = (place: string): boolean => place.startsWith('api');
  expect(held.conflict('folder b', claim('b', 'x.test'), isApi)).toBeNull();
  expect(held.conflict('folder b', claim('b', 'y.test'), isApi)?.code).toBe('route_conflict');
});
