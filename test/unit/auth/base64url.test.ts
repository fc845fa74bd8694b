import { describe, expect, it } from 'vitest';
import { decodeBase64url } from '../../../src/auth/base64url.ts';

describe('decodeBase64url', () => {
  it('decodes what encoding gives', () => {
    for (const bytes of [[], [0], [255, 254], [1, 2, 3], [251, 255, 191, 0]])
      expect([...(decodeBase64url(Buffer.from(bytes).toString('base64url')) ?? [])]).toEqual(bytes);
  });

  it.each([
    ['padding', 'AA=='],
    ['the other alphabet', '+/+/'],
    ['a space', 'AA AA'],
    ['a newline', 'AAAA\n'],
    ['an impossible length', 'AAAAA'],
    ['bits that stand for nothing', 'AB'],
    ['bits that stand for nothing, of three', 'AAB'],
    ['other letters', 'AAÄA'],
  ])('refuses %s', (_, text) => expect(decodeBase64url(text)).toBeNull());
});
