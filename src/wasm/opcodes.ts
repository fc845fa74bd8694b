/**
 * Every opcode that Kerb accepts, with the kind of its immediates and a rough cost. Accepted is what V8 accepts by default
 * minus what Kerb refuses: the MVP, sign extension, saturating conversions, bulk memory, reference types, multi-value, tail
 * calls, both generations of exception handling, SIMD and relaxed SIMD. An opcode that is not here is never copied into an
 * output: the rewriter must know where each instruction ends.
 */

/** What follows an opcode, and how the walk treats it. */
export const Kind = {
  /** Not an instruction of any accepted proposal. */
  unknown: 0,
  none: 1,
  /** Opens a block; a block type follows. */
  block: 2,
  tryTable: 3,
  end: 4,
  else: 5,
  /** Legacy `catch`: a tag index. */
  catch: 6,
  catchAll: 7,
  /** Legacy `delegate`: a label; closes its `try`. */
  delegate: 8,
  /** `br`. */
  branch: 9,
  /** `br_if`. */
  branchIf: 10,
  branchTable: 11,
  /** `unreachable`, `return`, `throw_ref`: no immediate, control does not go on. */
  leave: 12,
  /** `throw`, `rethrow`: one index, control does not go on. */
  leaveIndex: 13,
  /** `call`, `return_call`. */
  call: 14,
  /** `call_indirect`, `return_call_indirect`: a type and a table. */
  callIndirect: 15,
  refFunc: 16,
  memoryGrow: 17,
  /** `memory.size`: a memory index. */
  memorySize: 18,
  /** One index: a local, global, table, data or element segment. */
  index: 19,
  memoryAccess: 20,
  /** A memory access and a lane. */
  memoryLane: 21,
  i32: 22,
  i64: 23,
  /** Four bytes. */
  f32: 24,
  /** Eight bytes. */
  f64: 25,
  /** Sixteen bytes: `v128.const`, `i8x16.shuffle`. */
  v128: 26,
  /** One byte. */
  lane: 27,
  selectTyped: 28,
  refNull: 29,
  /** `memory.init`: data segment and memory. */
  memoryInit: 30,
  /** `memory.copy`: two memories. */
  memoryCopy: 31,
  /** `memory.fill`: a memory. */
  memoryFill: 32,
  /** `table.init`, `table.copy`: two indices. */
  tableBulk: 33,
  /** `table.grow`, `table.fill`: a table. */
  tableFill: 34,
  prefixNumeric: 35,
  prefixVector: 36,
  /** Known to V8, refused by Kerb: garbage collection. */
  refusedGc: 37,
  /** Refused: typed function references. */
  refusedFunctionReferences: 38,
  /** Refused: threads. */
  refusedAtomics: 39,
} as const;

/** A member of {@link Kind}. */
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Opcodes that the rewriter names. Prefixed ones are `prefix << 8 | code`. */
export const Op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  delegate: 0x18,
  catchAll: 0x19,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32Eq: 0x46,
  refNull: 0xd0,
  refFunc: 0xd2,
  memoryInit: 0xfc08,
  memoryCopy: 0xfc0a,
  memoryFill: 0xfc0b,
  tableInit: 0xfc0c,
  tableCopy: 0xfc0e,
  tableGrow: 0xfc0f,
  tableFill: 0xfc11,
} as const;

/** Kinds of the single-byte opcodes. */
export const KINDS: Uint8Array = table(256, [
  [Kind.leave, 0x00, 0x0a, 0x0f],
  [Kind.none, 0x01, 0x1a, 0x1b, 0xd1],
  [Kind.block, 0x02, 0x03, 0x04, 0x06],
  [Kind.else, 0x05],
  [Kind.catch, 0x07],
  [Kind.leaveIndex, 0x08, 0x09],
  [Kind.end, 0x0b],
  [Kind.branch, 0x0c],
  [Kind.branchIf, 0x0d],
  [Kind.branchTable, 0x0e],
  [Kind.call, 0x10, 0x12],
  [Kind.callIndirect, 0x11, 0x13],
  [Kind.refusedFunctionReferences, 0x14, 0x15, 0xd4, 0xd5, 0xd6],
  [Kind.refusedGc, 0xd3, 0xfb],
  [Kind.delegate, 0x18],
  [Kind.catchAll, 0x19],
  [Kind.selectTyped, 0x1c],
  [Kind.tryTable, 0x1f],
  [Kind.index, ...span(0x20, 0x26)],
  [Kind.memoryAccess, ...span(0x28, 0x3e)],
  [Kind.memorySize, 0x3f],
  [Kind.memoryGrow, 0x40],
  [Kind.i32, 0x41],
  [Kind.i64, 0x42],
  [Kind.f32, 0x43],
  [Kind.f64, 0x44],
  [Kind.none, ...span(0x45, 0xc4)],
  [Kind.refNull, 0xd0],
  [Kind.refFunc, 0xd2],
  [Kind.prefixNumeric, 0xfc],
  [Kind.prefixVector, 0xfd],
  [Kind.refusedAtomics, 0xfe],
]);

/** Kinds of the opcodes after 0xfc: saturating conversions, bulk memory and tables. */
export const NUMERIC_KINDS: Uint8Array = table(18, [
  [Kind.none, ...span(0, 7)],
  [Kind.memoryInit, 8],
  [Kind.index, 9, 13, 16],
  [Kind.memoryCopy, 10],
  [Kind.memoryFill, 11],
  [Kind.tableBulk, 12, 14],
  [Kind.tableFill, 15, 17],
]);

/** Numbers between `v128` opcodes that no proposal has claimed. */
const VECTOR_HOLES = [
  0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2,
  0xee,
];

/** Kinds of the opcodes after 0xfd: SIMD and relaxed SIMD. */
export const VECTOR_KINDS: Uint8Array = table(0x114, [
  [Kind.memoryAccess, ...span(0, 11), 92, 93],
  [Kind.v128, 12, 13],
  [Kind.lane, ...span(21, 34)],
  [Kind.memoryLane, ...span(84, 91)],
  [Kind.none, ...span(14, 20), ...span(35, 83), ...span(94, 0x113)],
  [Kind.unknown, ...VECTOR_HOLES],
]);

/**
 * What an instruction costs in units of about a nanosecond or less: 1, but integer division 15, floating-point division and
 * square root 5. Only the straight-line rule uses it.
 */
export const COSTS: Uint8Array = costs();

function costs(): Uint8Array {
  const result = new Uint8Array(256).fill(1);
  for (const op of [...span(0x6d, 0x70), ...span(0x7f, 0x82)]) result[op] = 15;
  for (const op of [0x91, 0x95, 0x9f, 0xa3]) result[op] = 5;
  return result;
}

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function table(size: number, rows: readonly (readonly [Kind, ...number[]])[]): Uint8Array {
  const result = new Uint8Array(size);
  for (const [kind, ...codes] of rows) for (const code of codes) result[code] = kind;
  return result;
}
