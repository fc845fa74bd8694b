import { describe, expect, it } from 'vitest';
import { verifyIssuerToken } from '../../../src/auth/issuer-token.ts';
import { MAX_SIGNED_CLAIMS_BYTES, MAX_TOKEN_BYTES } from '../../../src/auth/limits.ts';
import { readSigningKey } from '../../../src/auth/signing-key.ts';
import { claimsFault, signClaims } from '../../../src/auth/token-signing.ts';
import { NOW_MS } from './authority.ts';
import { ed25519, p256 } from './forge.ts';

const TERMS = { issuer: 'https://me', audience: 'app "quoted"', ttlSeconds: 300 };
const faultOf = (claims: string, ttlSeconds = 0): string | null =>
  claimsFault({ claims: Buffer.from(claims), ttlSeconds }, TERMS);

async function signed(claims: string, ttlSeconds = 0, pair = ed25519()): Promise<{ token: string; payload: string }> {
  const key = await readSigningKey(Buffer.from(JSON.stringify(pair.privateJwk)), pair.alg);
  const token = await signClaims(key, { claims: Buffer.from(claims), ttlSeconds }, TERMS, NOW_MS + 999);
  const keys = { key: (kid: string) => Promise.resolve(kid === key.kid ? key.verifies : null), isKnown: true };
  const verdict = await verifyIssuerToken(token, { ...TERMS, keys }, NOW_MS + 999);
  if (verdict.kind === 'refused') throw new Error(verdict.fault);
  return { token, payload: Buffer.from(verdict.claims).toString() };
}

describe('claims', () => {
  it.each(['{}', ' { } ', '{"sub":"ada","nbf":1,"jti":"x","roles":["a"]}', '{"__proto__":1}'])(
    'may be %s',
    (claims) => {
      expect(faultOf(claims)).toBeNull();
    },
  );

  it.each(['', '[]', '"x"', 'null', '{', '{"a":1,"a":2}', '{"a":1}}', '{"a":1},{"iss":"x"}', '{"a":NaN}', '\ud800'])(
    'may not be %j',
    (claims) => expect(faultOf(claims)).toBe('claims'),
  );

  it('may not be longer than fits in a token that can be verified', async () => {
    const longest = `{"a":"${'x'.repeat(MAX_SIGNED_CLAIMS_BYTES - 8)}"}`;
    expect(faultOf(longest)).toBeNull();
    expect(faultOf(`${longest} `)).toBe('claims');
    expect((await signed(longest)).token.length).toBeLessThanOrEqual(MAX_TOKEN_BYTES);
  });

  it.each(['iss', 'aud', 'iat', 'exp', '\\u0069ss'])('may not have %s, which is the host’s', (name) => {
    expect(faultOf(`{"sub":"x","${name}":"x"}`)).toBe('reserved');
  });

  it.each([
    [0, null],
    [300, null],
    [301, 'lifetime'],
    [2 ** 32 - 1, 'lifetime'],
    [-1, 'lifetime'],
    [0.5, 'lifetime'],
  ])('with a life of %d s are %s', (seconds, fault) => expect(faultOf('{}', seconds)).toBe(fault));
});

describe('a signed token', () => {
  it('says who, for whom and how long, then what the guest has written, as it is written', async () => {
    const { payload } = await signed(' {"sub" : "ada", "big": 12345678901234567890} ');
    const head = `{"iss":"https://me","aud":"app \\"quoted\\"","iat":${NOW_MS / 1_000},"exp":${NOW_MS / 1_000 + 300},`;
    expect(payload).toBe(`${head}"sub" : "ada", "big": 12345678901234567890}`);
  });

  it.each(['{}', '{ }'])('without claims of the guest’s, %j, is whole', async (claims) => {
    expect(JSON.parse((await signed(claims, 10)).payload)).toMatchObject({ exp: NOW_MS / 1_000 + 10 });
  });

  it('has a header of the host’s', async () => {
    const { token } = await signed('{}', 0, p256());
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'ES256', kid: expect.stringMatching(/^[\w-]{43}$/) as string, typ: 'JWT' });
  });
});
