/**
 * Public keys from outside, as JWKs (RFC 7517): Ed25519 (RFC 8037) and P-256 only, checked before anything is verified with
 * them. A key has one algorithm for good, so that no header can choose another for it.
 */
import { calculateJwkThumbprint, importJWK, type CryptoKey } from 'jose';
import { KerbError } from '../errors.ts';
import { decodeBase64url } from './base64url.ts';
import { MAX_KID_LENGTH } from './limits.ts';

/** Every algorithm that signatures are taken of. */
export type Algorithm = 'EdDSA' | 'ES256';

/** Exactly the members that make the key. */
export type PublicJwk =
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string };

/** What a signature is verified with: a key, and the one algorithm that it is for. */
export interface VerifyingKey {
  /** What its owner calls it. */
  readonly kid: string | null;
  readonly alg: string;
  readonly key: CryptoKey;
}

/** A key that signatures can be verified with. */
export interface PublicKey extends VerifyingKey {
  /** RFC 7638, SHA-256, base64url. */
  readonly thumbprint: string;
  /** What its owner calls it. */
  readonly kid: string | null;
  readonly alg: Algorithm;
  readonly jwk: PublicJwk;
  readonly key: CryptoKey;
}

/** Members of private and symmetric keys (RFC 7518 section 6, RFC 8037, RFC 9964). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;
const COORDINATE_BYTES = 32;

/**
 * Points of small order: under such a key one signature fits many messages, and not every OpenSSL refuses it. Encodings with the
 * sign bit cleared, in hex: 0, 1, two of order 8, and p - 1, p, p + 1.
 */
const WEAK_POINTS: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/**
 * Imports a public key. Throws `bad_request` with what is wrong, never with what was given, for anything but one usable key:
 * a private or symmetric one, another kind or curve, members that say it is not for signatures, a point that is none.
 * Members that are not known are ignored (RFC 7517 section 4).
 */
export async function importPublicKey(given: unknown): Promise<PublicKey> {
  const members = membersOf(given);
  if (showsSecret(given))
    throw refused('it is a private or secret key; give the public one, and replace this key: it has been shown');
  const jwk = publicJwkOf(members);
  const alg = jwk.kty === 'OKP' ? 'EdDSA' : 'ES256';
  checkPurpose(members, alg);
  const key = await imported(jwk, alg);
  return Object.freeze({ thumbprint: await calculateJwkThumbprint(jwk), kid: kidOf(members), alg, jwk, key });
}

/** Whether a JWK has a member that must stay with its owner. */
export function showsSecret(given: unknown): boolean {
  return typeof given === 'object' && given !== null && SECRET_MEMBERS.some((name) => Object.hasOwn(given, name));
}

/** The error for a key that is not taken. */
export function refused(what: string): KerbError {
  return new KerbError('bad_request', `this is not a usable public key: ${what}`);
}

/** The members of a JWK. Throws `bad_request` when it is no object. */
export function membersOf(given: unknown): ReadonlyMap<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refused('a JWK is a JSON object (RFC 7517)');
  return new Map(Object.entries(given));
}

function publicJwkOf(members: ReadonlyMap<string, unknown>): PublicJwk {
  const [kty, crv] = [members.get('kty'), members.get('crv')];
  if (kty === 'OKP' && crv === 'Ed25519') {
    const x = coordinate(members, 'x');
    const canonical = Buffer.from(x, 'base64url');
    canonical.writeUInt8(canonical.readUInt8(COORDINATE_BYTES - 1) & 0x7f, COORDINATE_BYTES - 1);
    if (WEAK_POINTS.has(canonical.toString('hex'))) throw refused('x is a point of small order');
    return { kty, crv, x };
  }
  if (kty === 'EC' && crv === 'P-256') return { kty, crv, x: coordinate(members, 'x'), y: coordinate(members, 'y') };
  throw refused('kty and crv must be OKP and Ed25519, or EC and P-256');
}

function coordinate(members: ReadonlyMap<string, unknown>, name: 'x' | 'y'): string {
  const text = members.get(name);
  if (typeof text !== 'string' || decodeBase64url(text)?.length !== COORDINATE_BYTES)
    throw refused(`${name} must be ${COORDINATE_BYTES} bytes in base64url without padding`);
  return text;
}

/** RFC 7517 sections 4.2 to 4.4: what a key says about its use binds. Throws `bad_request`. */
export function checkPurpose(members: ReadonlyMap<string, unknown>, alg: string): void {
  const [use, operations] = [members.get('use'), members.get('key_ops')];
  if (use !== undefined && use !== 'sig') throw refused('use must be sig, or absent');
  if (operations !== undefined && !(Array.isArray(operations) && operations.length === 1 && operations[0] === 'verify'))
    throw refused('key_ops must be ["verify"], or absent');
  const named = members.get('alg');
  // RFC 9864 gives EdDSA over this curve a name of its own.
  const isNamed = named === alg || (alg === 'EdDSA' && named === 'Ed25519');
  if (named !== undefined && !isNamed) throw refused(`alg must be ${alg} for this kind of key, or absent`);
}

/** The `kid` of a JWK; `null`: it has none. Throws `bad_request` for one that is empty, too long or no text. */
export function kidOf(members: ReadonlyMap<string, unknown>): string | null {
  const kid = members.get('kid');
  if (kid === undefined) return null;
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH)
    throw refused(`kid must be a text of 1 to ${MAX_KID_LENGTH} characters, or absent`);
  return kid;
}

async function imported(jwk: PublicJwk, alg: Algorithm): Promise<CryptoKey> {
  try {
    const key = await importJWK(jwk, alg);
    if (!(key instanceof Uint8Array)) return key;
  } catch {
    // What is wrong with the point is nothing that whoever sent it can act on: the answer below says all.
  }
  throw refused('its coordinates are no point of the curve');
}
