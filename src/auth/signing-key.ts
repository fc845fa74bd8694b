/** Keys with which tenants sign tokens: private JWKs (RFC 7517) from their secrets, Ed25519 or P-256. */
import { CompactSign, importJWK, type CryptoKey } from 'jose';
import { decodeBase64url } from './base64url.ts';
import { hasSignatureOf, readCompact } from './compact-jws.ts';
import { MAX_SIGNING_JWK_BYTES } from './limits.ts';
import { importPublicKey, type Algorithm, type PublicJwk, type PublicKey } from './public-key.ts';
import { readObject } from './strict-json.ts';
import { KerbError } from '../errors.ts';

/** A key that signs, and its public half. */
export interface SigningKey {
  /** What tokens name it by: the JWK's own `kid`, or else its thumbprint. */
  readonly kid: string;
  readonly alg: Algorithm;
  readonly signs: CryptoKey;
  readonly verifies: PublicKey;
}

/** Bytes of the private part of either kind of key (RFC 8037 section 2, RFC 7518 section 6.2.2.1). */
const PRIVATE_BYTES = 32;

/**
 * Reads a private key. Throws `bad_request` with what is wrong, never with what was given, for anything but one JWK of `alg` whose
 * private and public parts belong together.
 */
export async function readSigningKey(bytes: Uint8Array, alg: Algorithm): Promise<SigningKey> {
  const members = bytes.length > MAX_SIGNING_JWK_BYTES ? null : readObject(bytes);
  if (members === null) throw unusable('it is no JWK, a JSON object (RFC 7517)');
  const d = members.get('d');
  if (typeof d !== 'string' || decodeBase64url(d)?.length !== PRIVATE_BYTES)
    throw unusable('it has no private part d of 32 bytes in base64url');
  const verifies = await publicHalf(members);
  if (verifies.alg !== alg) throw unusable(`its kind of key signs ${verifies.alg}, and the manifest says ${alg}`);
  const key = { kid: verifies.kid ?? verifies.thumbprint, alg, verifies, signs: await imported(verifies.jwk, d, alg) };
  if (!(await isOnePair(key))) throw unusable('its private and public parts do not belong together');
  return Object.freeze(key);
}

/** Signs a payload as a JWT in compact form (RFC 7515 section 3.1). */
export function signedWith({ alg, kid, signs }: SigningKey, payload: Uint8Array): Promise<string> {
  return new CompactSign(payload).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(signs);
}

async function publicHalf(members: ReadonlyMap<string, unknown>): Promise<PublicKey> {
  const operations = members.get('key_ops');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('sign')))
    throw unusable('key_ops must have "sign", or be absent');
  const visible = [...members].filter(([name]) => name !== 'd' && name !== 'key_ops');
  try {
    return await importPublicKey(Object.fromEntries(visible));
  } catch (error) {
    if (error instanceof KerbError) throw unusable('kty, crv, x and y must be those of an Ed25519 or a P-256 key');
    throw error;
  }
}

async function imported(jwk: PublicJwk, d: string, alg: Algorithm): Promise<CryptoKey> {
  try {
    const key = await importJWK({ ...jwk, d }, alg);
    if (!(key instanceof Uint8Array)) return key;
  } catch {
    // The error of an import may quote what it was given.
  }
  throw unusable('its private and public parts do not belong together');
}

async function isOnePair(key: SigningKey): Promise<boolean> {
  return hasSignatureOf(readCompact(await signedWith(key, Buffer.from('{}'))), key.verifies);
}

function unusable(what: string): KerbError {
  return new KerbError('bad_request', `this is not a usable signing key: ${what}`);
}
