/** The numeric instructions by what they take and give; the generator composes expressions from them. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';

const { i32, i64, f32, f64 } = Value;

/** What keeps an instruction from trapping too often, or its result from depending on the machine. */
export type Care =
  | 'none'
  /** Division: the second operand is mostly a constant that is neither 0 nor -1. */
  | 'divides'
  /** A conversion that traps: its operand is mostly a small constant. */
  | 'truncates'
  /** The bits of a NaN are not determined: NaNs become the canonical one. */
  | 'nan'
  /** Implementation-defined (relaxed SIMD): executed, and its result dropped. */
  | 'relaxed';

/** One instruction. */
export interface Operator {
  /** Opcode with its prefix, as bytes. */
  readonly code: readonly number[];
  readonly params: readonly ValueType[];
  readonly result: ValueType;
  readonly care: Care;
}

/** Makes an operator for each opcode of `[first, last]`. */
export function operators(
  first: number,
  last: number,
  params: readonly ValueType[],
  result: ValueType,
  care: Care = 'none',
  encode: (opcode: number) => readonly number[] = (opcode) => [opcode],
): Operator[] {
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    code: encode(first + index),
    params,
    result,
    care,
  }));
}

const saturating = (opcode: number): readonly number[] => [0xfc, opcode];

/** Every numeric instruction on scalars: §5.4.7. */
export const SCALAR_OPERATORS: readonly Operator[] = [
  ...operators(0x45, 0x45, [i32], i32),
  ...operators(0x46, 0x4f, [i32, i32], i32),
  ...operators(0x50, 0x50, [i64], i32),
  ...operators(0x51, 0x5a, [i64, i64], i32),
  ...operators(0x5b, 0x60, [f32, f32], i32),
  ...operators(0x61, 0x66, [f64, f64], i32),
  ...operators(0x67, 0x69, [i32], i32),
  ...operators(0x6a, 0x6c, [i32, i32], i32),
  ...operators(0x6d, 0x70, [i32, i32], i32, 'divides'),
  ...operators(0x71, 0x78, [i32, i32], i32),
  ...operators(0x79, 0x7b, [i64], i64),
  ...operators(0x7c, 0x7e, [i64, i64], i64),
  ...operators(0x7f, 0x82, [i64, i64], i64, 'divides'),
  ...operators(0x83, 0x8a, [i64, i64], i64),
  ...operators(0x8b, 0x8c, [f32], f32),
  ...operators(0x8d, 0x91, [f32], f32, 'nan'),
  ...operators(0x92, 0x97, [f32, f32], f32, 'nan'),
  ...operators(0x98, 0x98, [f32, f32], f32),
  ...operators(0x99, 0x9a, [f64], f64),
  ...operators(0x9b, 0x9f, [f64], f64, 'nan'),
  ...operators(0xa0, 0xa5, [f64, f64], f64, 'nan'),
  ...operators(0xa6, 0xa6, [f64, f64], f64),
  ...operators(0xa7, 0xa7, [i64], i32),
  ...operators(0xa8, 0xa9, [f32], i32, 'truncates'),
  ...operators(0xaa, 0xab, [f64], i32, 'truncates'),
  ...operators(0xac, 0xad, [i32], i64),
  ...operators(0xae, 0xaf, [f32], i64, 'truncates'),
  ...operators(0xb0, 0xb1, [f64], i64, 'truncates'),
  ...operators(0xb2, 0xb3, [i32], f32),
  ...operators(0xb4, 0xb5, [i64], f32),
  ...operators(0xb6, 0xb6, [f64], f32, 'nan'),
  ...operators(0xb7, 0xb8, [i32], f64),
  ...operators(0xb9, 0xba, [i64], f64),
  ...operators(0xbb, 0xbb, [f32], f64, 'nan'),
  ...operators(0xbc, 0xbc, [f32], i32),
  ...operators(0xbd, 0xbd, [f64], i64),
  ...operators(0xbe, 0xbe, [i32], f32),
  ...operators(0xbf, 0xbf, [i64], f64),
  ...operators(0xc0, 0xc1, [i32], i32),
  ...operators(0xc2, 0xc4, [i64], i64),
  ...operators(0, 1, [f32], i32, 'none', saturating),
  ...operators(2, 3, [f64], i32, 'none', saturating),
  ...operators(4, 5, [f32], i64, 'none', saturating),
  ...operators(6, 7, [f64], i64, 'none', saturating),
];

/** A load or store: opcode bytes, the value's type, and the largest alignment exponent. */
export interface MemoryAccess {
  readonly code: readonly number[];
  readonly type: ValueType;
  readonly align: number;
}

const access = (code: readonly number[], type: ValueType, align: number): MemoryAccess => ({ code, type, align });

/** Scalar loads: §5.4.6. */
export const LOADS: readonly MemoryAccess[] = [
  access([0x28], i32, 2),
  access([0x29], i64, 3),
  access([0x2a], f32, 2),
  access([0x2b], f64, 3),
  access([0x2c], i32, 0),
  access([0x2d], i32, 0),
  access([0x2e], i32, 1),
  access([0x2f], i32, 1),
  access([0x30], i64, 0),
  access([0x31], i64, 0),
  access([0x32], i64, 1),
  access([0x33], i64, 1),
  access([0x34], i64, 2),
  access([0x35], i64, 2),
];

/** Scalar stores. */
export const STORES: readonly MemoryAccess[] = [
  access([0x36], i32, 2),
  access([0x37], i64, 3),
  access([0x38], f32, 2),
  access([0x39], f64, 3),
  access([0x3a], i32, 0),
  access([0x3b], i32, 1),
  access([0x3c], i64, 0),
  access([0x3d], i64, 1),
  access([0x3e], i64, 2),
];
