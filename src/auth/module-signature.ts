/**
 * Signatures over modules: a JWS in compact form with its payload left out (RFC 7515 appendix F), which is the ASCII text
 * `sha256:` and the module's digest in hex. Any JOSE library can make one.
 */
import { calculateJwkThumbprint, CompactSign, importJWK, type JWK } from 'jose';
import { KerbError } from '../errors.ts';
import { hasSignatureOf, JwsRefused, readCompact, type CompactJws } from './compact-jws.ts';
import { MAX_MODULE_SIGNATURE_LENGTH, MAX_SIGNING_KEYS } from './limits.ts';
import { importPublicKey, type PublicKey } from './public-key.ts';

const DIGEST = /^[0-9a-f]{64}$/;
const DETACHED = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/;

/**
 * Signs a module's digest, 64 hex digits, with an Ed25519 or P-256 key. Throws `bad_request`, without what was given, when the key
 * is not a private JWK of these.
 */
export async function signModule(privateJwk: unknown, digest: string): Promise<string> {
  const payload = payloadOf(digest);
  const { kty, crv, x, y, d, alg: named, use }: JWK = isJwk(privateJwk) ? privateJwk : {};
  if (typeof d !== 'string') throw new KerbError('bad_request', 'this key cannot sign: give a private JWK, with d');
  const { jwk, alg } = await importPublicKey({ kty, crv, x, y, alg: named, use });
  const header = { alg, kid: await calculateJwkThumbprint(jwk) };
  const [first, , last] = (await signed(payload, header, { ...jwk, d })).split('.');
  return `${first}..${last}`;
}

/**
 * The thumbprint (RFC 7638) of the key that signed this digest. `keys` are public JWKs. A `kid` in the signature must be the
 * thumbprint or the `kid` of one of them; without it each is tried. Throws `signature_required`, saying why, when it is not a
 * signature of this module by one of these keys, and `bad_request` when one of the keys cannot be used.
 */
export async function verifyModuleSignature(jws: string, digest: string, keys: readonly JWK[]): Promise<string> {
  const read = readDetached(jws, payloadOf(digest));
  if (keys.length > MAX_SIGNING_KEYS)
    throw new KerbError('bad_request', `more than ${MAX_SIGNING_KEYS} keys may sign; remove some`);
  const known = await Promise.all(keys.map(importPublicKey));
  const named = known.filter(({ thumbprint, kid }) => read.kid === null || read.kid === thumbprint || read.kid === kid);
  if (named.length === 0) throw refused('it is by a key that may not sign for this tenant; sign with one that may');
  const signer = await signerAmong(named, read);
  if (signer === null)
    throw refused(
      'it does not fit this module and these keys; sign the bytes that are uploaded, with a key that may sign',
    );
  return signer.thumbprint;
}

function isJwk(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null;
}

function payloadOf(digest: string): string {
  if (!DIGEST.test(digest)) throw new TypeError('a digest is 64 lower-case hex digits');
  return `sha256:${digest}`;
}

async function signed(payload: string, header: { alg: string; kid: string }, jwk: JWK): Promise<string> {
  try {
    const key = await importJWK(jwk, header.alg);
    return await new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader(header).sign(key);
  } catch {
    // An error of the import may quote the key.
    throw new KerbError('bad_request', 'this key cannot sign: d does not belong to the rest of it');
  }
}

function readDetached(jws: string, payload: string): CompactJws {
  const [, header, signature] = (jws.length <= MAX_MODULE_SIGNATURE_LENGTH ? DETACHED.exec(jws) : null) ?? [];
  if (header === undefined || signature === undefined)
    throw refused('it is not of the form header..signature (RFC 7515 appendix F)');
  try {
    return readCompact(`${header}.${Buffer.from(payload).toString('base64url')}.${signature}`);
  } catch (error) {
    if (!(error instanceof JwsRefused)) throw error;
    throw refused(
      error.fault === 'malformed'
        ? 'it is malformed'
        : 'its header must be alg and kid; crit, b64 and keys are not taken',
    );
  }
}

async function signerAmong(keys: readonly PublicKey[], jws: CompactJws): Promise<PublicKey | null> {
  for (const key of keys) if (await hasSignatureOf(jws, key)) return key;
  return null;
}

function refused(why: string): KerbError {
  return new KerbError('signature_required', `the module signature is refused: ${why}`);
}
