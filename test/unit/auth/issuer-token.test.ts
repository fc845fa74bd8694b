import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { readKeysWith } from '../../../src/auth/key-set.ts';
import { verifyIssuerToken, type TrustedIssuer } from '../../../src/auth/issuer-token.ts';
import { CLOCK_SKEW_MS } from '../../../src/auth/limits.ts';
import type { VerifyingKey } from '../../../src/auth/public-key.ts';
import { importIssuerKey } from '../../../src/auth/rsa-key.ts';
import { ed25519, forge, hmac, p256, type Signer } from './forge.ts';

const NOW = 1_800_000_000_000;
const S = NOW / 1_000;
const [ed, ec] = [ed25519(), p256()];
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaJwk = rsa.publicKey.export({ format: 'jwk' });
const signRsa: Signer = (input) => sign('sha256', input, rsa.privateKey);
const claims = { iss: 'https://idp', aud: 'app', exp: S + 60, iat: S, sub: 'ada' };

let keys: ReadonlyMap<string, VerifyingKey>;
let isKnown: boolean;
beforeEach(async () => {
  isKnown = true;
  const set = [
    { ...ed.publicJwk, kid: 'ed' },
    { ...ec.publicJwk, kid: 'ec' },
    { ...rsaJwk, kid: 'rsa' },
  ];
  keys = await readKeysWith({ keys: set }, importIssuerKey);
});

function verify(token: string): ReturnType<typeof verifyIssuerToken> {
  const issuer: TrustedIssuer = {
    issuer: 'https://idp',
    audience: 'app',
    keys: {
      key: (kid) => Promise.resolve(keys.get(kid) ?? null),
      get isKnown() {
        return isKnown;
      },
    },
  };
  return verifyIssuerToken(token, issuer, NOW);
}

const token = (changes: object = {}, header: object = {}): string =>
  forge({ alg: 'EdDSA', kid: 'ed', ...header }, { ...claims, ...changes }, ed.sign);

describe('a token is valid', () => {
  it.each([
    ['EdDSA', 'ed', ed.sign],
    ['ES256', 'ec', ec.sign],
    ['RS256', 'rsa', signRsa],
  ] as const)('signed with %s, and its claims are as its issuer wrote them', async (alg, kid, signer) => {
    const payload = `{ "iss":"https://idp","aud":["x","app"],"exp":${S + 1},"sub":"\\u0061da" }`;
    const verdict = await verify(forge({ alg, kid, typ: 'JWT' }, payload, signer));
    expect(verdict.kind === 'valid' && Buffer.from(verdict.claims).toString()).toBe(payload);
  });

  it.each([{ typ: 'at+jwt' }, { typ: 'application/at+JWT' }, {}])('with the header %j', async (header) => {
    expect((await verify(token({}, header))).kind).toBe('valid');
  });

  it('a moment before the other clock says so', async () => {
    expect((await verify(token({ nbf: S + CLOCK_SKEW_MS / 1_000, iat: S + 1 }))).kind).toBe('valid');
  });
});

describe('a token is invalid', () => {
  it.each([
    ['of another issuer', { iss: 'https://idp/' }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'other' }],
    ['for an audience that only begins like ours', { aud: ['app2', 'ap'] }],
    ['without an audience', { aud: undefined }],
    ['without an end', { exp: undefined }],
    ['with an end that is text', { exp: `${S + 60}` }],
    ['with a beginning that is text', { nbf: `${S}` }],
    ['with a list of audiences longer than any', { aud: Array.from({ length: 17 }, () => 'app') }],
  ])('%s', async (_, changes) => {
    expect(await verify(token(changes))).toEqual({ kind: 'refused', fault: 'invalid' });
  });

  it.each([
    ['alg none', forge({ alg: 'none', kid: 'ed' }, claims, () => Buffer.from(''))],
    ['alg none with a signature', forge({ alg: 'none', kid: 'ed' }, claims, ed.sign)],
    ['an HMAC with the public key as secret', forge({ alg: 'HS256', kid: 'rsa' }, claims, hmac(String(rsaJwk.n)))],
    ['another algorithm for the key', forge({ alg: 'PS256', kid: 'rsa' }, claims, signRsa)],
    ['the key of another kid', forge({ alg: 'ES256', kid: 'ed' }, claims, ec.sign)],
    ['a key of its own', forge({ alg: 'EdDSA', kid: 'ed', jwk: ed.publicJwk }, claims, ed.sign)],
    ['a place for its key', forge({ alg: 'EdDSA', kid: 'ed', jku: 'https://evil' }, claims, ed.sign)],
    ['no kid', forge({ alg: 'EdDSA' }, claims, ed.sign)],
    ['an unknown kid', token({}, { kid: 'constructor' })],
    ['another type', token({}, { typ: 'logout+jwt' })],
    [
      'a claim twice',
      forge({ alg: 'EdDSA', kid: 'ed' }, `{"iss":"https://idp","aud":"app","exp":${S + 9},"exp":1}`, ed.sign),
    ],
    ['a payload that is no object', forge({ alg: 'EdDSA', kid: 'ed' }, '[]', ed.sign)],
    ['two parts', token().split('.').slice(0, 2).join('.')],
    ['a changed signature', `${token().slice(0, -4)}AAAA`],
    ['nothing', ''],
    ['more than a token may have', `${token()}${'A'.repeat(9_000)}`],
  ])('with %s', async (_, text) => {
    expect(await verify(text)).toEqual({ kind: 'refused', fault: 'invalid' });
  });
});

it.each([
  ['is over', { exp: S }],
  ['is not valid yet', { nbf: S + CLOCK_SKEW_MS / 1_000 + 1 }],
  ['was issued in the future', { iat: S + CLOCK_SKEW_MS / 1_000 + 1 }],
])('a token that %s is expired', async (_, changes) => {
  expect(await verify(token(changes))).toEqual({ kind: 'refused', fault: 'expired' });
});

it('without keys nobody can tell', async () => {
  [keys, isKnown] = [new Map(), false];
  expect(await verify(token())).toEqual({ kind: 'refused', fault: 'no_keys' });
});

describe('an RSA key', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const padded = Buffer.concat([Buffer.alloc(128), Buffer.from(String(small.n), 'base64url')]).toString('base64url');
  const odd = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey.export({
    format: 'jwk',
  });

  it.each([
    ['of 1024 bits', small],
    ['of 1024 bits behind zeros', { ...small, n: padded }],
    ['of more bits than any', { ...rsaJwk, n: Buffer.alloc(1_025, 0xff).toString('base64url') }],
    ['with a small exponent', odd],
    ['for another algorithm', { ...rsaJwk, alg: 'RS512' }],
    ['for encryption', { ...rsaJwk, use: 'enc' }],
    ['that is even', { ...rsaJwk, n: Buffer.alloc(256, 0xfe).toString('base64url') }],
    ['without a modulus', { kty: 'RSA', e: 'AQAB' }],
    ['that is private', rsa.privateKey.export({ format: 'jwk' })],
  ])('%s is refused', async (_, jwk) => {
    await expect(importIssuerKey({ kid: 'x', ...jwk })).rejects.toMatchObject({ code: 'bad_request' });
  });
});
