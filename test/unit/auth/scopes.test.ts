import { describe, expect, it } from 'vitest';
import {
  allows,
  assertNarrower,
  isConsistent,
  isScope,
  orderedScopes,
  SCOPES,
  type Grant,
  type Identity,
  type Scope,
} from '../../../src/auth/scopes.ts';

const OPERATOR: Identity = {
  subject: 'root',
  scopes: ['operator'],
  tenant: null,
  tokenId: 'a',
  expiresMs: 1_000_000,
  once: false,
};
const DEPLOYER: Identity = { ...OPERATOR, scopes: ['tenant:deploy'], tenant: 'shop' };
const READER: Identity = { ...OPERATOR, scopes: ['tenant:read'], tenant: 'shop' };

describe('the list of scopes', () => {
  it('is closed', () => {
    expect(SCOPES).toEqual(['operator', 'tenant:deploy', 'tenant:read']);
    for (const scope of SCOPES) expect(isScope(scope)).toBe(true);
    for (const word of ['', 'Operator', 'operator ', 'tenant', 'tenant:*', 'constructor', '__proto__', 'toString'])
      expect(isScope(word)).toBe(false);
  });

  it('is ordered, each once', () => {
    expect(orderedScopes(['tenant:read', 'operator', 'tenant:read'])).toEqual(['operator', 'tenant:read']);
  });

  it('goes with a tenant, or with none', () => {
    expect(isConsistent({ scopes: ['operator'], tenant: null })).toBe(true);
    expect(isConsistent({ scopes: ['tenant:read'], tenant: 'shop' })).toBe(true);
    expect(isConsistent({ scopes: [], tenant: null })).toBe(false);
    expect(isConsistent({ scopes: [], tenant: 'shop' })).toBe(false);
    expect(isConsistent({ scopes: ['operator', 'tenant:read'], tenant: 'shop' })).toBe(false);
    expect(isConsistent({ scopes: ['tenant:deploy'], tenant: null })).toBe(false);
  });
});

describe('allows', () => {
  const table: readonly [who: string, identity: Identity, tenant: string | null, may: readonly Scope[]][] = [
    ['an operator', OPERATOR, null, ['operator', 'tenant:deploy', 'tenant:read']],
    ['an operator', OPERATOR, 'shop', ['operator', 'tenant:deploy', 'tenant:read']],
    ['a deployer', DEPLOYER, 'shop', ['tenant:deploy', 'tenant:read']],
    ['a deployer', DEPLOYER, 'other', []],
    ['a deployer', DEPLOYER, null, []],
    ['a reader', READER, 'shop', ['tenant:read']],
    ['a reader', READER, 'other', []],
    ['a reader', READER, null, []],
    ['one with nothing', { ...READER, scopes: [] }, 'shop', []],
    ['one without a tenant', { ...DEPLOYER, tenant: null }, null, []],
  ];
  it.each(table)('%s: %o for tenant %s', (_, identity, tenant, may) => {
    expect(SCOPES.filter((need) => allows(identity, need, tenant))).toEqual(may);
  });
});

describe('assertNarrower', () => {
  const grant = (scopes: readonly Scope[], tenant: string | null, expiresMs = 1_000_000): Grant => ({
    scopes,
    tenant,
    expiresMs,
  });

  it('lets an operator give anything, and a deployer what it has itself', () => {
    expect(() => assertNarrower(OPERATOR, grant(['operator'], null))).not.toThrow();
    expect(() => assertNarrower(OPERATOR, grant(['tenant:deploy'], 'any'))).not.toThrow();
    expect(() => assertNarrower(DEPLOYER, grant(['tenant:deploy', 'tenant:read'], 'shop'))).not.toThrow();
    expect(() => assertNarrower(DEPLOYER, grant(['tenant:read'], 'shop', 1))).not.toThrow();
  });

  it.each([
    ['to operator', DEPLOYER, grant(['operator'], null), 'of that tenant'],
    ['to operator of its own tenant', DEPLOYER, grant(['operator'], 'shop'), 'wider'],
    ['to another tenant', DEPLOYER, grant(['tenant:read'], 'other'), 'of that tenant'],
    ['to no tenant', DEPLOYER, grant(['tenant:read'], null), 'of that tenant'],
    ['beyond its own end', DEPLOYER, grant(['tenant:read'], 'shop', 1_000_001), 'outlive'],
    ['an operator beyond its own end', OPERATOR, grant(['operator'], null, 1_000_001), 'outlive'],
    ['by a reader', READER, grant(['tenant:read'], 'shop'), 'of that tenant'],
    ['by a token for one use', { ...OPERATOR, once: true }, grant(['tenant:read'], 'shop'), 'one use'],
  ])('refuses to widen: %s', (_, identity, wanted, why) => {
    expect(() => assertNarrower(identity, wanted)).toThrow(
      expect.objectContaining({ code: 'forbidden', message: expect.stringContaining(why) as unknown }),
    );
  });
});
