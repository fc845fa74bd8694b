import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW_MS, MAX_TOKEN_BYTES } from '../../../src/auth/limits.ts';
import { TOKEN_FAULTS, type TokenFault } from '../../../src/auth/token-faults.ts';
import { ownTokens } from '../../../src/auth/token-source.ts';
import { TokenVerifier } from '../../../src/auth/token-verifier.ts';
import { authority, CLAIMS, NOW_MS } from './authority.ts';
import { ed25519, forge } from './forge.ts';

const NOW_S = NOW_MS / 1_000;

function refusal(fault: TokenFault): object {
  return { code: 'unauthorized', message: TOKEN_FAULTS[fault] };
}

describe('a token that is as it should be', () => {
  it('says who sends it', async () => {
    const { forged, verifier } = await authority();
    const identity = await verifier.verify(forged());
    expect(identity).toEqual({
      subject: 'mallory',
      scopes: ['tenant:read'],
      tenant: 'shop',
      tokenId: 'forged-1',
      expiresMs: NOW_MS + 600_000,
      once: false,
    });
    expect(Object.isFrozen(identity)).toBe(true);
  });

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt', 'APPLICATION/JWT'])('may have the type %s', async (typ) => {
    const { forged, verifier } = await authority();
    await expect(verifier.verify(forged({}, { typ }))).resolves.toMatchObject({ subject: 'mallory' });
  });

  it('may have more audiences, claims and scopes than matter', async () => {
    const { forged, verifier } = await authority();
    const token = forged({
      aud: ['other', 'kerb'],
      scope: 'openid  tenant:read toString',
      extra: { a: [1] },
      nbf: NOW_S,
    });
    await expect(verifier.verify(token)).resolves.toMatchObject({ scopes: ['tenant:read'] });
  });

  it('is used again and again until it is over', async () => {
    const { forged, verifier, clock } = await authority();
    const token = forged();
    for (let count = 0; count < 3; count++) await verifier.verify(token);
    clock.ms = NOW_MS + 600_000 - 1;
    await expect(verifier.verify(token)).resolves.toMatchObject({ subject: 'mallory' });
    clock.ms += 1;
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('expired'));
  });
});

describe('a claim that is missing or malformed', () => {
  const wrong: readonly (readonly [name: string, values: readonly unknown[]])[] = [
    ['sub', [undefined, null, '', 7, ['a'], 'x'.repeat(257), 'a\nb', 'a\u001b[31m', 'a\u202eb', 'a\ud800']],
    ['jti', [undefined, null, '', 7, {}, 'x'.repeat(201), 'a\u0000', 'a b', 'é']],
    ['exp', [undefined, null, '9999999999', -1, 1e300, [NOW_S + 600], true]],
    ['iat', [undefined, null, '0', -1, 1e300]],
    ['nbf', [null, 'now', -1]],
    ['aud', [[7], [['kerb']], Array.from({ length: 17 }, () => 'kerb'), undefined, null]],
    ['once', ['true', 1, null]],
    ['scope', [['tenant:read'], 7, {}]],
    ['tenant', [7, ['shop'], undefined, null]],
  ];
  it.each(wrong.flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
    'is refused: %s = %j',
    async (name, value) => {
      const { forged, verifier, log } = await authority();
      await expect(verifier.verify(forged({ [name]: value }))).rejects.toMatchObject(refusal('claims'));
      expect([...log.records.values()].every(({ revokedMs }) => revokedMs === null)).toBe(true);
    },
  );

  it('is not believed: operator with a tenant, no scope that is one', async () => {
    const { forged, verifier } = await authority();
    await expect(verifier.verify(forged({ scope: 'operator' }))).rejects.toMatchObject(refusal('claims'));
    for (const scope of ['', 'admin', 'OPERATOR', 'operator,tenant:read', 'tenant:read\toperator', undefined])
      await expect(verifier.verify(forged({ scope }))).rejects.toMatchObject(refusal('powerless'));
  });
});

describe('time', () => {
  it.each(['iat', 'nbf'])('gives another clock a minute for %s, and no more', async (name) => {
    const { forged, verifier } = await authority();
    const ahead = NOW_S + CLOCK_SKEW_MS / 1_000;
    await expect(verifier.verify(forged({ [name]: ahead }))).resolves.toBeDefined();
    await expect(verifier.verify(forged({ [name]: ahead + 1 }))).rejects.toMatchObject(refusal('early'));
  });

  it('looks at iat also when nbf is over', async () => {
    const { forged, verifier } = await authority();
    const token = forged({ iat: NOW_S + 61, nbf: NOW_S });
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('early'));
  });

  it('gives nothing for exp', async () => {
    const { forged, verifier } = await authority();
    await expect(verifier.verify(forged({ iat: NOW_S - 10, exp: NOW_S }))).rejects.toMatchObject(refusal('expired'));
    await expect(verifier.verify(forged({ iat: NOW_S - 10, exp: NOW_S + 0.5 }))).resolves.toBeDefined();
  });

  it('bounds the life of a token, also of one that ends before it begins', async () => {
    const { forged, verifier } = await authority();
    const year = 365 * 24 * 3_600;
    await expect(verifier.verify(forged({ exp: NOW_S + year }))).resolves.toBeDefined();
    await expect(verifier.verify(forged({ exp: NOW_S + year + 1 }))).rejects.toMatchObject(refusal('lifetime'));
    const backwards = forged({ iat: NOW_S + 30, exp: NOW_S + 20 });
    await expect(verifier.verify(backwards)).rejects.toMatchObject(refusal('claims'));
  });
});

describe('the order of checks', () => {
  it('tells nothing about claims to whoever cannot sign', async () => {
    const { keys, verifier } = await authority();
    const header = { alg: 'EdDSA', kid: keys.kid, typ: 'JWT' };
    const changes = [{}, { exp: 1 }, { aud: 'x' }, { iss: 'x' }, { jti: undefined }, { sub: '' }];
    for (const change of changes)
      await expect(verifier.verify(forge(header, { ...CLAIMS, ...change }, ed25519().sign))).rejects.toMatchObject(
        refusal('signature'),
      );
  });

  it('does not use up a token for one use that is refused for something else', async () => {
    const { forged, verifier, clock, log } = await authority();
    const token = forged({ once: true, nbf: NOW_S + 120 });
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('early'));
    expect(log.token('forged-1')?.revokedMs).toBeNull();
    clock.ms += 100_000;
    await expect(verifier.verify(token)).resolves.toMatchObject({ once: true });
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('used'));
  });
});

describe('the verifier', () => {
  it('reads no token that is too large', async () => {
    const { forged, verifier } = await authority();
    const padding = (size: number): string => forged({ pad: 'x'.repeat(size) });
    const fitting = padding(Math.floor(((MAX_TOKEN_BYTES - padding(0).length) * 3) / 4) - 2);
    expect(fitting.length).toBeGreaterThan(MAX_TOKEN_BYTES - 16);
    await expect(verifier.verify(fitting)).resolves.toBeDefined();
    await expect(verifier.verify(padding(6_200))).rejects.toMatchObject(refusal('oversize'));
    await expect(verifier.verify('x'.repeat(50_000_000))).rejects.toMatchObject(refusal('oversize'));
  });

  it('cannot have two sources of one issuer', async () => {
    const { keys, log } = await authority();
    const now = (): number => NOW_MS;
    const source = ownTokens(keys, now);
    expect(() => new TokenVerifier({ sources: [source, source], log, now })).toThrow(TypeError);
  });

  it('knows its own tokens over a rotation, and no more once their key is over', async () => {
    const { issuer, keys, verifier, clock } = await authority();
    const { token } = await issuer.mintForOperator();
    await keys.rotate(clock.ms);
    await expect(verifier.verify(token)).resolves.toBeDefined();
    clock.ms += 366 * 24 * 3_600_000;
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('signature'));
  });
});
