import { describe, expect, it } from 'vitest';
import type { Place } from '../../../src/capability/geo.ts';
import { Databases } from '../../../src/geo/databases.ts';
import { MAX_TEXT_CHARS } from '../../../src/geo/limits.ts';
import { mmdb, shared, sharedMmdb, type Content, type Value } from './mmdb.ts';

const CITY = {
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: { iso_code: 'GB', names: { en: 'United Kingdom', de: 'Vereinigtes Königreich' } },
  subdivisions: [{ iso_code: 'ENG', names: { en: 'England' } }, { iso_code: 'LND' }],
  city: { names: { en: 'London' } },
  postal: { code: 'SW1' },
  location: { latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
};
const NETWORK = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Networks' };

const NOWHERE = {
  continent: null,
  country_code: null,
  country: null,
  region_code: null,
  region: null,
  city: null,
  postal_code: null,
  latitude: null,
  longitude: null,
  time_zone: null,
  as_number: null,
  as_name: null,
};

function databases(...contents: Content[]): Databases {
  const made = new Databases();
  made.use(contents.map(sharedMmdb));
  return made;
}

function placeOf(from: Databases, address: string): Place {
  const answer = from.lookup(address);
  if (answer.kind !== 'place') throw new Error(answer.kind);
  return answer.place;
}

describe.each([24, 28, 32] as const)('a database with records of %d bits', (recordBits) => {
  const one = databases({
    recordBits,
    networks: { '192.0.2.0/24': CITY, '2001:db8::/32': NETWORK, '198.51.100.7/32': {} },
  });

  it('says all that is known of an address, and nothing of those beside it', () => {
    expect(placeOf(one, '192.0.2.200')).toEqual({
      address: '192.0.2.200',
      continent: 'EU',
      country_code: 'GB',
      country: 'United Kingdom',
      region_code: 'ENG',
      region: 'England',
      city: 'London',
      postal_code: 'SW1',
      latitude: 51.5142,
      longitude: -0.0931,
      time_zone: 'Europe/London',
      as_number: null,
      as_name: null,
    });
    for (const address of ['192.0.1.255', '192.0.3.0', '198.51.100.7', '2001:db9::', '::1'])
      expect(placeOf(one, address)).toEqual({ address, ...NOWHERE });
  });

  it('knows IPv6, and IPv4 in its clothes', () => {
    expect(placeOf(one, '2001:db8:ffff::1')).toMatchObject({ as_number: 64_500, as_name: 'Example Networks' });
    expect(placeOf(one, '::FFFF:192.0.2.1')).toMatchObject({ address: '192.0.2.1', city: 'London' });
  });
});

it('an IPv4 database says nothing of IPv6 addresses, whatever their first bits are', () => {
  const v4 = databases({ ipVersion: 4, networks: { '32.0.0.0/8': CITY } });
  expect(placeOf(v4, '32.1.2.3').city).toBe('London');
  expect(placeOf(v4, '2001:db8::1').city).toBeNull();
});

it('of several databases the first that has a member counts', () => {
  const both = databases(
    { networks: { '192.0.2.0/24': { city: { names: { en: 'Paris' } } } } },
    { networks: { '192.0.2.0/24': { ...CITY, ...NETWORK } } },
  );
  expect(placeOf(both, '192.0.2.1')).toMatchObject({ city: 'Paris', country_code: 'GB', as_number: 64_500 });
});

it.each([
  '',
  'localhost',
  '192.0.2',
  '192.0.2.1:80',
  '[::1]',
  'fe80::1%eth0',
  '192.0.2.1\n',
  '0300.0.2.1',
  ' 192.0.2.1',
])('%j is no address', (text) =>
  expect(databases({ networks: { '192.0.2.0/24': CITY } }).lookup(text)).toEqual({ kind: 'no_address' }),
);

it('without a database nothing is known, of addresses only', () => {
  expect(new Databases().lookup('192.0.2.1')).toEqual({ kind: 'no_database' });
  expect(new Databases().lookup('x')).toEqual({ kind: 'no_address' });
});

describe('a record', () => {
  it.each<[string, Value]>([
    ['of another type', 'text'],
    ['a list', [CITY]],
    [
      'with members of other types',
      { country: { iso_code: 7 }, location: { latitude: 'x' }, subdivisions: 'ENG', city: '' },
    ],
    ['with names of every object', { constructor: { iso_code: 'x' }, country: { toString: 'x' } }],
  ])('%s says nothing', (_, value) => {
    expect(placeOf(databases({ networks: { '192.0.2.0/24': value } }), '192.0.2.1')).toEqual({
      address: '192.0.2.1',
      ...NOWHERE,
    });
  });

  it('with a long text is cut', () => {
    const long = databases({ networks: { '192.0.2.0/24': { city: { names: { en: 'x'.repeat(2_000) } } } } });
    expect(placeOf(long, '192.0.2.1').city).toBe('x'.repeat(MAX_TEXT_CHARS));
  });

  it('that is damaged says nothing, and its neighbours go on', () => {
    const bytes = mmdb({
      networks: { '192.0.2.0/24': { city: { names: { en: 'London' } } }, '198.51.100.0/24': CITY },
    });
    // The name becomes a pointer to the map that it is in: it would never end.
    const at = bytes.indexOf('London') - 1;
    bytes.writeUInt8(0x20, at);
    bytes.writeUInt8(0, at + 1);
    const damaged = new Databases();
    damaged.use([shared(bytes)]);
    expect(placeOf(damaged, '192.0.2.1').city).toBeNull();
    expect(placeOf(damaged, '198.51.100.1').city).toBe('London');
  });
});
