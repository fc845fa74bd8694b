/** Values as bits: constants of a script, results of calls, and what an assertion accepts. */

import { ScriptError, headOf } from './sexpr.ts';
import type { List, Node } from './sexpr.ts';

/** Letters of the value types, as in the signatures of `src/wasm/signature.ts`. */
export type Letter = 'i' | 'I' | 'f' | 'F' | 'v' | 'r' | 'x' | 'n';

/** A value. Numbers and vectors are their bits, unsigned; a reference is null, a host's number, or just some reference. */
export type Value =
  | { readonly type: 'i' | 'I' | 'f' | 'F' | 'v'; readonly bits: bigint }
  | { readonly type: 'r' | 'x' | 'n'; readonly reference: 'null' | 'some' | number };

/** The bits of a float as the script writes it; `width` is 32 or 64. Undefined for what is no float. */
export type FloatBits = (width: 32 | 64, text: string) => bigint | undefined;

/** What an assertion accepts in one place. */
export type Pattern = (value: Value | undefined) => boolean;

const NAMES: Readonly<Record<Letter, string>> = {
  i: 'i32',
  I: 'i64',
  f: 'f32',
  F: 'f64',
  v: 'v128',
  r: 'funcref',
  x: 'externref',
  n: 'exnref',
};
const DIGITS: Readonly<Record<string, number>> = { i: 8, I: 16, f: 8, F: 16, v: 32 };
const SHAPES: Readonly<Record<string, number>> = { i8x16: 8, i16x8: 16, i32x4: 32, i64x2: 64, f32x4: 32, f64x2: 64 };
const NULL_TYPES: Readonly<Record<string, readonly Letter[]>> = {
  func: ['r'],
  nofunc: ['r'],
  extern: ['x'],
  noextern: ['x'],
  exn: ['n'],
  noexn: ['n'],
};
const NAN_PATTERN = /^nan:(?:canonical|arithmetic)$/;

/** A value for people and for comparison: two values are identical exactly when their texts are. */
export function show(value: Value): string {
  if ('bits' in value)
    return `${NAMES[value.type]}:0x${value.bits.toString(16).padStart(DIGITS[value.type] ?? 0, '0')}`;
  return `${NAMES[value.type]}:${value.reference}`;
}

/** The value of a constant expression of a script. Throws {@link ScriptError} for one that is none. */
export function constantOf(node: List, floats: FloatBits): Value {
  const head = headOf(node);
  const argument = word(node, 1);
  if (head === 'i32.const') return { type: 'i', bits: integer(argument, 32, node) };
  if (head === 'i64.const') return { type: 'I', bits: integer(argument, 64, node) };
  if (head === 'f32.const') return { type: 'f', bits: float(32, argument, node, floats) };
  if (head === 'f64.const') return { type: 'F', bits: float(64, argument, node, floats) };
  if (head === 'v128.const') return { type: 'v', bits: vector(lanesOf(node), node, floats) };
  if (head === 'ref.extern' || head === 'ref.host') return { type: 'x', reference: Number(argument) };
  const [type] = head === 'ref.null' ? (NULL_TYPES[argument] ?? []) : [];
  if (type === 'r' || type === 'x' || type === 'n') return { type, reference: 'null' };
  throw new ScriptError(node.line, `${head} ${argument} is no constant that can be passed`);
}

/** What a result of an assertion accepts. Throws {@link ScriptError} for a form that is not known. */
export function patternOf(node: List, floats: FloatBits): Pattern {
  const head = headOf(node);
  const argument = word(node, 1);
  if (head === 'either') {
    const options = node.items.slice(1).flatMap((item) => (item.kind === 'list' ? [patternOf(item, floats)] : []));
    return (value) => options.some((accepts) => accepts(value));
  }
  if (head === 'float') return (value) => isNan(value?.type === 'f' ? 32 : 64, argument, numeric(value, 'f', 'F'));
  if (NAN_PATTERN.test(argument) && head === 'f32.const') return (value) => isNan(32, argument, numeric(value, 'f'));
  if (NAN_PATTERN.test(argument) && head === 'f64.const') return (value) => isNan(64, argument, numeric(value, 'F'));
  if (head === 'v128.const') return vectorPattern(node, floats);
  return referencePattern(head, argument) ?? exactly(constantOf(node, floats));
}

/** Every float literal of constants and results, so that their bits can be had at once. */
export function* floatLiterals(node: Node): Generator<readonly [32 | 64, string]> {
  if (node.kind !== 'list') return;
  const head = headOf(node);
  const shape = head === 'v128.const' ? word(node, 1) : head.slice(0, 3);
  const width = shape.startsWith('f32') ? 32 : 64;
  const texts = node.items
    .slice(head === 'v128.const' ? 2 : 1)
    .flatMap((item) => (item.kind === 'atom' ? [item.text] : []));
  if (/^f(?:32|64)/.test(shape)) for (const text of texts) yield [width, text];
  for (const item of node.items) yield* floatLiterals(item);
}

function exactly(wanted: Value): Pattern {
  return (value) => value !== undefined && show(value) === show(wanted);
}

function referencePattern(head: string, argument: string): Pattern | null {
  const reference = (value: Value | undefined): string | number | null =>
    value !== undefined && 'reference' in value ? value.reference : null;
  const types = head === 'ref.null' ? (NULL_TYPES[argument] ?? (argument === '' ? ['r', 'x', 'n'] : [])) : [];
  if (types.length > 0)
    return (value) => value !== undefined && types.includes(value.type) && reference(value) === 'null';
  if (head === 'ref.func') return (value) => value?.type === 'r' && reference(value) === 'some';
  if (head === 'ref.extern' && argument === '')
    return (value) => value?.type === 'x' && reference(value) !== 'null' && reference(value) !== null;
  return null;
}

interface Lanes {
  readonly width: number;
  readonly float: 32 | 64 | null;
  readonly texts: readonly string[];
}

function lanesOf(node: List): Lanes {
  const shape = word(node, 1);
  const width = SHAPES[shape];
  const texts = node.items.slice(2).flatMap((item) => (item.kind === 'atom' ? [item.text] : []));
  if (width === undefined || texts.length !== 128 / width) throw new ScriptError(node.line, `lanes of ${shape}`);
  return { width, float: shape === 'f32x4' ? 32 : shape === 'f64x2' ? 64 : null, texts };
}

function laneBits(lanes: Lanes, text: string, node: List, floats: FloatBits): bigint {
  return lanes.float === null ? integer(text, lanes.width, node) : float(lanes.float, text, node, floats);
}

function vector(lanes: Lanes, node: List, floats: FloatBits): bigint {
  return lanes.texts.reduce(
    (bits, text, lane) => bits | (laneBits(lanes, text, node, floats) << BigInt(lane * lanes.width)),
    0n,
  );
}

function vectorPattern(node: List, floats: FloatBits): Pattern {
  const lanes = lanesOf(node);
  const wanted = lanes.texts.map((text) =>
    lanes.float !== null && NAN_PATTERN.test(text) ? text : laneBits(lanes, text, node, floats),
  );
  return (value) => {
    const bits = numeric(value, 'v');
    if (bits === null) return false;
    return wanted.every((lane, index) => {
      const given = BigInt.asUintN(lanes.width, bits >> BigInt(index * lanes.width));
      return typeof lane === 'string' ? isNan(lanes.float ?? 64, lane, given) : lane === given;
    });
  };
}

function numeric(value: Value | undefined, ...types: readonly Letter[]): bigint | null {
  return value !== undefined && 'bits' in value && types.includes(value.type) ? value.bits : null;
}

/** A canonical NaN has only the highest bit of the payload, an arithmetic one at least that; the sign is free. */
function isNan(width: 32 | 64, pattern: string, bits: bigint | null): boolean {
  if (bits === null) return false;
  const canonical = width === 32 ? 0x7fc00000n : 0x7ff8000000000000n;
  const magnitude = BigInt.asUintN(width - 1, bits);
  return pattern === 'nan:canonical' ? magnitude === canonical : (magnitude & canonical) === canonical;
}

function float(width: 32 | 64, text: string, node: List, floats: FloatBits): bigint {
  const bits = floats(width, text);
  if (bits === undefined) throw new ScriptError(node.line, `${text} is no float`);
  return bits;
}

function integer(text: string, width: number, node: List): bigint {
  const match = /^([+-]?)(\d+|0x[\da-fA-F]+)$/.exec(text.replaceAll('_', ''));
  if (match?.[2] === undefined) throw new ScriptError(node.line, `${text} is no integer`);
  const magnitude = BigInt(match[2]);
  return BigInt.asUintN(width, match[1] === '-' ? -magnitude : magnitude);
}

function word(node: List, index: number): string {
  const item = node.items[index];
  return item?.kind === 'atom' ? item.text : '';
}
