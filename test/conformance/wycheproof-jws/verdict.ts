/** What Kerb says to a vector: the way of a token of another issuer, from its key set to its signature. */

import { hasSignatureOf, JwsRefused, readCompact } from '../../../src/auth/compact-jws.ts';
import { readKeySet, type KeySet } from '../../../src/auth/key-set.ts';
import { KerbError } from '../../../src/errors.ts';
import type { Vector } from './vectors.ts';

/** Whether Kerb accepts a vector. Never throws but for a fault of Kerb's. */
export async function accepts({ keySet, jws }: Vector): Promise<boolean> {
  return isAccepted(jws, await keysOf(keySet));
}

/** Secret keys make the whole set one that is refused. */
async function keysOf(keySet: unknown): Promise<KeySet> {
  try {
    return await readKeySet(keySet);
  } catch (error) {
    if (error instanceof KerbError) return new Map();
    throw error;
  }
}

async function isAccepted(text: string, keys: KeySet): Promise<boolean> {
  try {
    const jws = readCompact(text);
    const key = keys.get(jws.kid ?? '');
    return key !== undefined && (await hasSignatureOf(jws, key));
  } catch (error) {
    if (error instanceof JwsRefused) return false;
    throw error;
  }
}
