import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sealerOf } from '../../../src/store/sealer.ts';
import { refusal } from './fixtures.ts';

const place = ['secret', 'shop', 'API_KEY'];
const value = Buffer.from('hunter2 hunter2 hunter2');

test('what is sealed opens where it was sealed, whatever it is', () => {
  const sealer = sealerOf(randomBytes(32));
  for (const bytes of [value, new Uint8Array(0), randomBytes(65_536)]) {
    expect(Buffer.from(sealer.open(place, sealer.seal(place, bytes))).equals(bytes)).toBe(true);
  }
});

test('sealed bytes show nothing of the value and differ each time', () => {
  const sealer = sealerOf(randomBytes(32));
  const [one, other] = [sealer.seal(place, value), sealer.seal(place, value)];
  expect(Buffer.from(one).includes('hunter2')).toBe(false);
  expect(Buffer.from(one).equals(other)).toBe(false);
});

test.each([
  ['another name', ['secret', 'shop', 'OTHER']],
  ['another tenant', ['secret', 'blog', 'API_KEY']],
  ['another kind', ['setting', 'shop', 'API_KEY']],
  ['names that run together', ['secret', 'shopAPI_KEY']],
  ['a boundary moved', ['secret', 'sho', 'pAPI_KEY']],
])('a value that was moved to %s does not open', (_, elsewhere) => {
  const sealer = sealerOf(randomBytes(32));
  const sealed = sealer.seal(place, value);
  expect(refusal(() => sealer.open(elsewhere, sealed)).code).toBe('corrupt');
});

test('a value with any one bit changed does not open, and the error does not tell it', () => {
  const sealer = sealerOf(randomBytes(32));
  const sealed = sealer.seal(place, value);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { code, message } = refusal(() => sealer.open(place, changed));
    expect(code).toBe('corrupt');
    expect(message).toContain('secret / shop / API_KEY');
    expect(message).not.toContain('hunter2');
  }
});

test('a value that was cut does not open', () => {
  const sealer = sealerOf(randomBytes(32));
  const sealed = sealer.seal(place, value);
  for (let length = 0; length < sealed.length; length++) {
    expect(refusal(() => sealer.open(place, sealed.subarray(0, length))).code).toBe('corrupt');
  }
});

test('a value sealed with another key says which key it needs', () => {
  const sealed = sealerOf(new Uint8Array(32)).seal(place, value);
  const { code, message } = refusal(() => sealerOf(new Uint8Array(32).fill(1)).open(place, sealed));
  expect(code).toBe('corrupt');
  expect(message).toMatch(/was sealed with the key [0-9a-f]{16}, and the key at hand is [0-9a-f]{16}; give Kerb/);
});

test("the key is the caller's to wipe", () => {
  const key = randomBytes(32);
  const sealer = sealerOf(key);
  const sealed = sealer.seal(place, value);
  key.fill(0);
  expect(Buffer.from(sealer.open(place, sealed)).equals(value)).toBe(true);
});

test('a key of another length is a mistake of the caller', () => {
  for (const length of [0, 16, 31, 33]) expect(() => sealerOf(new Uint8Array(length))).toThrow(TypeError);
});
