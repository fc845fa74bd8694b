import { generateKeyPairSync } from 'node:crypto';
import { FlattenedSign, importJWK, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { MAX_SIGNING_KEYS } from '../../../src/auth/limits.ts';
import { signModule, verifyModuleSignature } from '../../../src/auth/module-signature.ts';
import { importPublicKey } from '../../../src/auth/public-key.ts';
import { ed25519, forge, hmac, p256, part, type Pair, type Signer } from './forge.ts';

const DIGEST = 'ab'.repeat(32);
const OTHER_DIGEST = 'cd'.repeat(32);
const ED = ed25519();
const EC = p256();
const publicOf = ({ publicJwk }: Pair): JWK => publicJwk;
const KEYS = [publicOf(ED), publicOf(EC)];

/** A detached signature made by hand. */
function detached(header: unknown, signer: Signer, payload: string = `sha256:${DIGEST}`): string {
  return forge(header, payload, signer).replace(/\.[^.]*\./, '..');
}

function refusal(what: string): object {
  return { code: 'signature_required', message: expect.stringContaining(what) as unknown };
}

describe('a signature of a module', () => {
  it('is a detached JWS of its digest, and names its key', async () => {
    for (const pair of [ED, EC]) {
      const { thumbprint } = await importPublicKey(pair.publicJwk);
      const jws = await signModule(pair.privateJwk, DIGEST);
      expect(jws).toMatch(/^[\w-]+\.\.[\w-]{86}$/);
      const header = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()) as unknown;
      expect(header).toEqual({ alg: pair.alg, kid: thumbprint });
      expect(await verifyModuleSignature(jws, DIGEST, KEYS)).toBe(thumbprint);
    }
  });

  it('can be made by any JOSE library, with a kid or without', async () => {
    const { thumbprint } = await importPublicKey(EC.publicJwk);
    const flattened = await new FlattenedSign(Buffer.from(`sha256:${DIGEST}`))
      .setProtectedHeader({ alg: 'ES256' })
      .sign(await importJWK(EC.privateJwk as JWK, 'ES256'));
    const jws = `${flattened.protected}..${flattened.signature}`;
    expect(await verifyModuleSignature(jws, DIGEST, KEYS)).toBe(thumbprint);
    const named = [publicOf(ED), { ...publicOf(EC), kid: 'release' }];
    const byName = detached({ alg: 'ES256', kid: 'release' }, EC.sign);
    expect(await verifyModuleSignature(byName, DIGEST, named)).toBe(thumbprint);
  });

  const good = detached({ alg: 'EdDSA' }, ED.sign);
  const [header = '', , signature = ''] = good.split('.');
  it.each([
    ['nothing', ''],
    ['one with its payload', forge({ alg: 'EdDSA' }, `sha256:${DIGEST}`, ED.sign)],
    ['one of two parts', `${header}.${signature}`],
    ['one of four parts', `${good}.`],
    ['one without a header', `..${signature}`],
    ['one without a signature', `${header}..`],
    ['a padded one', `${good}==`],
    ['one with a line break', `${good}\n`],
    ['a large one', `${header}..${'A'.repeat(4_000)}`],
  ])('is refused when it is %s', async (_, jws) => {
    await expect(verifyModuleSignature(jws, DIGEST, KEYS)).rejects.toMatchObject(refusal('of the form'));
  });

  it('is refused when it is malformed within', async () => {
    for (const jws of [`${part('[]')}..${signature}`, `${part('{"alg":"EdDSA","alg":"EdDSA"}')}..${signature}`])
      await expect(verifyModuleSignature(jws, DIGEST, KEYS)).rejects.toMatchObject(refusal('malformed'));
  });

  it.each([
    ['b64 false', { alg: 'EdDSA', b64: false, crit: ['b64'] }],
    ['an embedded key', { alg: 'EdDSA', jwk: ED.publicJwk }],
    ['a key by URL', { alg: 'EdDSA', jku: 'https://attacker.example' }],
    ['a certificate', { alg: 'EdDSA', x5c: ['AAAA'] }],
    ['no algorithm', { kid: 'x' }],
  ])('is refused with %s', async (_, given) => {
    await expect(verifyModuleSignature(detached(given, ED.sign), DIGEST, KEYS)).rejects.toMatchObject(
      refusal('its header'),
    );
  });

  it.each<[string, string]>([
    ['of another module', detached({ alg: 'EdDSA' }, ED.sign, `sha256:${OTHER_DIGEST}`)],
    ['of the bare digest', detached({ alg: 'EdDSA' }, ED.sign, DIGEST)],
    ['of the digest in capitals', detached({ alg: 'EdDSA' }, ED.sign, `sha256:${DIGEST.toUpperCase()}`)],
    ['by another key', detached({ alg: 'EdDSA' }, ed25519().sign)],
    ['without a signature algorithm', detached({ alg: 'none' }, () => Buffer.alloc(64))],
    ['a MAC by the public key', detached({ alg: 'HS256' }, hmac(Buffer.from(ED.publicJwk.x ?? '', 'base64url')))],
    ['by the right key under the wrong algorithm', detached({ alg: 'ES256' }, ED.sign)],
    ['cut short', detached({ alg: 'ES256' }, (input) => EC.sign(input).subarray(0, 63))],
  ])('is refused when it is %s', async (_, jws) => {
    await expect(verifyModuleSignature(jws, DIGEST, KEYS)).rejects.toMatchObject(refusal('does not fit'));
  });

  it('is refused when its kid names no key, or another one', async () => {
    const stranger = await signModule(ed25519().privateJwk, DIGEST);
    await expect(verifyModuleSignature(stranger, DIGEST, KEYS)).rejects.toMatchObject(refusal('may not sign'));
    await expect(verifyModuleSignature(good, DIGEST, [])).rejects.toMatchObject(refusal('may not sign'));
    const { thumbprint } = await importPublicKey(EC.publicJwk);
    const misnamed = detached({ alg: 'EdDSA', kid: thumbprint }, ED.sign);
    await expect(verifyModuleSignature(misnamed, DIGEST, KEYS)).rejects.toMatchObject(refusal('does not fit'));
  });
});

describe('the keys', () => {
  it('must be public, each of them', async () => {
    const jws = await signModule(ED.privateJwk, DIGEST);
    const keys = [publicOf(ED), EC.privateJwk as JWK];
    await expect(verifyModuleSignature(jws, DIGEST, keys)).rejects.toMatchObject({ code: 'bad_request' });
    const many = Array.from({ length: MAX_SIGNING_KEYS + 1 }, () => publicOf(ED));
    await expect(verifyModuleSignature(jws, DIGEST, many)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it.each<[string, unknown]>([
    ['a public one', ED.publicJwk],
    ['an RSA one', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })],
    ['a secret', { kty: 'oct', k: 'c2VjcmV0', d: 'x' }],
    ['one of two halves', { ...ED.privateJwk, d: ed25519().privateJwk.d }],
    ['one of two halves', { ...EC.privateJwk, d: p256().privateJwk.d }],
    ['one with an empty half', { ...ED.privateJwk, d: '' }],
    ['one for encryption', { ...EC.privateJwk, use: 'enc' }],
    ['one with another x', { ...ED.privateJwk, x: ed25519().publicJwk.x }],
    ['none', null],
    ['a text', 'key'],
  ])('to sign with is not %s, and is not repeated', async (_, key) => {
    const error = await signModule(key, DIGEST).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'bad_request' });
    const secrets = [ED, EC].map(({ privateJwk }) => privateJwk.d ?? '');
    for (const secret of secrets) expect(String((error as Error).stack)).not.toContain(secret);
    expect((error as Error).cause).toBeUndefined();
  });

  it('to sign with may say that it is for signing', async () => {
    const key = { ...ED.privateJwk, key_ops: ['sign'], use: 'sig', alg: 'EdDSA', kid: 'mine' };
    await expect(signModule(key, DIGEST)).resolves.toContain('..');
  });

  it('sign digests and nothing else', async () => {
    for (const digest of ['', 'AB'.repeat(32), `sha256:${DIGEST}`, 'ab', `${DIGEST}\n`])
      await expect(signModule(ED.privateJwk, digest)).rejects.toThrow(TypeError);
  });
});
