/** Function signatures as short text, so that an exact match is one string comparison. */

/** The value types that Kerb's host functions use: i32, i64, f32, f64. Others never cross the host boundary. */
export type ScalarCode = 'i' | 'I' | 'f' | 'F';

/**
 * A signature as text: codes of the parameters, `->`, codes of the results; `"ii->I"` takes two i32 and gives an i64, and
 * `"->"` takes and gives nothing. Types outside {@link ScalarCode} print as their own letters (`v` v128, `r` funcref,
 * `x` externref, `n` exnref) and therefore never equal a host function's.
 */
export type Signature = `${string}->${string}`;

/** The functions that guests may import: module name → function name → the exact signature. */
export type ImportTable = ReadonlyMap<string, ReadonlyMap<string, Signature>>;

/** The exports that a host calls, each with its exact signature, or with those that versions of its ABI have given it. */
export type ExportTable = ReadonlyMap<string, Signature | readonly Signature[]>;

/** Letters of the value types, by their byte in the binary format. */
const LETTERS: ReadonlyMap<number, string> = new Map([
  [0x7f, 'i'],
  [0x7e, 'I'],
  [0x7d, 'f'],
  [0x7c, 'F'],
  [0x7b, 'v'],
  [0x70, 'r'],
  [0x6f, 'x'],
  [0x69, 'n'],
]);

/** Words of the letters, for people. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['i', 'i32'],
  ['I', 'i64'],
  ['f', 'f32'],
  ['F', 'f64'],
  ['v', 'v128'],
  ['r', 'funcref'],
  ['x', 'externref'],
  ['n', 'exnref'],
]);

/** The signature of a function type, given as the bytes of its value types; an unknown byte prints as `?`. */
export function formatSignature(type: {
  readonly params: readonly number[];
  readonly results: readonly number[];
}): Signature {
  return `${letters(type.params)}->${letters(type.results)}`;
}

/** A signature for people: `"ii->I"` becomes `"(i32, i32) -> (i64)"`. */
export function explainSignature(signature: Signature): string {
  const [params = '', results = ''] = signature.split('->');
  return `(${words(params)}) -> (${words(results)})`;
}

function letters(types: readonly number[]): string {
  return types.map((type) => LETTERS.get(type) ?? '?').join('');
}

function words(codes: string): string {
  return Array.from(codes, (code) => WORDS.get(code) ?? '?').join(', ');
}
