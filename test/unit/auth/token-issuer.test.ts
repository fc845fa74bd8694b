import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, it } from 'vitest';
import { MAX_TOKEN_TTL_S, OPERATOR_TOKEN_RENEWAL_MS, OPERATOR_TOKEN_TTL_S } from '../../../src/auth/limits.ts';
import type { TokenLog } from '../../../src/auth/ports.ts';
import type { Identity } from '../../../src/auth/scopes.ts';
import type { TokenRequest } from '../../../src/auth/token-issuer.ts';
import { authority, NOW_MS } from './authority.ts';

const OPERATOR: Identity = {
  subject: 'operator',
  scopes: ['operator'],
  tenant: null,
  tokenId: 'a',
  expiresMs: NOW_MS + OPERATOR_TOKEN_TTL_S * 1_000,
  once: false,
};
const DEPLOYER: Identity = { ...OPERATOR, subject: 'ci', scopes: ['tenant:deploy'], tenant: 'shop' };
const REQUEST: TokenRequest = { subject: 'ci', scopes: ['tenant:deploy'], tenant: 'shop', ttlSeconds: 60 };

describe('a minted token', () => {
  it('has every claim, and is in the log as it is', async () => {
    const { issuer, keys, log, clock } = await authority();
    clock.ms += 999;
    const scopes = ['tenant:read', 'tenant:deploy'] as const;
    const { token, id, expiresMs } = await issuer.mintFor(OPERATOR, { ...REQUEST, scopes });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT' });
    const iat = NOW_MS / 1_000;
    const claims = { iss: 'kerb', sub: 'ci', aud: 'kerb', iat, exp: iat + 60, jti: id };
    expect(decodeJwt(token)).toEqual({ ...claims, scope: 'tenant:deploy tenant:read', tenant: 'shop' });
    expect(expiresMs).toBe(NOW_MS + 60_000);
    const common = { id, subject: 'ci', tenant: 'shop', scopes: ['tenant:deploy', 'tenant:read'] };
    expect(log.token(id)).toEqual({ ...common, createdMs: NOW_MS, expiresMs, revokedMs: null, mintedBy: 'a' });
  });

  it('says that it is for one use, or that it is the operator’s without a tenant', async () => {
    const { issuer } = await authority();
    expect(decodeJwt((await issuer.mintFor(OPERATOR, { ...REQUEST, once: true })).token)['once']).toBe(true);
    const { token } = await issuer.mintFor(OPERATOR, { ...REQUEST, scopes: ['operator'], tenant: null });
    expect(decodeJwt(token)).not.toHaveProperty('tenant');
  });

  it('has an id of its own', async () => {
    const { issuer } = await authority();
    const ids = await Promise.all(Array.from({ length: 50 }, async () => (await issuer.mintFor(OPERATOR, REQUEST)).id));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });

  it('is verified as what was asked for', async () => {
    const { issuer, verifier } = await authority();
    const { token, id, expiresMs } = await issuer.mintFor(OPERATOR, REQUEST);
    const identity = { subject: 'ci', scopes: ['tenant:deploy'], tenant: 'shop', tokenId: id, expiresMs, once: false };
    expect(await verifier.verify(token)).toEqual(identity);
  });

  it('is not handed out when it could not be logged', async () => {
    const { issuer, log } = await authority();
    log.addToken = (): never => {
      throw new Error('the disk is full');
    };
    await expect(issuer.mintFor(OPERATOR, REQUEST)).rejects.toThrow('the disk is full');
  });
});

describe('who asks', () => {
  it('is part of the subject, unless it is an operator', async () => {
    const { issuer, verifier, clock } = await authority();
    const first = await issuer.mintFor(DEPLOYER, { ...REQUEST, subject: 'operator' });
    const identity = await verifier.verify(first.token);
    expect(identity.subject).toBe('ci/operator');
    const second = await issuer.mintFor(identity, { ...REQUEST, subject: 'job', ttlSeconds: 30 });
    expect((await verifier.verify(second.token)).subject).toBe('ci/operator/job');
    clock.ms += 31_000;
    await expect(verifier.verify(second.token)).rejects.toMatchObject({ message: 'the token has expired' });
  });

  it('does not grow without end', async () => {
    const { issuer } = await authority();
    const long = { ...DEPLOYER, subject: 'x'.repeat(254) };
    await expect(issuer.mintFor(long, REQUEST)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('gets nothing wider than itself', async () => {
    const { issuer, log } = await authority();
    const wider: Partial<TokenRequest>[] = [
      { scopes: ['operator'], tenant: null },
      { tenant: 'other' },
      { ttlSeconds: MAX_TOKEN_TTL_S },
    ];
    const shortLived = { ...DEPLOYER, expiresMs: NOW_MS + 3_600_000 };
    for (const change of wider)
      await expect(issuer.mintFor(shortLived, { ...REQUEST, ...change })).rejects.toMatchObject({ code: 'forbidden' });
    expect(log.records.size).toBe(0);
  });
});

describe('a malformed request', () => {
  it.each<[string, Partial<TokenRequest>]>([
    ['subject', { subject: '' }],
    ['subject', { subject: 'gitlab:root' }],
    ['subject', { subject: 'a/b' }],
    ['subject', { subject: 'a\u001b[2J' }],
    ['subject', { subject: 'x'.repeat(65) }],
    ['subject', { subject: 'a\n' }],
    ['ttlSeconds', { ttlSeconds: 0 }],
    ['ttlSeconds', { ttlSeconds: -1 }],
    ['ttlSeconds', { ttlSeconds: 1.5 }],
    ['ttlSeconds', { ttlSeconds: Number.NaN }],
    ['ttlSeconds', { ttlSeconds: MAX_TOKEN_TTL_S + 1 }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: ['operator'] }],
    ['scopes', { tenant: null }],
  ])('is refused, naming %s: %o', async (what, change) => {
    const { issuer, log } = await authority();
    await expect(issuer.mintFor(OPERATOR, { ...REQUEST, ...change })).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(`^${what}:`) as unknown,
    });
    expect(log.records.size).toBe(0);
  });
});

describe('the operator’s token', () => {
  it('lives a year, and until it is renewed it can ask for tokens of every life', async () => {
    const { issuer, verifier } = await authority();
    const identity = await verifier.verify((await issuer.mintForOperator()).token);
    expect(identity).toMatchObject({ subject: 'operator', scopes: ['operator'], tenant: null });
    expect(identity.expiresMs - NOW_MS).toBe(365 * 24 * 3_600_000);
    expect(OPERATOR_TOKEN_RENEWAL_MS).toBeGreaterThan(MAX_TOKEN_TTL_S * 1_000);
  });
});

describe('whose own token ends while the request is on its way', () => {
  const minted = async (): Promise<{ parts: Awaited<ReturnType<typeof authority>>; identity: Identity }> => {
    const parts = await authority();
    const { token } = await parts.issuer.mintFor(OPERATOR, { ...REQUEST, ttlSeconds: 600 });
    return { parts, identity: await parts.verifier.verify(token) };
  };

  it.each([
    ['revoked', 'the token has been revoked', (log: TokenLog, id: string) => void log.revokeToken(id, NOW_MS)],
    ['over', 'the token has expired', null],
  ] as const)('gets nothing once it is %s', async (_, message, revoke) => {
    const { parts, identity } = await minted();
    const { keys, log, clock } = parts;
    const sign = keys.sign.bind(keys);
    keys.sign = async (...what) => {
      const token = await sign(...what);
      if (revoke === null) clock.ms = identity.expiresMs;
      else revoke(log, identity.tokenId);
      return token;
    };
    const asked = parts.issuer.mintFor(identity, REQUEST);
    await expect(asked).rejects.toMatchObject({ code: 'unauthorized', message });
    expect(log.records.size).toBe(1);
  });

  it('is the minter of what it gets', async () => {
    const { parts, identity } = await minted();
    const { id } = await parts.issuer.mintFor(identity, REQUEST);
    expect(parts.log.token(id)?.mintedBy).toBe(identity.tokenId);
    const { token } = await parts.issuer.mintForOperator();
    expect(parts.log.token((await parts.verifier.verify(token)).tokenId)?.mintedBy).toBeNull();
  });
});
