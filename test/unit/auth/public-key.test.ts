import { generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import { ed25519, p256 } from './forge.ts';

const ED = ed25519();
const EC = p256();
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });

function refusal(what: string): object {
  return { code: 'bad_request', message: expect.stringContaining(what) as unknown };
}

describe('importPublicKey', () => {
  it('takes both kinds, and has the thumbprint of RFC 7638', async () => {
    for (const { publicJwk, alg } of [ED, EC]) {
      const key = await importPublicKey({ ...publicJwk, kid: 'mine', use: 'sig', key_ops: ['verify'], alg });
      expect(key).toMatchObject({ alg, kid: 'mine', jwk: publicJwk });
      expect(key.thumbprint).toBe(await calculateJwkThumbprint(publicJwk as Record<string, string>));
    }
  });

  it('takes the name that RFC 9864 gives EdDSA over Ed25519', async () => {
    expect(await importPublicKey({ ...ED.publicJwk, alg: 'Ed25519' })).toMatchObject({ alg: 'EdDSA' });
    await expect(importPublicKey({ ...EC.publicJwk, alg: 'Ed25519' })).rejects.toMatchObject(
      refusal('alg must be ES256'),
    );
  });

  it('has the thumbprint of the example of RFC 8037, appendix A.3', async () => {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
    expect((await importPublicKey(jwk)).thumbprint).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('ignores what it does not know, and keeps only the key', async () => {
    const { jwk, kid } = await importPublicKey({ ...ED.publicJwk, x5c: ['AAAA'], __proto__: { d: 1 }, note: 'x' });
    expect(jwk).toEqual(ED.publicJwk);
    expect(kid).toBeNull();
  });

  it('refuses a private key, and does not repeat it', async () => {
    for (const { privateJwk } of [ED, EC]) {
      const error = await importPublicKey(privateJwk).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(refusal('it is a private or secret key'));
      expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(privateJwk.d);
      expect((error as Error).cause).toBeUndefined();
    }
  });

  it.each([
    ['a secret', { kty: 'oct', k: 'c2VjcmV0' }, 'private or secret'],
    ['a private RSA key', RSA.privateKey.export({ format: 'jwk' }), 'private or secret'],
    ['a public RSA key', RSA.publicKey.export({ format: 'jwk' }), 'kty and crv'],
    ['another curve', { ...EC.publicJwk, crv: 'P-384' }, 'kty and crv'],
    ['kind and curve that do not go together', { ...EC.publicJwk, kty: 'OKP' }, 'kty and crv'],
    ['X25519', { ...ED.publicJwk, crv: 'X25519' }, 'kty and crv'],
    ['a short coordinate', { ...EC.publicJwk, x: 'AAAA' }, 'x must be 32 bytes'],
    ['a padded coordinate', { ...ED.publicJwk, x: `${ED.publicJwk.x}=` }, 'x must be 32 bytes'],
    ['a missing coordinate', { ...EC.publicJwk, y: undefined }, 'y must be 32 bytes'],
    ['a point beside the curve', { ...EC.publicJwk, y: p256().publicJwk.y }, 'no point of the curve'],
    ['use for encryption', { ...EC.publicJwk, use: 'enc' }, 'use must be sig'],
    ['other operations', { ...EC.publicJwk, key_ops: ['encrypt'] }, 'key_ops'],
    ['more operations', { ...EC.publicJwk, key_ops: ['verify', 'sign'] }, 'key_ops'],
    ['an algorithm of another kind', { ...EC.publicJwk, alg: 'EdDSA' }, 'alg must be ES256'],
    ['a symmetric algorithm', { ...ED.publicJwk, alg: 'HS256' }, 'alg must be EdDSA'],
    ['a kid that is no text', { ...ED.publicJwk, kid: 1 }, 'kid must be'],
    ['an endless kid', { ...ED.publicJwk, kid: 'x'.repeat(257) }, 'kid must be'],
    ['a list', [ED.publicJwk], 'JSON object'],
    ['nothing', null, 'JSON object'],
  ])('refuses %s', async (_, given, what) => {
    await expect(importPublicKey(given)).rejects.toMatchObject(refusal(what));
  });
});

const PRIME = 2n ** 255n - 19n;

function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power((base * base) % PRIME, exponent / 2n);
  return exponent % 2n === 1n ? (half * base) % PRIME : half;
}

function quotient(dividend: bigint, divisor: bigint): bigint {
  return (((dividend * power(divisor, PRIME - 2n)) % PRIME) + PRIME) % PRIME;
}

/** The y of a point that is added to itself: on -x² + y² = 1 + d x² y² the y is enough for it. */
function doubled(y: bigint): bigint {
  const ySquared = (y * y) % PRIME;
  const d = quotient(-121_665n, 121_666n);
  const xSquared = quotient(ySquared - 1n + PRIME, (d * ySquared + 1n) % PRIME);
  return quotient(ySquared + xSquared, 2n + xSquared - ySquared + PRIME);
}

describe('an Ed25519 key of small order', () => {
  const points = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    `ec${'ff'.repeat(30)}7f`,
  ];
  const jwkOf = (hex: string): { kty: string; crv: string; x: string } => ({
    kty: 'OKP',
    crv: 'Ed25519',
    x: Buffer.from(hex, 'hex').toString('base64url'),
  });

  it.each(points)('%s: eight times it is the neutral point, and it is refused', async (hex) => {
    const y = BigInt(`0x${Buffer.from(hex, 'hex').reverse().toString('hex')}`);
    expect(doubled(doubled(doubled(y)))).toBe(1n);
    await expect(importPublicKey(jwkOf(hex))).rejects.toMatchObject(refusal('small order'));
  });

  it('is told from others: eight times a real key is not the neutral point', () => {
    const x = Buffer.from(ED.publicJwk.x ?? '', 'base64url').reverse();
    const y = BigInt(`0x${x.toString('hex')}`) % 2n ** 255n;
    expect(doubled(doubled(doubled(y)))).not.toBe(1n);
  });

  it.each([`ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(31)}`, `01${'00'.repeat(30)}80`])(
    'is refused in its other spelling %s',
    async (hex) => {
      await expect(importPublicKey(jwkOf(hex))).rejects.toMatchObject(refusal('small order'));
    },
  );
});
