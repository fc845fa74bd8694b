import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { MAX_SIGNING_JWK_BYTES } from '../../../src/auth/limits.ts';
import { readSigningKey } from '../../../src/auth/signing-key.ts';
import { KerbError } from '../../../src/errors.ts';
import { ed25519, p256 } from './forge.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const [ed, ec] = [ed25519(), p256()];

describe.each([
  ['EdDSA', ed],
  ['ES256', ec],
] as const)('a private key for %s', (alg, pair) => {
  it('is named by its thumbprint, or as its owner calls it', async () => {
    const key = await readSigningKey(bytes(pair.privateJwk), alg);
    expect([key.alg, key.kid]).toEqual([alg, await calculateJwkThumbprint(pair.publicJwk)]);
    const named = { ...pair.privateJwk, kid: 'mine', alg, use: 'sig', key_ops: ['sign'] };
    expect((await readSigningKey(bytes(named), alg)).kid).toBe('mine');
  });

  it('has a public half that shows nothing of it', async () => {
    const { verifies } = await readSigningKey(bytes(pair.privateJwk), alg);
    expect(JSON.stringify(verifies.jwk)).not.toContain(pair.privateJwk.d);
  });
});

it.each([
  ['no JSON', Buffer.from('-----BEGIN PRIVATE KEY-----'), 'it is no JWK'],
  ['a list', bytes([ed.privateJwk]), 'it is no JWK'],
  ['one with a member twice', Buffer.from(`{"d":"x",${JSON.stringify(ed.privateJwk).slice(1)}`), 'it is no JWK'],
  ['a long one', bytes({ ...ed.privateJwk, x5c: 'x'.repeat(MAX_SIGNING_JWK_BYTES) }), 'it is no JWK'],
  ['a public key', bytes(ed.publicJwk), 'no private part'],
  ['a short private part', bytes({ ...ed.privateJwk, d: 'AAAA' }), 'no private part'],
  ['another kind', bytes(ec.privateJwk), 'signs ES256, and the manifest says EdDSA'],
  ['a symmetric one', bytes({ kty: 'oct', k: 'AAAA', d: ed.privateJwk.d }), 'kty, crv, x and y'],
  ['one for encryption', bytes({ ...ed.privateJwk, use: 'enc' }), 'kty, crv, x and y'],
  ['one to verify with', bytes({ ...ed.privateJwk, key_ops: ['verify'] }), 'key_ops'],
  ['halves of two keys', bytes({ ...ed.privateJwk, x: ed25519().privateJwk.x }), 'do not belong together'],
])('refuses %s, and tells nothing of it', async (_, text, why) => {
  const error: unknown = await readSigningKey(text, 'EdDSA').catch((refusal: unknown) => refusal);
  expect(error).toBeInstanceOf(KerbError);
  expect((error as KerbError).message).toContain(why);
  expect((error as KerbError).explain()).not.toContain(String(ed.privateJwk.d));
  expect((error as KerbError).cause).toBeUndefined();
});
