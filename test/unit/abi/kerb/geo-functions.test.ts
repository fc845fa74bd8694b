import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { ERRNO } from '../../../../src/abi/kerb/errno.ts';
import { MAX_GEO_LOOKUPS } from '../../../../src/abi/kerb/limits.ts';
import type { Geo, GeoAnswer, Place } from '../../../../src/capability/geo.ts';
import { placeOf } from '../../../../src/geo/place.ts';
import { DirectGuest, type TestExchange } from '../http-wasm/direct-guest.ts';

const PLACE: Place = placeOf('192.0.2.1', [{ city: { names: { en: 'Zürich' } } }]);
const JSON_OF_PLACE = JSON.stringify(PLACE);
const LENGTH = Buffer.byteLength(JSON_OF_PLACE);

/** Databases that note what they are asked. */
class OneAnswer implements Geo {
  readonly asked: string[] = [];
  readonly #answer: GeoAnswer;

  constructor(answer: GeoAnswer = { kind: 'place', place: PLACE }) {
    this.#answer = answer;
  }

  lookup(address: string): GeoAnswer {
    this.asked.push(address);
    return this.#answer;
  }
}

async function inRequest(
  geo: Geo | null,
  code: (guest: DirectGuest) => void,
  exchange: TestExchange = {},
): Promise<DirectGuest> {
  const guest = new DirectGuest();
  guest.geo = geo;
  await guest.handle(exchange, () => {
    code(guest);
  });
  return guest;
}

const lookup = (guest: DirectGuest, address: string, buf = 0, limit = 1_000): number =>
  Number(guest.call('kerb_geo.lookup', address, buf, limit));

describe('lookup', () => {
  it('writes every member where they fit, and answers their length', async () => {
    await inRequest(new OneAnswer(), (guest) => {
      expect(lookup(guest, '192.0.2.1', 16, LENGTH - 1)).toBe(LENGTH);
      expect(guest.memory.readText(16, 4)).toBe('\0\0\0\0');
      expect(lookup(guest, '192.0.2.1', 16, LENGTH)).toBe(LENGTH);
      expect(guest.memory.readText(16, LENGTH)).toBe(JSON_OF_PLACE);
    });
  });

  it('asks for the client’s address when none is given', async () => {
    const geo = new OneAnswer();
    await inRequest(geo, (guest) => void lookup(guest, ''), { ip: '2001:db8::7' });
    expect(geo.asked).toEqual(['2001:db8::7']);
  });

  it.each([
    ['no_address', 'invalid'],
    ['no_database', 'absent'],
  ] as const)('tells of %s', async (kind, errno) => {
    await inRequest(new OneAnswer({ kind }), (guest) => expect(lookup(guest, 'x')).toBe(ERRNO[errno]));
  });

  it('is refused to who was not granted it', async () => {
    await inRequest(null, (guest) => expect(lookup(guest, '192.0.2.1')).toBe(ERRNO.not_granted));
  });

  it('takes no text that is longer than an address, and none that is not UTF-8', async () => {
    const geo = new OneAnswer();
    await inRequest(geo, (guest) => {
      expect(lookup(guest, '1'.repeat(46))).toBe(ERRNO.too_large);
      guest.memory.writeU8(0, 0xff);
      expect(guest.call('kerb_geo.lookup', 0, 1, 0, 0)).toBe(ERRNO.invalid);
    });
    expect(geo.asked).toEqual([]);
  });

  it('answers so many in a request, and as many in the next', async () => {
    const guest = new DirectGuest();
    guest.geo = new OneAnswer();
    for (let request = 0; request < 2; request++) {
      await guest.handle({}, () => {
        for (let i = 0; i < MAX_GEO_LOOKUPS; i++) expect(lookup(guest, '')).toBe(LENGTH);
        expect(lookup(guest, '')).toBe(ERRNO.quota);
      });
      guest.guest.reset('exchange');
    }
  });

  it('outside a request knows no client', () => {
    const guest = new DirectGuest();
    guest.geo = new OneAnswer();
    expect(lookup(guest, '')).toBe(ERRNO.no_request);
    expect(lookup(guest, '192.0.2.1')).toBe(LENGTH);
  });

  it('ends the guest on memory out of bounds', async () => {
    await inRequest(new OneAnswer(), (guest) => {
      expect(() => lookup(guest, 'x', 65_530, 1_000)).toThrow(GuestFault);
      expect(() => guest.call('kerb_geo.lookup', -4, 8, 0, 10)).toThrow(GuestFault);
    });
  });
});
