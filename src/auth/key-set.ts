/** Key sets of other issuers (RFC 7517 section 5), by key id. */
import { KerbError } from '../errors.ts';
import { MAX_SET_KEYS } from './limits.ts';
import { importPublicKey, showsSecret, type PublicKey, type VerifyingKey } from './public-key.ts';

/** Keys by their `kid`. */
export type KeySet = ReadonlyMap<string, PublicKey>;

/**
 * The usable keys of a set. Keys of other kinds, for other uses or without a `kid` are left out: issuers publish such ones too. So
 * are those that share a `kid`, since which of them is meant cannot be told. Throws `bad_request` when it is no key set, is too
 * large, or shows a private key.
 */
export function readKeySet(value: unknown): Promise<KeySet> {
  return readKeysWith(value, importPublicKey);
}

/**
 * As {@link readKeySet}, for the keys that `read` takes.
 *
 * @param read - Reads one key; rejects with a `KerbError` when it is none that is of use.
 */
export async function readKeysWith<Key extends VerifyingKey>(
  value: unknown,
  read: (entry: unknown) => Promise<Key>,
): Promise<ReadonlyMap<string, Key>> {
  const entries = entriesOf(value);
  if (entries.some(showsSecret)) throw new KerbError('bad_request', 'the key set shows a private key');
  const found = new Map<string, Key | null>();
  for (const key of await Promise.all(entries.map((entry) => usable(entry, read))))
    if (key !== null && key.kid !== null) found.set(key.kid, found.has(key.kid) ? null : key);
  return new Map([...found].flatMap(([kid, key]) => (key === null ? [] : [[kid, key]])));
}

function entriesOf(value: unknown): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : undefined;
  if (!Array.isArray(keys)) throw new KerbError('bad_request', 'a key set is a JSON object with a list "keys"');
  if (keys.length > MAX_SET_KEYS) throw new KerbError('bad_request', `the key set has more than ${MAX_SET_KEYS} keys`);
  return keys;
}

async function usable<Key>(entry: unknown, read: (entry: unknown) => Promise<Key>): Promise<Key | null> {
  try {
    return await read(entry);
  } catch (error) {
    if (error instanceof KerbError) return null;
    throw error;
  }
}
