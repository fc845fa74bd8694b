/**
 * The keys that this process signs tokens with: Ed25519, made at first use, kept through a port. One signs; those that signed
 * before verify until the last token of theirs is over.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { CryptoKey, JWTPayload } from 'jose';
import { KerbError } from '../errors.ts';
import type { Json } from '../store/records.ts';
import { KEY_USE_STEP_MS, MAX_ISSUER_KEYS } from './limits.ts';
import type { KeyStore } from './ports.ts';
import { importPublicKey, type Algorithm, type PublicJwk, type PublicKey } from './public-key.ts';

const ALGORITHM: Algorithm = 'EdDSA';

/** An Ed25519 key with its private part (RFC 8037 section 2). */
type SigningJwk = { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string; readonly d: string };

interface IssuerKey {
  readonly jwk: SigningJwk;
  readonly createdMs: number;
  /** No token that it signed is valid then; in steps of {@link KEY_USE_STEP_MS}. */
  readonly lastExpiryMs: number;
  readonly signs: CryptoKey;
  readonly verifies: PublicKey;
}

/** A public key as others see it. */
export type PublishedKey = PublicJwk & { readonly kid: string; readonly alg: Algorithm; readonly use: 'sig' };

/** The process's own keys. Its methods throw what the port throws. */
export class IssuerKeys {
  readonly #store: KeyStore;
  /** The one that signs is first. */
  #keys: readonly [IssuerKey, ...IssuerKey[]];

  private constructor(store: KeyStore, keys: readonly [IssuerKey, ...IssuerKey[]]) {
    this.#store = store;
    this.#keys = keys;
  }

  /** Loads the keys, or makes and saves the first. Rejects with `corrupt` when what is stored are no keys: making others would end every token. */
  static async open(store: KeyStore, nowMs: number): Promise<IssuerKeys> {
    const stored = store.load();
    if (stored !== null) return new IssuerKeys(store, await loaded(stored));
    const keys: readonly [IssuerKey] = [await newKey(nowMs)];
    store.save(savedForm(keys));
    return new IssuerKeys(store, keys);
  }

  /** The thumbprint (RFC 7638) of the key that signs. */
  get kid(): string {
    return this.#keys[0].verifies.thumbprint;
  }

  /**
   * A new key signs from now on; answers its `kid`. Keys without a token that is still valid are forgotten. Rejects with `conflict`
   * when {@link MAX_ISSUER_KEYS} are in force.
   */
  async rotate(nowMs: number): Promise<string> {
    const fresh = await newKey(nowMs);
    const older = this.#keys.filter((key) => key.lastExpiryMs > nowMs);
    if (older.length >= MAX_ISSUER_KEYS)
      throw new KerbError(
        'conflict',
        `${older.length} keys have tokens that are still valid; wait until some are over`,
      );
    this.#replace([fresh, ...older]);
    return fresh.verifies.thumbprint;
  }

  /** The key of this `kid` when it signs, or has signed tokens that may still be valid. */
  verificationKey(kid: string, nowMs: number): PublicKey | null {
    return this.#inForce(nowMs).find(({ verifies }) => verifies.thumbprint === kid)?.verifies ?? null;
  }

  /** The public keys in force, as a key set (RFC 7517 section 5). */
  published(nowMs: number): { readonly keys: readonly PublishedKey[] } {
    const keys = this.#inForce(nowMs).map(({ verifies: { jwk, thumbprint } }): PublishedKey => ({
      ...jwk,
      kid: thumbprint,
      alg: ALGORITHM,
      use: 'sig',
    }));
    return { keys };
  }

  /** Signs claims of a token that ends at `expiresMs`. That the key is needed until then is saved before. */
  async sign(claims: JWTPayload, expiresMs: number): Promise<string> {
    const key = this.#noteUse(expiresMs);
    const header = { alg: ALGORITHM, kid: key.verifies.thumbprint, typ: 'JWT' };
    return new SignJWT(claims).setProtectedHeader(header).sign(key.signs);
  }

  #inForce(nowMs: number): readonly IssuerKey[] {
    return this.#keys.filter((key, index) => index === 0 || key.lastExpiryMs > nowMs);
  }

  #noteUse(expiresMs: number): IssuerKey {
    const [current, ...older] = this.#keys;
    if (current.lastExpiryMs >= expiresMs) return current;
    const used = { ...current, lastExpiryMs: Math.ceil(expiresMs / KEY_USE_STEP_MS) * KEY_USE_STEP_MS };
    this.#replace([used, ...older]);
    return used;
  }

  /** What is not saved does not come into force. */
  #replace(keys: readonly [IssuerKey, ...IssuerKey[]]): void {
    this.#store.save(savedForm(keys));
    this.#keys = keys;
  }
}

async function newKey(createdMs: number): Promise<IssuerKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return issuerKey(await exportJWK(privateKey), createdMs, 0);
}

async function issuerKey(given: unknown, createdMs: number, lastExpiryMs: number): Promise<IssuerKey> {
  const jwk = signingJwkOf(given);
  const { kty, crv, x } = jwk;
  const signs = await importJWK(jwk, ALGORITHM);
  if (signs instanceof Uint8Array) throw unreadable();
  const verifies = await importPublicKey({ kty, crv, x, kid: await calculateJwkThumbprint({ kty, crv, x }) });
  return { jwk, createdMs, lastExpiryMs, signs, verifies };
}

function signingJwkOf(given: unknown): SigningJwk {
  if (typeof given !== 'object' || given === null) throw unreadable();
  const { kty, crv, x, d }: Partial<Record<string, unknown>> = { ...given };
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string' || typeof d !== 'string') throw unreadable();
  return { kty, crv, x, d };
}

function savedForm(keys: readonly IssuerKey[]): Json {
  return { keys: keys.map(({ jwk, createdMs, lastExpiryMs }) => ({ jwk: { ...jwk }, createdMs, lastExpiryMs })) };
}

async function loaded(stored: Json): Promise<readonly [IssuerKey, ...IssuerKey[]]> {
  if (typeof stored !== 'object' || stored === null) throw unreadable();
  const keys = new Map<string, unknown>(Object.entries(stored)).get('keys');
  if (!Array.isArray(keys)) throw unreadable();
  const [first, ...others] = await Promise.all(keys.map(loadedKey));
  if (first === undefined) throw unreadable();
  return [first, ...others];
}

async function loadedKey(entry: unknown): Promise<IssuerKey> {
  if (typeof entry !== 'object' || entry === null) throw unreadable();
  const { jwk, createdMs, lastExpiryMs }: Partial<Record<string, unknown>> = { ...entry };
  if (typeof createdMs !== 'number' || typeof lastExpiryMs !== 'number') throw unreadable();
  try {
    return await issuerKey(jwk, createdMs, lastExpiryMs);
  } catch (error) {
    // The error of an import may quote what it was given.
    if (error instanceof Error) throw unreadable();
    throw error;
  }
}

function unreadable(): KerbError {
  return new KerbError(
    'corrupt',
    'the stored signing keys cannot be read; restore the store from a backup, or remove the setting issuer-keys, which ends every token',
  );
}
