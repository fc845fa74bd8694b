import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readKeySet } from '../../../src/auth/key-set.ts';
import { MAX_SET_KEYS } from '../../../src/auth/limits.ts';
import { ed25519, p256 } from './forge.ts';

const A = { ...ed25519().publicJwk, kid: 'a' };
const B = { ...p256().publicJwk, kid: 'b' };
const RSA = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }), kid: 'r' };

const idsOf = async (keys: readonly unknown[]): Promise<string[]> => [...(await readKeySet({ keys })).keys()];

describe('readKeySet', () => {
  it('has the usable keys by their id, and leaves the others out', async () => {
    const others = [
      RSA,
      { ...A, kid: 'e', use: 'enc' },
      { ...A, kid: undefined },
      { ...B, kid: 'x', x: 'AA' },
      null,
      7,
    ];
    expect(await idsOf([A, ...others, B])).toEqual(['a', 'b']);
    expect(await idsOf([])).toEqual([]);
  });

  it('has none of the keys that share an id, however many', async () => {
    expect(await idsOf([A, B, { ...B, kid: 'a' }])).toEqual(['b']);
    expect(await idsOf([A, A, A, B])).toEqual(['b']);
  });

  it('treats ids that act on prototypes like others', async () => {
    const keys = await readKeySet({ keys: [{ ...A, kid: '__proto__' }] });
    expect(keys.get('__proto__')?.alg).toBe('EdDSA');
    expect(keys.get('constructor')).toBeUndefined();
  });

  it.each([[null], ['x'], [[]], [{}], [{ keys: {} }], [{ keys: Array.from({ length: MAX_SET_KEYS + 1 }, () => A) }]])(
    'refuses what is no key set, or too large',
    async (value) => {
      await expect(readKeySet(value)).rejects.toMatchObject({ code: 'bad_request' });
    },
  );

  it('refuses a set that shows a private key, without repeating it', async () => {
    const { privateJwk } = ed25519();
    const error = await readKeySet({ keys: [A, { ...privateJwk, kid: 'p' }] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'bad_request', message: 'the key set shows a private key' });
  });
});
