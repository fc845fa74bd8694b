/** The sections of a generated module that say what it has: tables, memory, globals, segments. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb, section, vector } from '../../unit/wasm/bytes.ts';
import type { Random } from '../random.ts';
import { constantOf, sleb, zeroOf } from './body.ts';
import type { ElementShape, Shape } from './shape.ts';

/** Fuel at the start: what a start function may burn. */
const FIRST_FUEL = 100;

function limits(initial: number, maximum: number | null): number[] {
  return maximum === null ? [0, ...leb(initial)] : [1, ...leb(initial), ...leb(maximum)];
}

/** Tables, some with an initializer expression. */
export function tableSection({ tables }: Shape): number[] {
  const rows = tables.map(({ element, initial, maximum, fill }) => {
    const plain = [element, ...limits(initial, maximum)];
    return fill === null ? plain : [0x40, 0, ...plain, 0xd2, ...leb(fill), 0x0b];
  });
  return section(4, vector(rows));
}

/** The memory, if there is one. */
export function memorySection({ memory }: Shape): number[] {
  return memory === null ? [] : section(5, [1, ...limits(memory.initial, memory.maximum)]);
}

/** Globals with constants, references, extended constant expressions and values of globals before them. */
export function globalSection(random: Random, { globals, declared }: Shape): number[] {
  const rows = globals.map(({ type, mutability }, index) => {
    const before = globals.findIndex((other, place) => place < index && other.type === type && other.mutability === 0);
    const value = index === 0 ? [0x41, ...sleb(FIRST_FUEL)] : initialValue(random, type, before, declared);
    return [type, mutability, ...value, 0x0b];
  });
  return section(6, vector(rows));
}

function initialValue(random: Random, type: ValueType, before: number, declared: readonly number[]): readonly number[] {
  if (before >= 0 && random.once(2)) return [0x23, ...leb(before)];
  if (type === Value.funcref && declared.length > 0 && random.once(2)) return [0xd2, ...leb(random.pick(declared))];
  if (type !== Value.i32 && type !== Value.i64) return constantOf(random, type);
  const first = constantOf(random, type);
  if (random.once(2)) return first;
  const operation = random.below(3) + (type === Value.i32 ? 0x6a : 0x7c);
  return [...first, ...constantOf(random, type), operation];
}

/** Element segments in all eight forms. */
export function elementSection({ elements }: Shape): number[] {
  return section(9, vector(elements.map(segment)));
}

function segment({ mode, form, table, offset, items }: ElementShape): number[] {
  const expressions = form === 'expressions';
  const flags = (mode === 'active' ? (table === 0 ? 0 : 2) : mode === 'passive' ? 1 : 3) + (expressions ? 4 : 0);
  const head = [flags, ...(flags % 4 === 2 ? leb(table) : []), ...(mode === 'active' ? offsetBytes(offset) : [])];
  const kind = flags % 4 === 0 ? [] : [expressions ? Value.funcref : 0];
  const rows = items.map((item) => {
    if (!expressions) return leb(item);
    return item < 0 ? [...zeroOf(Value.funcref), 0x0b] : [0xd2, ...leb(item), 0x0b];
  });
  return [...head, ...kind, ...vector(rows)];
}

/** An offset as a constant, or as a sum. */
function offsetBytes(offset: number): number[] {
  return offset % 2 === 0 ? [0x41, ...sleb(offset), 0x0b] : [0x41, ...sleb(offset - 1), 0x41, 1, 0x6a, 0x0b];
}

/** Data segments: active, passive, and active with an explicit memory. */
export function dataSection(random: Random, { data }: Shape): number[] {
  const rows = data.map(({ offset, bytes }) => {
    const head = offset === null ? [1] : [...(random.once(2) ? [0] : [2, 0]), ...offsetBytes(offset)];
    return [...head, ...leb(bytes.length), ...bytes];
  });
  return section(11, vector(rows));
}
