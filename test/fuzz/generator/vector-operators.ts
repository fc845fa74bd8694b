/** The vector instructions by what they take and give: SIMD and relaxed SIMD. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import { operators } from './operators.ts';
import type { Care, MemoryAccess, Operator } from './operators.ts';

const { i32, i64, f32, f64, v128 } = Value;

const vector = (opcode: number): readonly number[] => [0xfd, ...leb(opcode)];

function row(
  params: readonly ValueType[],
  result: ValueType,
  care: Care,
  ...spans: readonly (readonly [number, number])[]
): Operator[] {
  return spans.flatMap(([first, last]) => operators(first, last, params, result, care, vector));
}

const unary = [v128];
const binary = [v128, v128];
const ternary = [v128, v128, v128];
const shift = [v128, i32];

/** Every vector instruction without immediates. Those with the care `nan` are split by lane width: see {@link nanLanes}. */
export const VECTOR_OPERATORS: readonly Operator[] = [
  ...row(binary, v128, 'none', [0x0e, 0x0e], [0x23, 0x4c], [0x4e, 0x51]),
  ...row([i32], v128, 'none', [0x0f, 0x11]),
  ...row([i64], v128, 'none', [0x12, 0x12]),
  ...row([f32], v128, 'none', [0x13, 0x13]),
  ...row([f64], v128, 'none', [0x14, 0x14]),
  ...row(unary, v128, 'none', [0x4d, 0x4d], [0x60, 0x62], [0x7c, 0x81], [0x87, 0x8a], [0xa0, 0xa1], [0xa7, 0xaa]),
  ...row(unary, v128, 'none', [0xc0, 0xc1], [0xc7, 0xca], [0xe0, 0xe1], [0xec, 0xed], [0xf8, 0xff]),
  ...row(ternary, v128, 'none', [0x52, 0x52]),
  ...row(unary, i32, 'none', [0x53, 0x53], [0x63, 0x64], [0x83, 0x84], [0xa3, 0xa4], [0xc3, 0xc4]),
  ...row(
    unary,
    v128,
    'nan',
    [0x5e, 0x5f],
    [0x67, 0x6a],
    [0x74, 0x75],
    [0x7a, 0x7a],
    [0x94, 0x94],
    [0xe3, 0xe3],
    [0xef, 0xef],
  ),
  ...row(binary, v128, 'none', [0x65, 0x66], [0x6e, 0x6e], [0x6f, 0x73], [0x76, 0x79], [0x7b, 0x7b], [0x82, 0x82]),
  ...row(shift, v128, 'none', [0x6b, 0x6d], [0x8b, 0x8d], [0xab, 0xad], [0xcb, 0xcd]),
  ...row(binary, v128, 'none', [0x85, 0x86], [0x8e, 0x93], [0x95, 0x99], [0x9b, 0x9f], [0xae, 0xae], [0xb1, 0xb1]),
  ...row(binary, v128, 'none', [0xb5, 0xba], [0xbc, 0xbf], [0xce, 0xce], [0xd1, 0xd1], [0xd5, 0xdf]),
  ...row(binary, v128, 'nan', [0xe4, 0xeb], [0xf0, 0xf7]),
  ...row(unary, v128, 'relaxed', [0x101, 0x104]),
  ...row(binary, v128, 'relaxed', [0x100, 0x100], [0x10d, 0x112]),
  ...row(ternary, v128, 'relaxed', [0x105, 0x10c], [0x113, 0x113]),
];

const WIDE = new Set([0x5f, 0x74, 0x75, 0x7a, 0x94, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7]);

/** Whether the NaNs of a float instruction on vectors are in lanes of 32 or of 64 bits. */
export function nanLanes(operator: Operator): 32 | 64 {
  return WIDE.has(operator.code[1] ?? 0) ? 64 : 32;
}

/** An instruction with a lane: opcode, operands, result and the number of lanes. */
export interface LaneOperator {
  readonly code: readonly number[];
  readonly params: readonly ValueType[];
  readonly result: ValueType;
  readonly lanes: number;
}

const lane = (opcode: number, params: readonly ValueType[], result: ValueType, lanes: number): LaneOperator => ({
  code: vector(opcode),
  params,
  result,
  lanes,
});

/** Extractions and replacements of lanes. */
export const LANE_OPERATORS: readonly LaneOperator[] = [
  lane(21, [v128], i32, 16),
  lane(22, [v128], i32, 16),
  lane(23, [v128, i32], v128, 16),
  lane(24, [v128], i32, 8),
  lane(25, [v128], i32, 8),
  lane(26, [v128, i32], v128, 8),
  lane(27, [v128], i32, 4),
  lane(28, [v128, i32], v128, 4),
  lane(29, [v128], i64, 2),
  lane(30, [v128, i64], v128, 2),
  lane(31, [v128], f32, 4),
  lane(32, [v128, f32], v128, 4),
  lane(33, [v128], f64, 2),
  lane(34, [v128, f64], v128, 2),
];

const load = (opcode: number, align: number): MemoryAccess => ({ code: vector(opcode), type: v128, align });

/** Whole, extending, splatting and zero-extending loads. */
export const VECTOR_LOADS: readonly MemoryAccess[] = [
  load(0, 4),
  ...[1, 2, 3, 4, 5, 6, 10, 93].map((opcode) => load(opcode, 3)),
  ...[9, 92].map((opcode) => load(opcode, 2)),
  load(8, 1),
  load(7, 0),
];

/** The store of a whole vector. */
export const VECTOR_STORE: MemoryAccess = load(11, 4);

/** Loads of one lane, by the number of lanes. */
export const LANE_LOADS: readonly LaneOperator[] = [0, 1, 2, 3].map((size) =>
  lane(84 + size, [i32, v128], v128, 16 >> size),
);

/** Stores of one lane. */
export const LANE_STORES: readonly LaneOperator[] = [0, 1, 2, 3].map((size) =>
  lane(88 + size, [i32, v128], v128, 16 >> size),
);

/** The shuffle of two vectors by sixteen lane numbers. */
export const SHUFFLE: readonly number[] = vector(13);
/** The constant vector. */
export const VECTOR_CONSTANT: readonly number[] = vector(12);
