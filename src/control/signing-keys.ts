/** The keys that may sign a tenant's modules, from what somebody sent to what is stored. */
import { MAX_SIGNING_KEYS } from '../auth/limits.ts';
import { importPublicKey, type PublicKey } from '../auth/public-key.ts';
import { KerbError } from '../errors.ts';
import type { Json } from '../store/records.ts';

/** Keys that were checked. */
export interface SigningKeys {
  readonly requiredKeys: readonly string[];
  /** Public JWKs. */
  readonly signingKeys: readonly Json[];
  /** Of all keys. */
  readonly thumbprints: readonly string[];
}

/**
 * Checks keys and the thumbprints of those that are required. Rejects with `bad_request` for a key that cannot be used, too many of
 * them, and required ones that are not among them.
 */
export async function acceptSigningKeys(required: readonly string[], keys: readonly Json[]): Promise<SigningKeys> {
  if (keys.length > MAX_SIGNING_KEYS)
    throw new KerbError('bad_request', `keys: more than ${MAX_SIGNING_KEYS} may not sign; leave some out`);
  const known = await Promise.all(keys.map(importPublicKey));
  const thumbprints = [...new Set(known.map(({ thumbprint }) => thumbprint))];
  const lost = required.filter((thumbprint) => !thumbprints.includes(thumbprint));
  if (lost.length > 0)
    throw new KerbError('bad_request', 'required: names keys that are not in keys, so nothing could be deployed', lost);
  return { requiredKeys: required, signingKeys: known.map(keptKey), thumbprints };
}

/** Signatures may name a key by what its owner calls it. */
function keptKey({ jwk, kid }: PublicKey): Json {
  return kid === null ? { ...jwk } : { ...jwk, kid };
}
