/** RSA keys of tenants' issuers, as JWKs (RFC 7518 section 6.3): for RS256 alone. Nothing of Kerb's own is signed with one. */
import { importJWK } from 'jose';
import { decodeBase64url } from './base64url.ts';
import { MAX_RSA_BYTES, MIN_RSA_BYTES } from './limits.ts';
import {
  checkPurpose,
  importPublicKey,
  kidOf,
  membersOf,
  refused,
  showsSecret,
  type VerifyingKey,
} from './public-key.ts';

const ALG = 'RS256';
/** 65,537: every issuer's, and none of the small ones that attacks on padding need. */
const EXPONENT = 'AQAB';

/**
 * Imports a key that tokens of a tenant's issuer may be signed with: RSA from 2,048 to 8,192 bits with the exponent 65,537, Ed25519 or
 * P-256. Throws `bad_request` for anything else, as {@link importPublicKey}.
 */
export function importIssuerKey(given: unknown): Promise<VerifyingKey> {
  return membersOf(given).get('kty') === 'RSA' ? importRsaKey(given) : importPublicKey(given);
}

async function importRsaKey(given: unknown): Promise<VerifyingKey> {
  const members = membersOf(given);
  if (showsSecret(given)) throw refused('it is a private key; give the public one, and replace this key');
  checkPurpose(members, ALG);
  const [n, e] = [members.get('n'), members.get('e')];
  if (typeof n !== 'string' || !hasGoodSize(decodeBase64url(n)))
    throw refused('n must be a number of 2048 to 8192 bits in base64url without padding');
  if (e !== EXPONENT) throw refused(`e must be ${EXPONENT}`);
  const key = await importJWK({ kty: 'RSA', n, e }, ALG);
  if (key instanceof Uint8Array) throw refused('it is no RSA key');
  return Object.freeze({ kid: kidOf(members), alg: ALG, key });
}

/** RFC 7518 section 3.3: at least 2,048 bits. The first bit counts, or a small number with zeros before it would pass. */
function hasGoodSize(modulus: Uint8Array | null): boolean {
  if (modulus === null || modulus.length < MIN_RSA_BYTES || modulus.length > MAX_RSA_BYTES) return false;
  return ((modulus[0] ?? 0) & 0x80) !== 0 && ((modulus.at(-1) ?? 0) & 1) === 1;
}
