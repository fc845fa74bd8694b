import { describe, expect, it } from 'vitest';
import { ClientPositions, networkOf } from '../../../src/server/client-positions.ts';

const KEY = Buffer.from('a key of a test');
const ADDRESSES = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
const positions = new ClientPositions(KEY);

function shareBelow(percent: number, tenant = 'acme'): number {
  return (ADDRESSES.filter((ip) => positions.of(tenant, ip) < percent).length / ADDRESSES.length) * 100;
}

describe('the positions of 10,000 clients', () => {
  it.each([1, 5, 10, 25, 50, 75, 99])('leave %f percent of them below that', (percent) => {
    // Four standard deviations of a fair draw: the addresses and the key are fixed, so this fails always or never.
    const tolerance = 4 * Math.sqrt((percent * (100 - percent)) / ADDRESSES.length);
    expect(Math.abs(shareBelow(percent) - percent)).toBeLessThan(tolerance);
  });

  it('are on the scale, and nearly all different', () => {
    const all = ADDRESSES.map((ip) => positions.of('acme', ip));
    expect(all.every((position) => position >= 0 && position < 100)).toBe(true);
    expect(new Set(all).size).toBeGreaterThan(9_990);
  });

  it('are the same wherever the key is the same, and others where it is not', () => {
    const [again, other] = [new ClientPositions(new Uint8Array(KEY)), new ClientPositions(Buffer.from('another'))];
    const some = ADDRESSES.slice(0, 100);
    expect(some.map((ip) => again.of('acme', ip))).toEqual(some.map((ip) => positions.of('acme', ip)));
    expect(some.filter((ip) => other.of('acme', ip) === positions.of('acme', ip))).toEqual([]);
  });

  it('are others for another tenant: who is the first to see a new version differs', () => {
    const both = ADDRESSES.filter((ip) => positions.of('acme', ip) < 10 && positions.of('other', ip) < 10);
    // Independent draws: one in a hundred.
    expect(Math.abs(both.length - 100)).toBeLessThan(40);
  });

  it('do not run a tenant and an address together', () => {
    expect(positions.of('a', '1.2.3.4')).not.toBe(positions.of('a1', '.2.3.4'));
  });
});

describe('what of an address counts', () => {
  it.each([
    ['192.0.2.77', '192.0.2.77'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['2001:db8:1:2:3::9', '2001:db8:1:2'],
    ['1::2:3:4:5:6', '1:0:0:2'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['::a:b:c:d:e', '0:0:0:a'],
    ['', ''],
  ])('of %s is %s', (ip, network) => {
    expect(networkOf(ip)).toBe(network);
  });

  it('gives a host one position under all its temporary addresses', () => {
    expect(positions.of('acme', '2001:db8:1:2:aaaa::1')).toBe(positions.of('acme', '2001:db8:1:2:bbbb:c:d:2'));
    expect(positions.of('acme', '2001:db8:1:3::1')).not.toBe(positions.of('acme', '2001:db8:1:2::1'));
  });
});
