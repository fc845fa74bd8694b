import { describe, expect, it } from 'vitest';
import { externalTokens, readExternalIssuers, type ExternalIssuer } from '../../../src/auth/external-issuer.ts';
import { TOKEN_FAULTS, type TokenFault } from '../../../src/auth/token-faults.ts';
import { authority, CLAIMS, NOW_MS, type Authority } from './authority.ts';
import { ed25519, forge, p256 } from './forge.ts';

const GIVEN = {
  name: 'gitlab',
  issuer: 'https://gitlab.example',
  jwksUrl: 'https://gitlab.example/keys',
  audience: 'https://kerb.example',
  scopes: ['tenant:deploy', 'tenant:read'],
  tenants: ['shop', 'blog'],
};

function configOf(change: object = {}): ExternalIssuer {
  const [config] = readExternalIssuers([{ ...GIVEN, ...change }]);
  if (config === undefined) throw new TypeError('no issuer');
  return config;
}

describe('the configuration', () => {
  it('is read, and believes nothing that is not listed', () => {
    const { name, issuer, jwksUrl, audience } = GIVEN;
    const least = { name, issuer, jwksUrl, audience };
    expect(readExternalIssuers([least])).toEqual([
      {
        ...least,
        jwksUrl: new URL(GIVEN.jwksUrl),
        scopes: [],
        tenants: [],
        scopeClaim: 'scope',
        tenantClaim: 'tenant',
      },
    ]);
    expect(readExternalIssuers([])).toEqual([]);
  });

  it.each([
    'http://localhost:8080/k',
    'http://127.0.0.1/k',
    'http://127.9.9.9/k',
    'http://[::1]:1/k',
    'http://2130706433/',
  ])('takes http on loopback: %s', (jwksUrl) => expect(configOf({ jwksUrl }).jwksUrl.protocol).toBe('http:'));

  it.each([
    ['jwksUrl', 'http://gitlab.example/keys'],
    ['jwksUrl', 'http://localhost.example/keys'],
    ['jwksUrl', 'http://127.0.0.1.example/keys'],
    ['jwksUrl', 'http://10.0.0.1/keys'],
    ['jwksUrl', 'file:///etc/passwd'],
    ['jwksUrl', 'https://user:secret@gitlab.example/'],
    ['jwksUrl', 'keys'],
    ['jwksUrl', undefined],
    ['name', 'Git Lab'],
    ['name', ''],
    ['issuer', 'kerb'],
    ['issuer', ''],
    ['audience', undefined],
    ['scopes', ['tenant:*']],
    ['scopes', 'operator'],
    ['scopes', [7]],
    ['tenants', ['*']],
    ['tenants', ['Shop']],
    ['tenants', {}],
    ['scopeClaim', 7],
  ])('refuses %s = %j, and names it', (name, value) => {
    const error = faultsOf([{ ...GIVEN, [name]: value }]);
    expect(error).toEqual([expect.stringMatching(`^issuers\\[0\\]: ${name} `)]);
  });

  it('refuses unknown members, issuers that cannot be told apart, and too many', () => {
    expect(faultsOf([{ ...GIVEN, tenant: 'x' }])[0]).toContain('unknown members');
    expect(faultsOf([GIVEN, { ...GIVEN, name: 'other' }])).toEqual([
      'two issuers have the same issuer; give each its own',
    ]);
    expect(faultsOf([GIVEN, { ...GIVEN, issuer: 'x' }])).toEqual(['two issuers have the same name; give each its own']);
    const many = Array.from({ length: 17 }, (_, index) => ({ ...GIVEN, name: `n${index}`, issuer: `i${index}` }));
    expect(faultsOf(many)).toEqual(['there are more than 16 issuers']);
    expect(faultsOf([null, 7]).length).toBeGreaterThan(5);
    expect(() => readExternalIssuers({})).toThrow(expect.objectContaining({ code: 'bad_config' }));
  });
});

function faultsOf(given: readonly unknown[]): readonly string[] {
  try {
    readExternalIssuers(given);
  } catch (error) {
    const { code, details } = error as { code: string; details: readonly string[] };
    if (code === 'bad_config') return details;
    throw error;
  }
  return [];
}

const PAIR = p256();
const HEADER = { alg: 'ES256', kid: 'k1', typ: 'JWT' };
const FOREIGN = { ...CLAIMS, iss: GIVEN.issuer, aud: GIVEN.audience, jti: 'j1', scope: 'tenant:deploy' };

function signed(claims: object = {}, header: object = {}): string {
  return forge({ ...HEADER, ...header }, { ...FOREIGN, ...claims }, PAIR.sign);
}

function believing(change: object = {}): Promise<Authority> {
  const parts = {
    fetchJson: () => Promise.resolve({ keys: [{ ...PAIR.publicJwk, kid: 'k1' }] }),
    clock: () => 0,
    report: () => {},
  };
  return authority([externalTokens(configOf(change), parts)]);
}

function refusal(fault: TokenFault): object {
  return { code: 'unauthorized', message: TOKEN_FAULTS[fault] };
}

describe('a token of another issuer', () => {
  it('is taken under the issuer’s name', async () => {
    const { verifier } = await believing();
    expect(await verifier.verify(signed({ sub: 'repo:a/b' }))).toEqual({
      subject: 'gitlab:repo:a/b',
      scopes: ['tenant:deploy'],
      tenant: 'shop',
      tokenId: 'gitlab:j1',
      expiresMs: NOW_MS + 600_000,
      once: false,
    });
  });

  it('is read from the claims that are configured', async () => {
    const { verifier } = await believing({ scopeClaim: 'kerb_scope', tenantClaim: 'project' });
    const token = signed({ kerb_scope: 'tenant:read', project: 'blog', scope: 'tenant:deploy' });
    expect(await verifier.verify(token)).toMatchObject({ scopes: ['tenant:read'], tenant: 'blog' });
  });

  it.each<[string, object, object, TokenFault]>([
    ['operator', {}, { scope: 'operator', tenant: undefined }, 'powerless'],
    ['a scope that it may not give', { scopes: ['tenant:read'] }, {}, 'powerless'],
    ['any scope, when none is listed', { scopes: [] }, {}, 'powerless'],
    ['a tenant that it may not speak for', {}, { tenant: 'bank' }, 'powerless'],
    ['any tenant, when none is listed', { tenants: [] }, {}, 'powerless'],
    ['scopes without a tenant', {}, { tenant: undefined }, 'claims'],
    ['operator within a tenant', { scopes: ['operator'] }, { scope: 'operator' }, 'claims'],
    ['a token for us that is our own audience', {}, { aud: 'kerb' }, 'audience'],
    ['a token that lives longer than a day', {}, { exp: CLAIMS.iat + 86_401 }, 'lifetime'],
    ['a token without an id', {}, { jti: undefined }, 'claims'],
  ])('is not believed about %s', async (_, change, claims, fault) => {
    const { verifier } = await believing(change);
    await expect(verifier.verify(signed(claims))).rejects.toMatchObject(refusal(fault));
  });

  it('has only the scopes that are believed', async () => {
    const { verifier } = await believing({ scopes: ['tenant:read'] });
    const token = signed({ scope: 'operator tenant:deploy tenant:read' });
    expect(await verifier.verify(token)).toMatchObject({ scopes: ['tenant:read'] });
  });

  it('can be the operator when that is listed', async () => {
    const { verifier } = await believing({ scopes: ['operator'], tenants: [] });
    const token = signed({ scope: 'operator', tenant: undefined });
    expect(await verifier.verify(token)).toMatchObject({ scopes: ['operator'], tenant: null });
  });

  it('is not proved by our key, nor ours by its', async () => {
    const { verifier, keys, stolenKey } = await believing();
    const ours = forge({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT' }, FOREIGN, stolenKey().sign);
    await expect(verifier.verify(ours)).rejects.toMatchObject(refusal('signature'));
    await expect(verifier.verify(signed({ iss: 'kerb', aud: 'kerb' }))).rejects.toMatchObject(refusal('signature'));
    await expect(verifier.verify(signed({}, { kid: keys.kid }))).rejects.toMatchObject(refusal('signature'));
    await expect(verifier.verify(signed({}, { kid: undefined }))).rejects.toMatchObject(refusal('signature'));
    const other = forge({ ...HEADER, alg: 'EdDSA' }, FOREIGN, ed25519().sign);
    await expect(verifier.verify(other)).rejects.toMatchObject(refusal('signature'));
  });

  it('that is for one use is used once, also when it comes twice at once', async () => {
    const { verifier, log } = await believing();
    const token = signed({ once: true });
    const results = await Promise.allSettled([verifier.verify(token), verifier.verify(token), verifier.verify(token)]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected']);
    await expect(verifier.verify(token)).rejects.toMatchObject(refusal('used'));
    expect(log.token('gitlab:j1')).toMatchObject({ subject: 'gitlab:mallory', revokedMs: NOW_MS });
  });

  it('cannot use up or revive a token of ours by having its id', async () => {
    const { verifier, issuer, log } = await believing();
    const own = await issuer.mintForOperator();
    await verifier.verify(signed({ jti: own.id, once: true }));
    await expect(verifier.verify(own.token)).resolves.toMatchObject({ subject: 'operator' });
    log.revokeToken(own.id, NOW_MS);
    await expect(verifier.verify(own.token)).rejects.toMatchObject(refusal('revoked'));
  });
});
