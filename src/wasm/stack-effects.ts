/**
 * How many operands each instruction adds to the stack (pushes minus pops), for instructions whose effect does not depend on
 * types. With it the walk knows the height of the operand stack, which is what compilers copy at every control operator.
 */

/** Effects of single-byte opcodes; control instructions and calls are 0 here and handled by the walk. */
export const EFFECTS: Int8Array = effects(256, [
  [1, [0x20, 0x20], [0x23, 0x23], [0x3f, 0x3f], [0x41, 0x44], [0xd0, 0xd0], [0xd2, 0xd2]],
  [-1, [0x1a, 0x1a], [0x21, 0x21], [0x24, 0x24], [0x46, 0x4f], [0x51, 0x66], [0x6a, 0x78], [0x7c, 0x8a]],
  [-1, [0x92, 0x98], [0xa0, 0xa6]],
  [-2, [0x1b, 0x1c], [0x26, 0x26], [0x36, 0x3e]],
]);

/** Effects of the opcodes after 0xfc. */
export const NUMERIC_EFFECTS: Int8Array = effects(18, [
  [-3, [8, 8], [10, 12], [14, 14], [17, 17]],
  [-1, [15, 15]],
  [1, [16, 16]],
]);

/** Effects of the opcodes after 0xfd. */
export const VECTOR_EFFECTS: Int8Array = effects(0x114, [
  [-2, [11, 11], [0x52, 0x52], [0x58, 0x5b], [0x105, 0x10c], [0x113, 0x113]],
  [1, [12, 12]],
  [-1, [13, 14], [23, 23], [26, 26], [28, 28], [30, 30], [32, 32], [34, 34], [0x23, 0x4c], [0x4e, 0x51]],
  [-1, [0x54, 0x57], [0x65, 0x66], [0x6b, 0x73], [0x76, 0x79], [0x7b, 0x7b], [0x82, 0x82], [0x85, 0x86]],
  [-1, [0x8b, 0x93], [0x95, 0x9f], [0xab, 0xbf], [0xcb, 0xdf], [0xe4, 0xeb], [0xf0, 0xf7]],
  [-1, [0x100, 0x100], [0x10d, 0x112]],
]);

type Row = readonly [effect: number, ...spans: (readonly [first: number, last: number])[]];

function effects(size: number, rows: readonly Row[]): Int8Array {
  const result = new Int8Array(size);
  for (const [effect, ...spans] of rows) for (const [first, last] of spans) result.fill(effect, first, last + 1);
  return result;
}
