import { describe, expect, test } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { AddressPolicy, canonicalAddress } from '../../../src/upstream/address-policy.ts';

const strict = new AddressPolicy();

describe('canonical addresses', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', 'ipv4'],
    ['::1', '::1', 'ipv6'],
    ['[::1]', '::1', 'ipv6'],
    ['0:0:0:0:0:0:0:1', '::1', 'ipv6'],
    ['2001:DB8::00AB', '2001:db8::ab', 'ipv6'],
    ['::ffff:127.0.0.1', '127.0.0.1', 'ipv4'],
    ['::ffff:7f00:1', '127.0.0.1', 'ipv4'],
    ['0:0:0:0:0:FFFF:A9FE:A9FE', '169.254.169.254', 'ipv4'],
    ['::127.0.0.1', '::7f00:1', 'ipv6'],
  ])('%s is %s', (text, address, family) => expect(canonicalAddress(text)).toEqual({ address, family }));

  test.each([
    '',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.0.0.1.',
    ' 127.0.0.1',
    'fe80::1%eth0',
    '[::1',
    'localhost',
    '１２７.0.0.1',
    '1.2.3.4/8',
  ])('%j is none', (text) => {
    expect(canonicalAddress(text)).toBeNull();
    expect(strict.check(text, 80)).toBe('no_address');
  });
});

describe('server-side request forgery: denied by default', () => {
  test.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['224.0.0.0', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
  ])('IPv4 from %s to %s', (first, last) => {
    expect(strict.check(first, 80)).toBe('denied_range');
    expect(strict.check(last, 80)).toBe('denied_range');
  });

  test.each(['169.254.169.254', '100.100.100.200', '192.0.0.192', '168.63.129.16', 'fd00:ec2::254'])(
    'the metadata service at %s',
    (address) => {
      expect(strict.check(address, 80)).toBe('denied_range');
    },
  );

  test.each([
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:0:127.0.0.1',
    '::127.0.0.1',
    '::169.254.169.254',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '2002:7f00:1::1',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fc00::1',
    'fdff:ffff::1',
    'fe80::1',
    'febf::1',
    'fec0::1',
    'ff02::1',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ])('IPv6 %s', (address) => expect(strict.check(address, 80)).toBe('denied_range'));

  test.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '::ffff:8.8.8.8',
    '2001:4860:4860::8888',
    '2606:4700::1111',
    '2a00::1',
  ])('%s is public', (address) => expect(strict.check(address, 443)).toBe('allowed'));
});

describe('what the operator allows', () => {
  const policy = new AddressPolicy({ allow: ['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32', '::1/128'] });

  test('is reached, to its edges and no further', () => {
    expect(
      ['10.1.0.0', '10.1.255.255', '127.0.0.1', 'fd00:1:2::3', '::1', '::ffff:10.1.2.3'].map((ip) =>
        policy.check(ip, 1),
      ),
    ).toEqual(Array.from({ length: 6 }, () => 'allowed'));
    expect(
      ['10.0.255.255', '10.2.0.0', '127.0.0.2', 'fd00:2::', '::2', '::ffff:10.2.0.1'].map((ip) => policy.check(ip, 1)),
    ).toEqual(Array.from({ length: 6 }, () => 'denied_range'));
  });

  test('does not allow the same address embedded in another', () => {
    expect(policy.check('64:ff9b::10.1.0.1', 80)).toBe('denied_range');
    expect(policy.check('::10.1.0.1', 80)).toBe('denied_range');
    expect(policy.check('2002:a01:1::', 80)).toBe('denied_range');
  });

  test('never allows the unspecified addresses, which lead to loopback', () => {
    const all = new AddressPolicy({ allow: ['0.0.0.0/0', '::/0'] });
    expect(['127.0.0.1', '169.254.169.254', '::1', 'fe80::1'].map((ip) => all.check(ip, 80))).toEqual(
      Array.from({ length: 4 }, () => 'allowed'),
    );
    expect(['0.0.0.0', '::', '::ffff:0.0.0.0'].map((ip) => all.check(ip, 80))).toEqual(
      Array.from({ length: 3 }, () => 'denied_range'),
    );
  });

  test('an empty list allows nothing', () =>
    expect(new AddressPolicy({ allow: [] }).check('127.0.0.1', 80)).toBe('denied_range'));

  test.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0/8',
    '::/129',
    '10.0.0.0/ 8',
    '::ffff:10.0.0.0/104',
    'fe80::1%lo/64',
  ])('the range %j is a mistake', (range) => expect(() => new AddressPolicy({ allow: [range] })).toThrow(KerbError));
});

describe('own listeners', () => {
  const allow = ['0.0.0.0/0', '::/0'];

  test('are never reached, whatever is allowed, in any spelling', () => {
    const policy = new AddressPolicy({ allow, neverReach: [{ address: '127.0.0.1', port: 9000 }] });
    expect(policy.check('127.0.0.1', 9000)).toBe('own_listener');
    expect(policy.check('::ffff:127.0.0.1', 9000)).toBe('own_listener');
    expect(policy.check('[::ffff:7f00:1]', 9000)).toBe('own_listener');
  });

  test('leave other ports and addresses alone: the edge listener may be an origin', () => {
    const policy = new AddressPolicy({ allow, neverReach: [{ address: '127.0.0.1', port: 9000 }] });
    expect(policy.check('127.0.0.1', 8080)).toBe('allowed');
    expect(policy.check('127.0.0.2', 9000)).toBe('allowed');
  });

  test.each(['0.0.0.0', '::'])('on %s are at every local address', (address) => {
    const localAddresses = (): string[] => ['192.168.7.7', 'fd00::7'];
    const policy = new AddressPolicy({ allow, neverReach: [{ address, port: 9000 }], localAddresses });
    for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '192.168.7.7', '::ffff:192.168.7.7', 'fd00::7']) {
      expect(policy.check(ip, 9000)).toBe('own_listener');
      expect(policy.check(ip, 9001)).toBe('allowed');
    }
    expect(policy.check('192.168.7.8', 9000)).toBe('allowed');
  });

  test('the interfaces are those of the machine by default', () => {
    const policy = new AddressPolicy({ allow, neverReach: [{ address: '0.0.0.0', port: 9000 }] });
    expect(policy.check('127.0.0.1', 9000)).toBe('own_listener');
    expect(policy.check('1.1.1.1', 9000)).toBe('allowed');
  });

  test('are given as IP addresses', () => {
    expect(() => new AddressPolicy({ neverReach: [{ address: 'localhost', port: 1 }] })).toThrow(/not an IP address/);
  });
});
