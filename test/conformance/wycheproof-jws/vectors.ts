/** The vector files, read: only those about JSON web signatures, and of those only what is signed. */

/** One text, and whether it is to be accepted under the keys. */
export interface Vector {
  /** `file#number`. */
  readonly name: string;
  readonly comment: string;
  /** A key set; vectors with a single key have a set of one. */
  readonly keySet: unknown;
  /** Algorithms and kinds that the keys name, sorted: what an expectation goes by. */
  readonly kinds: readonly string[];
  /** The text; for what is not in compact form, its JSON. */
  readonly jws: string;
  readonly isValid: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Groups of other types have vectors of other kinds. */
const TYPES: ReadonlySet<unknown> = new Set(['JsonWebSignature', 'JsonWebKey', 'JsonWebCrypto']);

/** Every vector about signatures in a file; none for a file about something else. Throws an `Error` for a file that is no vector file. */
export function vectorsIn(file: string, text: string): readonly Vector[] {
  const content: unknown = JSON.parse(text);
  if (!isFields(content) || !Array.isArray(content['testGroups'])) throw new Error('it has no testGroups');
  return content['testGroups']
    .filter(isFields)
    .flatMap((group) => (TYPES.has(group['type']) ? ofGroup(file, group) : []));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** A secret key has no public part: it is what the vectors are verified with. */
function ofGroup(file: string, group: Fields): Vector[] {
  const given = group['public'] ?? group['private'];
  const keySet = isFields(given) && Array.isArray(given['keys']) ? given : { keys: [given] };
  const kinds = kindsOf(keySet);
  const tests: readonly unknown[] = Array.isArray(group['tests']) ? group['tests'] : [];
  return tests.filter(isFields).flatMap((test) => {
    const { jws, result } = test;
    if (jws === undefined) return [];
    if (result !== 'valid' && result !== 'invalid')
      throw new Error(`#${String(test['tcId'])} is neither valid nor invalid`);
    const name = `${file}#${String(test['tcId'])}`;
    const asText = typeof jws === 'string' ? jws : JSON.stringify(jws);
    return [{ name, comment: String(test['comment']), keySet, kinds, jws: asText, isValid: result === 'valid' }];
  });
}

function kindsOf(keySet: Fields): string[] {
  const keys: readonly unknown[] = Array.isArray(keySet['keys']) ? keySet['keys'] : [];
  return keys
    .filter(isFields)
    .map(({ kty, crv, alg }) => [kty, crv, alg].filter((word) => typeof word === 'string').join(' '))
    .toSorted();
}
