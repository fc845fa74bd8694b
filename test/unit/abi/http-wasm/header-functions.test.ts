/* oxlint-disable vitest/no-conditional-expect -- each case of a table says what is expected of it */
import { describe, expect, it } from 'vitest';
import { GuestFault } from '../../../../src/abi/guest-fault.ts';
import { DirectGuest, inRequest, NotingBackend, whole } from './direct-guest.ts';

const REQUEST = 0;
const RESPONSE = 1;
const HEADERS = [
  ['Accept', 'a'],
  ['x-two', '1'],
  ['X-Two', '2'],
] as const;

/** Runs `code` inside `handle_request`. */
async function within(code: (guest: DirectGuest) => unknown): Promise<void> {
  await inRequest({ headers: HEADERS }, code);
}

function countLength(value: unknown): [number, number] {
  const both = value as bigint;
  return [Number(both >> 32n), Number(both & 0xffff_ffffn)];
}

describe('get_header_names', () => {
  it('writes each name once, in lower case, NUL-terminated, and answers count and length', () =>
    within((guest) => {
      const result = guest.call('get_header_names', REQUEST, 0, 100);
      expect(countLength(result)).toEqual([2, 'accept\0x-two\0'.length]);
      expect(guest.memory.readText(0, 13)).toBe('accept\0x-two\0');
    }));

  it('writes nothing into a buffer that is too small, and answers the same', () =>
    within((guest) => {
      expect(countLength(guest.call('get_header_names', REQUEST, 0, 12))).toEqual([2, 13]);
      expect(countLength(guest.call('get_header_names', REQUEST, -1, 0))).toEqual([2, 13]);
      expect(guest.memory.readText(0, 2)).toBe('\0\0');
    }));

  it('of no fields is zero', () =>
    within((guest) => {
      expect(guest.call('get_header_names', RESPONSE, 0, 100)).toBe(0n);
    }));
});

describe('get_header_values', () => {
  it('writes every value in order, whatever the case of the name', () =>
    within((guest) => {
      expect(countLength(guest.call('get_header_values', REQUEST, 'X-tWO', 0, 100))).toEqual([2, 4]);
      expect(guest.memory.readText(0, 4)).toBe('1\x002\0');
    }));

  it('of a missing name is zero, and of an empty value a single NUL', () =>
    within((guest) => {
      expect(guest.call('get_header_values', REQUEST, 'none', 0, 100)).toBe(0n);
      guest.call('set_header_value', REQUEST, 'empty', '');
      expect(countLength(guest.call('get_header_values', REQUEST, 'empty', 0, 100))).toEqual([1, 1]);
    }));

  it('writes nothing when the limit is one short', () =>
    within((guest) => {
      expect(countLength(guest.call('get_header_values', REQUEST, 'x-two', 0, 3))).toEqual([2, 4]);
      expect(guest.memory.readU8(0)).toBe(0);
    }));
});

describe('set, add and remove', () => {
  it('change the response that is sent', async () => {
    const guest = new DirectGuest();
    const reply = await guest.handle({}, () => {
      guest.call('add_header_value', RESPONSE, 'Set-Cookie', 'a=1');
      guest.call('add_header_value', RESPONSE, 'set-cookie', 'b=2');
      guest.call('set_header_value', RESPONSE, 'X-A', 'old');
      guest.call('set_header_value', RESPONSE, 'x-a', 'new');
      guest.call('add_header_value', RESPONSE, 'gone', '1');
      guest.call('remove_header', RESPONSE, 'GONE');
      guest.call('remove_header', RESPONSE, 'never-there');
    });
    expect(whole(reply).fields).toEqual([
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['X-A', 'new'],
    ]);
  });

  it('change the request that goes on', async () => {
    const guest = new DirectGuest();
    const origin = new NotingBackend();
    await guest.handle({ headers: HEADERS, origin }, () => {
      guest.call('set_header_value', REQUEST, 'accept', 'b');
      guest.call('remove_header', REQUEST, 'x-two');
      return 1n;
    });
    expect(origin.asked[0]?.headers.names()).toEqual(['accept']);
    expect(origin.asked[0]?.headers.get('accept')).toBe('b');
  });
});

describe('a guest ends', () => {
  const bad: readonly (readonly [string, (guest: DirectGuest) => unknown])[] = [
    ['on an unknown kind to read', (guest) => guest.call('get_header_names', 4, 0, 10)],
    ['on a negative kind', (guest) => guest.call('get_header_values', -1, 'a', 0, 10)],
    ['on an unknown kind to write', (guest) => guest.call('set_header_value', 9, 'a', 'b')],
    ['on an empty name', (guest) => guest.call('set_header_value', RESPONSE, '', 'b')],
    ['on a name with a blank', (guest) => guest.call('get_header_values', REQUEST, 'a b', 0, 10)],
    ['on a name with a colon', (guest) => guest.call('remove_header', RESPONSE, 'a:')],
    ['on a name above ASCII', (guest) => guest.call('add_header_value', RESPONSE, 'ü', 'b')],
    ['on a value with CR LF', (guest) => guest.call('add_header_value', RESPONSE, 'a', 'b\r\nc: d')],
    ['on a value with a lone LF', (guest) => guest.call('set_header_value', REQUEST, 'a', 'b\nc')],
    ['on a value with NUL', (guest) => guest.call('set_header_value', REQUEST, 'a', 'b\0')],
    ['on a name of 1025 bytes', (guest) => guest.call('set_header_value', RESPONSE, 'n'.repeat(1025), 'v')],
    ['on a name of negative length', (guest) => guest.call('remove_header', RESPONSE, 0, -1)],
    ['on a value of 65537 bytes', (guest) => guest.call('set_header_value', RESPONSE, 40_000, 1, 0, 65_537)],
    ['on a name outside its memory', (guest) => guest.call('remove_header', RESPONSE, -8, 8)],
    ['on a value outside its memory', (guest) => guest.call('set_header_value', RESPONSE, 'a', 65_530, 8)],
    ['on a result outside its memory', (guest) => guest.call('get_header_names', REQUEST, 65_530, 100)],
    ['when it sets a request trailer', (guest) => guest.call('set_header_value', 2, 'a', 'b')],
    ['when it adds a response trailer', (guest) => guest.call('add_header_value', 3, 'a', 'b')],
    ['when it removes a trailer', (guest) => guest.call('remove_header', 3, 'a')],
  ];

  it.each(bad)('%s', (_, call) =>
    within((guest) => {
      expect(() => call(guest)).toThrow(GuestFault);
    }),
  );

  it('when its fields are more than any message may have', () =>
    within((guest) => {
      for (let i = 0; i < 200; i++) guest.call('add_header_value', RESPONSE, 'x', 'v');
      expect(() => guest.call('add_header_value', RESPONSE, 'x', 'v')).toThrow(/201 fields are more than 200/);
    }));

  it('when its fields are longer than any message may be: the host holds them', () =>
    within((guest) => {
      const value = 'v'.repeat(20_000);
      for (let i = 0; i < 3; i++) guest.call('add_header_value', REQUEST, `x-${i}`, value);
      expect(() => guest.call('set_header_value', REQUEST, 'x-4', value)).toThrow(
        /the fields take \d+ bytes, more than 65536/,
      );
    }));

  it('but not when it replaces one large value again and again', () =>
    within((guest) => {
      for (let i = 0; i < 100; i++) guest.call('set_header_value', RESPONSE, 'x', 'v'.repeat(20_000));
      expect(guest.text('get_header_names', RESPONSE)).toBe('x\0');
    }));
});

describe('trailers, which this host lacks', () => {
  it.each([2, 3])('of kind %i have no names and no values', (kind) =>
    within((guest) => {
      expect(guest.call('get_header_names', kind, 0, 100)).toBe(0n);
      expect(guest.call('get_header_values', kind, 'accept', 0, 100)).toBe(0n);
    }),
  );
});

describe('after the next handler', () => {
  it('request fields can be read but not changed', async () => {
    const guest = new DirectGuest();
    await guest.handle(
      { headers: HEADERS, origin: new NotingBackend() },
      () => 1n,
      () => {
        expect(guest.text('get_header_values', REQUEST, 'accept')).toBe('a\0');
        expect(() => guest.call('set_header_value', REQUEST, 'a', 'b')).toThrow(/after the next handler/);
        expect(() => guest.call('remove_header', REQUEST, 'accept')).toThrow(GuestFault);
      },
    );
  });

  it('response fields can be changed only with buffering', async () => {
    for (const features of [0, 2]) {
      const guest = new DirectGuest();
      const run = guest.handle(
        { origin: new NotingBackend() },
        () => {
          guest.call('enable_features', features);
          return 1n;
        },
        () => void guest.call('set_header_value', RESPONSE, 'a', 'b'),
      );
      if (features === 0) await expect(run).rejects.toThrow(/without having enabled its buffering/);
      else expect(whole(await run).fields).toEqual([['a', 'b']]);
    }
  });
});
