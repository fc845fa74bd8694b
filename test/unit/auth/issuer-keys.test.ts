import { calculateJwkThumbprint, decodeProtectedHeader, jwtVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { describe, expect, it } from 'vitest';
import { IssuerKeys } from '../../../src/auth/issuer-keys.ts';
import { KEY_USE_STEP_MS, MAX_ISSUER_KEYS } from '../../../src/auth/limits.ts';
import { keyStoreIn } from '../../../src/auth/ports.ts';
import type { Json } from '../../../src/store/records.ts';
import { MemoryKeyStore, NOW_MS } from './authority.ts';

const HOUR_MS = 3_600_000;

describe('the first start', () => {
  it('makes an Ed25519 key, keeps it, and finds it again', async () => {
    const store = new MemoryKeyStore();
    const keys = await IssuerKeys.open(store, NOW_MS);
    expect(store.saves).toBe(1);
    expect((await IssuerKeys.open(store, NOW_MS)).kid).toBe(keys.kid);
    expect(store.saves).toBe(1);
    expect((await IssuerKeys.open(new MemoryKeyStore(), NOW_MS)).kid).not.toBe(keys.kid);
  });

  it('publishes the public key only, under its thumbprint', async () => {
    const keys = await IssuerKeys.open(new MemoryKeyStore(), NOW_MS);
    const [published] = keys.published(NOW_MS).keys;
    expect(Object.keys(published ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    expect(published).toMatchObject({ alg: 'EdDSA', use: 'sig', kid: keys.kid });
    expect(await calculateJwkThumbprint({ ...published })).toBe(keys.kid);
  });

  it('signs what others verify with the published keys', async () => {
    const keys = await IssuerKeys.open(new MemoryKeyStore(), NOW_MS);
    const token = await keys.sign({ sub: 'x' }, NOW_MS + HOUR_MS);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: keys.kid, typ: 'JWT' });
    const set = createLocalJWKSet(keys.published(NOW_MS) as unknown as JSONWebKeySet);
    expect((await jwtVerify(token, set)).payload).toEqual({ sub: 'x' });
  });
});

describe('rotation', () => {
  it('signs with the new key, and keeps the old one until its last token is over', async () => {
    const store = new MemoryKeyStore();
    const keys = await IssuerKeys.open(store, NOW_MS);
    const old = keys.kid;
    await keys.sign({}, NOW_MS + HOUR_MS);
    await keys.sign({}, NOW_MS + 3 * HOUR_MS);
    await keys.sign({}, NOW_MS + 2 * HOUR_MS);
    const fresh = await keys.rotate(NOW_MS);
    expect(keys.kid).toBe(fresh);
    expect(decodeProtectedHeader(await keys.sign({}, NOW_MS + HOUR_MS)).kid).toBe(fresh);
    for (const all of [keys, await IssuerKeys.open(store, NOW_MS)]) {
      expect(all.kid).toBe(fresh);
      expect(all.verificationKey(old, NOW_MS + 3 * HOUR_MS - 1)?.thumbprint).toBe(old);
      expect(all.published(NOW_MS).keys.map(({ kid }) => kid)).toEqual([fresh, old]);
      const laterMs = NOW_MS + 3 * HOUR_MS + KEY_USE_STEP_MS;
      expect(all.verificationKey(old, laterMs)).toBeNull();
      expect(all.verificationKey(fresh, laterMs)?.thumbprint).toBe(fresh);
      expect(all.published(laterMs).keys.map(({ kid }) => kid)).toEqual([fresh]);
    }
  });

  it('forgets a key without tokens, and in the store too', async () => {
    const store = new MemoryKeyStore();
    const keys = await IssuerKeys.open(store, NOW_MS);
    const old = keys.kid;
    await keys.rotate(NOW_MS);
    expect(keys.verificationKey(old, NOW_MS)).toBeNull();
    expect((store.value as { keys: Json[] }).keys).toHaveLength(1);
  });

  it('keeps every key when it is asked for twice at once', async () => {
    const keys = await IssuerKeys.open(new MemoryKeyStore(), NOW_MS);
    await keys.sign({}, NOW_MS + HOUR_MS);
    const first = keys.kid;
    const made = await Promise.all([keys.rotate(NOW_MS), keys.rotate(NOW_MS)]);
    expect(made).toContain(keys.kid);
    expect(keys.verificationKey(first, NOW_MS)).not.toBeNull();
  });

  it('is refused while too many keys are in force', async () => {
    const keys = await IssuerKeys.open(new MemoryKeyStore(), NOW_MS);
    for (let count = 0; count < MAX_ISSUER_KEYS - 1; count++) {
      await keys.sign({}, NOW_MS + HOUR_MS);
      await keys.rotate(NOW_MS);
    }
    await keys.sign({}, NOW_MS + HOUR_MS);
    await expect(keys.rotate(NOW_MS)).rejects.toMatchObject({ code: 'conflict' });
    expect(await keys.rotate(NOW_MS + KEY_USE_STEP_MS + HOUR_MS)).toBe(keys.kid);
  });
});

describe('what is kept', () => {
  it('is saved before a token is signed, and once a day', async () => {
    const store = new MemoryKeyStore();
    const keys = await IssuerKeys.open(store, NOW_MS);
    for (let count = 0; count < 10; count++) await keys.sign({}, NOW_MS + count);
    expect(store.saves).toBe(2);
    store.save = (): never => {
      throw new Error('the disk is full');
    };
    await expect(keys.sign({}, NOW_MS + 3 * KEY_USE_STEP_MS)).rejects.toThrow('the disk is full');
    const { kid } = keys;
    await expect(keys.rotate(NOW_MS)).rejects.toThrow('the disk is full');
    expect(keys.kid).toBe(kid);
  });

  it('is a setting of the store', () => {
    const settings = new Map<string, Json>();
    const store = keyStoreIn({
      setting: (name) => settings.get(name) ?? null,
      putSetting: (name, value) => void settings.set(name, value),
    });
    expect(store.load()).toBeNull();
    store.save({ keys: [] });
    expect(store.load()).toEqual({ keys: [] });
    expect([...settings.keys()]).toEqual(['issuer-keys']);
  });

  const SECRET = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
  const okp = { kty: 'OKP', crv: 'Ed25519' };
  it.each<[Json]>([
    ['text'],
    [[]],
    [{}],
    [{ keys: [] }],
    [{ keys: [null] }],
    [{ keys: [{ jwk: { ...okp, d: SECRET, x: 'AAAA' }, createdMs: 1, lastExpiryMs: 1 }] }],
    [{ keys: [{ jwk: { kty: 'oct', k: SECRET }, createdMs: 1, lastExpiryMs: 1 }] }],
    [{ keys: [{ jwk: { ...okp, d: SECRET, x: 'F'.repeat(42) + 'A' }, createdMs: 1, lastExpiryMs: 1 }] }],
    [{ keys: [{ jwk: { ...okp, d: SECRET, x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, createdMs: 1 }] }],
  ])('is not replaced when it cannot be read, nor repeated', async (value) => {
    const store = new MemoryKeyStore();
    store.value = value;
    const error = await IssuerKeys.open(store, NOW_MS).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'corrupt' });
    expect((error as Error).cause).toBeUndefined();
    expect(String((error as Error).stack)).not.toContain(SECRET);
    expect(store.value).toBe(value);
  });
});
