import { describe, expect, it } from 'vitest';
import type { TokenSigner } from '../../../src/capability/jwt.ts';
import type { JwtIssuer } from '../../../src/runtime/deployment.ts';
import { tokenIssuers } from '../../../src/server/token-issuers.ts';
import { signingKeys, tokenSigners } from '../../../src/server/token-signers.ts';
import { ed25519, type Pair } from '../auth/forge.ts';

const SPEC: JwtIssuer = {
  name: 'session',
  issuer: 'https://me',
  audience: 'app',
  keys: { kind: 'signing' },
  sign: { secret: 'KEY', alg: 'EdDSA', ttlSeconds: 60 },
};
const CLAIMS = Buffer.from('{"sub":"ada"}');

const secretOf = (pair: Pair): Map<string, Uint8Array> =>
  new Map([['KEY', Buffer.from(JSON.stringify(pair.privateJwk))]]);

function signerWith(secrets: ReadonlyMap<string, Uint8Array | null>): TokenSigner {
  const signer = tokenSigners([SPEC], signingKeys([SPEC], secrets)).get('session');
  if (signer === undefined) throw new Error('there is no signer');
  return signer;
}

async function whyNot(signer: TokenSigner, claims = CLAIMS, ttl = 0): Promise<readonly [string, string]> {
  const verdict = await signer.sign(claims, ttl);
  return verdict.kind === 'signed' ? ['signed', ''] : [verdict.fault, verdict.why];
}

describe('an issuer that signs', () => {
  it('verifies its own tokens, and those of no other key', async () => {
    const keys = signingKeys([SPEC], secretOf(ed25519()));
    const verdict = await tokenSigners([SPEC], keys).get('session')?.sign(CLAIMS, 0);
    const token = verdict?.kind === 'signed' ? verdict.token : '';
    const issuer = tokenIssuers([SPEC], new Map(), keys).get('session');
    expect((await issuer?.verify(token))?.kind).toBe('valid');
    const other = tokenIssuers([SPEC], new Map(), signingKeys([SPEC], secretOf(ed25519()))).get('session');
    expect(await other?.verify(token)).toEqual({ kind: 'refused', fault: 'invalid' });
  });

  it.each([
    ['is not set', new Map([['KEY', null]]), 'is not set; set it with kerb secret put'],
    ['is none', new Map(), 'is not set'],
    ['is no key', new Map([['KEY', Buffer.from('secret text')]]), 'not a usable signing key'],
  ])('has no key when the secret %s, and verifies nothing', async (_, secrets, why) => {
    const [fault, said] = await whyNot(signerWith(secrets));
    expect([fault, said]).toEqual(['no_key', expect.stringContaining(why)]);
    expect(said).not.toContain('secret text');
    const issuer = tokenIssuers([SPEC], new Map(), signingKeys([SPEC], secrets)).get('session');
    expect(await issuer?.verify('e30.e30.AA')).toMatchObject({ kind: 'refused' });
  });

  it('says what is wrong with claims before it looks for a key', async () => {
    const signer = signerWith(new Map());
    expect((await whyNot(signer, Buffer.from('[]')))[0]).toBe('claims');
    expect((await whyNot(signer, Buffer.from('{"iss":"x"}')))[0]).toBe('reserved');
    expect((await whyNot(signer, CLAIMS, 61))[0]).toBe('lifetime');
  });
});

it('an issuer that is only trusted signs nothing', () => {
  const trusted = { ...SPEC, keys: { kind: 'text', text: '{"keys":[]}' }, sign: null } as const;
  const keys = signingKeys([trusted], secretOf(ed25519()));
  expect([keys.size, tokenSigners([trusted], keys).size]).toEqual([0, 0]);
});
