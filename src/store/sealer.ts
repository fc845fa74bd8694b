/**
 * Seals values with AES-256-GCM (NIST SP 800-38D), each for the place it is stored at: bytes of the database alone do not show them,
 * and a value that is moved to another name or tenant does not open.
 *
 * ```
 * | format 1 B | key id 8 B | nonce 12 B | ciphertext | tag 16 B |
 * ```
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, type DecipherGCM } from 'node:crypto';
import { KerbError } from '../errors.ts';
import { quoted } from '../quoted.ts';

const ALGORITHM = 'aes-256-gcm';
const FORMAT = 1;
const KEY_ID_BYTES = 8;
/** Random nonces of 96 bits are safe for 2^32 values under one key (SP 800-38D section 8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
const LEAST_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;

/** Bytes of a sealing key. */
export const SEALING_KEY_BYTES = 32;

/** Where a sealed value belongs, from the kind to the name: `['secret', tenant, name]`. */
export type SealedPlace = readonly string[];

/** Seals and opens values. */
export interface Sealer {
  /** The sealed value, different each time. */
  seal(place: SealedPlace, value: Uint8Array): Uint8Array;
  /**
   * The value. Throws `corrupt`, which names the place and never the value, when it was sealed with another key, for another place,
   * or was changed since.
   */
  open(place: SealedPlace, sealed: Uint8Array): Uint8Array;
}

/** A sealer with a key of 32 bytes; throws a `TypeError` for any other length. */
export function sealerOf(key: Uint8Array): Sealer {
  if (key.length !== SEALING_KEY_BYTES) throw new TypeError(`a sealing key has ${SEALING_KEY_BYTES} bytes`);
  const own = Uint8Array.from(key);
  const head = Buffer.concat([Uint8Array.of(FORMAT), keyIdOf(own)]);
  return Object.freeze({
    seal: (place: SealedPlace, value: Uint8Array) => seal(own, head, place, value),
    open: (place: SealedPlace, sealed: Uint8Array) => open(own, head, place, sealed),
  });
}

function seal(key: Uint8Array, head: Uint8Array, place: SealedPlace, value: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(head, place));
  return Buffer.concat([head, nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, head: Buffer, place: SealedPlace, sealed: Uint8Array): Uint8Array {
  const [first] = sealed;
  if (sealed.length < LEAST_BYTES || first !== FORMAT) throw damaged(place);
  if (!head.equals(sealed.subarray(0, HEAD_BYTES))) throw otherKey(place, head, sealed);
  const nonce = sealed.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(head, place));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return deciphered(decipher, sealed.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES), place);
}

function deciphered(decipher: DecipherGCM, ciphertext: Uint8Array, place: SealedPlace): Uint8Array {
  try {
    return Uint8Array.from(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  } catch {
    throw damaged(place); // The only failure here is a tag that does not fit.
  }
}

/** Names the key without telling anything about it. */
function keyIdOf(key: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update('kerb sealing key id').digest().subarray(0, KEY_ID_BYTES);
}

/** JSON keeps `['a', 'bc']` and `['ab', 'c']` apart. */
function boundTo(head: Uint8Array, place: SealedPlace): Uint8Array {
  return Buffer.concat([head, Buffer.from(JSON.stringify(place))]);
}

function otherKey(place: SealedPlace, head: Uint8Array, sealed: Uint8Array): KerbError {
  const [own, others] = [head, sealed].map((bytes) => Buffer.from(bytes.subarray(1, HEAD_BYTES)).toString('hex'));
  const message = `${said(place)} was sealed with the key ${others}, and the key at hand is ${own}`;
  return new KerbError('corrupt', `${message}; give Kerb the key it was sealed with, or set the value anew`);
}

function damaged(place: SealedPlace): KerbError {
  return new KerbError('corrupt', `${said(place)} is not what was sealed; restore the database, or set the value anew`);
}

function said(place: SealedPlace): string {
  return `the sealed value ${quoted(place.join(' / '))}`;
}
