/** Tokens made by hand: the bytes of each part are the test's, so that no library corrects an attack. */
import { createHmac, createPublicKey, generateKeyPairSync, sign, type KeyObject, type webcrypto } from 'node:crypto';

/** base64url of bytes, of a text, or of a value as JSON. */
export function part(value: unknown): string {
  const bytes = value instanceof Uint8Array ? value : typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(bytes).toString('base64url');
}

/** What signs the input of a JWS. */
export type Signer = (input: Buffer) => Uint8Array;

/** Header and payload, each a value or text as it is, signed. */
export function forge(header: unknown, payload: unknown, signer: Signer): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${part(signer(Buffer.from(input)))}`;
}

/** A key pair with what a test needs of it. */
export interface Pair {
  readonly alg: 'EdDSA' | 'ES256';
  readonly privateKey: KeyObject;
  readonly privateJwk: webcrypto.JsonWebKey;
  readonly publicJwk: webcrypto.JsonWebKey;
  readonly sign: Signer;
}

/** A fresh Ed25519 key pair. */
export function ed25519(): Pair {
  return pairOf(generateKeyPairSync('ed25519').privateKey, 'EdDSA');
}

/** A fresh P-256 key pair. */
export function p256(): Pair {
  return pairOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey, 'ES256');
}

/** A pair from its private key. */
export function pairOf(privateKey: KeyObject, alg: Pair['alg']): Pair {
  const signer: Signer = (input) =>
    alg === 'EdDSA'
      ? sign(null, input, privateKey)
      : sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const privateJwk = privateKey.export({ format: 'jwk' });
  const publicJwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { alg, privateKey, privateJwk, publicJwk, sign: signer };
}

/** HMAC-SHA256, the algorithm `HS256`. */
export function hmac(secret: Uint8Array | string): Signer {
  return (input) => createHmac('sha256', secret).update(input).digest();
}
