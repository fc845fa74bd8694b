import { describe, expect, it } from 'vitest';
import { acceptSigningKeys } from '../../../src/control/signing-keys.ts';
import type { Json } from '../../../src/store/records.ts';
import { ed25519, p256 } from '../auth/forge.ts';
import { refusalOf } from './control-harness.ts';

const jwkOf = (pair: ReturnType<typeof ed25519>): Json => pair.publicJwk as unknown as Json;

describe('signing keys', () => {
  it('are kept as public keys, with the name that their owner gave', async () => {
    const [first, second] = [jwkOf(ed25519()), jwkOf(p256())];
    const named = { ...(first as object), kid: 'ci', color: 'red' } as unknown as Json;
    const { signingKeys, thumbprints } = await acceptSigningKeys([], [named, second]);
    expect(signingKeys).toEqual([{ ...(first as object), kid: 'ci' }, second]);
    expect(thumbprints).toHaveLength(2);
  });

  it('may be required by thumbprint', async () => {
    const key = jwkOf(ed25519());
    const { thumbprints } = await acceptSigningKeys([], [key, key]);
    expect(thumbprints).toHaveLength(1);
    expect(await acceptSigningKeys(thumbprints, [key])).toMatchObject({ requiredKeys: thumbprints });
  });

  it('that are required but not there are listed', async () => {
    const refused = await refusalOf(() => acceptSigningKeys(['constructor', '__proto__'], [jwkOf(ed25519())]));
    expect([refused.code, refused.details]).toEqual(['bad_request', ['constructor', '__proto__']]);
  });

  it('are refused when there are more than would be looked at later', async () => {
    const keys = Array.from({ length: 33 }, () => jwkOf(ed25519()));
    expect((await refusalOf(() => acceptSigningKeys([], keys))).message).toMatch(/more than 32/);
    await expect(acceptSigningKeys([], keys.slice(1))).resolves.toBeDefined();
  });

  it.each([[null], ['x'], [{}], [{ kty: 'oct', k: 'AAAA' }], [[]]])('that are %j are refused', async (key) => {
    expect((await refusalOf(() => acceptSigningKeys([], [key]))).code).toBe('bad_request');
  });

  it('that are private are refused without being shown', async () => {
    const { privateJwk } = ed25519();
    const refused = await refusalOf(() => acceptSigningKeys([], [privateJwk as unknown as Json]));
    expect(refused.code).toBe('bad_request');
    expect(refused.explain()).not.toContain(privateJwk.d);
  });
});
