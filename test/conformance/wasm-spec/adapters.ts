/**
 * Calls of exports that lose no bits. A NaN's payload, a vector and an exnref do not cross into JavaScript, so each signature has
 * an adapter module: it takes and gives integers, turns them into the values and back, and calls the export between.
 */

import { assemble } from './assemble.ts';
import type { Letter, Value } from './values.ts';

/** A function that WebAssembly exports, called with values and answering values; what it throws goes through. */
export type Call = (args: readonly Value[]) => readonly Value[];

interface Crossing {
  readonly wasm: string;
  /** The types that stand for a value of the type at the boundary with JavaScript. */
  readonly host: readonly string[];
  /** Code that makes the value of the parameters `at`, `at + 1`, …. */
  readonly enter: (at: number) => string;
  /** Code that leaves what stands for the value in local `$name`. */
  readonly leave: (name: string) => string;
}

const asItIs = (wasm: string): Crossing => ({
  wasm,
  host: [wasm],
  enter: (at) => `local.get ${at}`,
  leave: (name) => `local.get ${name}`,
});

const CROSSINGS: Readonly<Record<Letter, Crossing>> = {
  i: asItIs('i32'),
  I: asItIs('i64'),
  r: asItIs('funcref'),
  x: asItIs('externref'),
  f: {
    wasm: 'f32',
    host: ['i32'],
    enter: (at) => `local.get ${at} f32.reinterpret_i32`,
    leave: (name) => `local.get ${name} i32.reinterpret_f32`,
  },
  F: {
    wasm: 'f64',
    host: ['i64'],
    enter: (at) => `local.get ${at} f64.reinterpret_i64`,
    leave: (name) => `local.get ${name} i64.reinterpret_f64`,
  },
  v: {
    wasm: 'v128',
    host: ['i64', 'i64'],
    enter: (at) => `local.get ${at} i64x2.splat local.get ${at + 1} i64x2.replace_lane 1`,
    leave: (name) => `local.get ${name} i64x2.extract_lane 0 local.get ${name} i64x2.extract_lane 1`,
  },
  // Only null exists outside of a guest; what comes out is looked at, never held.
  n: { wasm: 'exnref', host: [], enter: () => 'ref.null exn', leave: (name) => `local.get ${name} ref.is_null` },
};
const HOST_OF_EXNREF_RESULT = 'i32';

const adapters = new Map<string, WebAssembly.Module>();
const references = new Map<number, object>();
const numbers = new WeakMap<object, number>();

/** The host's object for the number of a `ref.extern`: the same one every time. */
export function hostReference(number: number): object {
  const known = references.get(number);
  if (known !== undefined) return known;
  const made = { number };
  references.set(number, made);
  numbers.set(made, number);
  return made;
}

/** Whether every type of a signature can be passed and looked at. */
export function isCallable(signature: string): boolean {
  return /^[iIfFvrxn]*->[iIfFvrxn]*$/.test(signature);
}

/** Binds an exported function of this signature. Throws a `TypeError` for a signature that is not {@link isCallable}. */
export function bind(target: unknown, signature: string): Call {
  const { params, results } = lettersOf(signature);
  const { exports } = new WebAssembly.Instance(adapterOf(signature), { guest: { target } });
  const entry = exports['call'];
  if (typeof entry !== 'function') throw new TypeError('an adapter without its export');
  return (args) => {
    if (args.map(({ type }) => type).join('') !== params.join(''))
      throw new TypeError(`arguments ${args.map(({ type }) => type).join('')} for ${signature}`);
    const given: unknown = Reflect.apply(entry, undefined, args.flatMap(toHost));
    return fromHost(results, Array.isArray(given) ? given : [given]);
  };
}

function adapterOf(signature: string): WebAssembly.Module {
  const known = adapters.get(signature);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(assemble(adapterText(signature)));
  adapters.set(signature, module);
  return module;
}

/** The text of an adapter: what the tests look at. */
export function adapterText(signature: string): string {
  const { params, results } = lettersOf(signature);
  const types = (kind: string, names: readonly string[]): string =>
    names.length === 0 ? '' : `(${kind} ${names.join(' ')})`;
  const wasm = (letters: readonly Letter[]): string[] => letters.map((letter) => CROSSINGS[letter].wasm);
  const hostResults = results.flatMap((letter) => (letter === 'n' ? [HOST_OF_EXNREF_RESULT] : CROSSINGS[letter].host));
  let at = 0;
  const entering = params.map((letter) => {
    const code = CROSSINGS[letter].enter(at);
    at += CROSSINGS[letter].host.length;
    return code;
  });
  const locals = results.map((letter, index) => `(local $r${index} ${CROSSINGS[letter].wasm})`);
  const storing = results.map((_, index) => `local.set $r${index}`).toReversed();
  const leaving = results.map((letter, index) => CROSSINGS[letter].leave(`$r${index}`));
  return `(module
    (import "guest" "target" (func $target ${types('param', wasm(params))} ${types('result', wasm(results))}))
    (func (export "call") ${types(
      'param',
      params.flatMap((letter) => CROSSINGS[letter].host),
    )} ${types('result', hostResults)}
      ${locals.join(' ')}
      ${[...entering, 'call $target', ...storing, ...leaving].join('\n      ')}))`;
}

function lettersOf(signature: string): { readonly params: readonly Letter[]; readonly results: readonly Letter[] } {
  if (!isCallable(signature)) throw new TypeError(`no adapter for ${signature}`);
  const [params = '', results = ''] = signature.split('->');
  return { params: Array.from(params, asLetter), results: Array.from(results, asLetter) };
}

function asLetter(text: string): Letter {
  return text as Letter;
}

function toHost(value: Value): unknown[] {
  if ('bits' in value) {
    const low = BigInt.asIntN(64, value.bits);
    if (value.type === 'i' || value.type === 'f') return [Number(BigInt.asIntN(32, value.bits))];
    return value.type === 'v' ? [low, BigInt.asIntN(64, value.bits >> 64n)] : [low];
  }
  if (value.type === 'n') return [];
  return [typeof value.reference === 'number' ? hostReference(value.reference) : null];
}

function fromHost(results: readonly Letter[], given: readonly unknown[]): Value[] {
  let at = 0;
  const next = (): unknown => given[at++];
  return results.map((type): Value => {
    if (type === 'i' || type === 'f') return { type, bits: BigInt.asUintN(32, BigInt(next() as number)) };
    if (type === 'I' || type === 'F') return { type, bits: BigInt.asUintN(64, next() as bigint) };
    if (type === 'v') {
      const low = BigInt.asUintN(64, next() as bigint);
      return { type, bits: low | (BigInt.asUintN(64, next() as bigint) << 64n) };
    }
    if (type === 'n') return { type, reference: next() === 1 ? 'null' : 'some' };
    return { type, reference: referenceOf(next()) };
  });
}

function referenceOf(given: unknown): 'null' | 'some' | number {
  if (given === null) return 'null';
  return (typeof given === 'object' ? numbers.get(given) : undefined) ?? 'some';
}
