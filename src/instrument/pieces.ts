/** Fills and copies of any size that can be interrupted: large ones run piece by piece, with a check before each. */

import { Op } from '../wasm/opcodes.ts';
import { Writer } from '../wasm/writer.ts';
import { CheckWriter, EPOCH_WORD, loadOf } from './check.ts';
import type { HintedBody } from './check.ts';
import { callOf } from './layout.ts';
import type { Layout } from './layout.ts';

/**
 * Most bytes that one fill or copy writes. Nothing interrupts an instruction, so this is how far a guest can pass its budget: the
 * system takes around 0.4 ms to hand out a MiB of new pages, which makes a tenth of the watchdog's tick of a millisecond. Larger
 * pieces are not faster: in warm memory one takes about 10 us, and its check a nanosecond.
 */
export const PIECE_BYTES = 256 * 1024;

/** The instructions that only these helpers consist of. */
const Arithmetic = {
  memorySize: 0x3f,
  i64Const: 0x42,
  i32GtU: 0x4b,
  i32LeU: 0x4d,
  i32GeU: 0x4f,
  i64LeU: 0x58,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i32Mul: 0x6c,
  i32ShrU: 0x76,
  i64Mul: 0x7e,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i64ExtendI32U: 0xad,
} as const;

/** Loads and stores of one width, unaligned. */
const WIDE = { load: [0x29, 0, 0], store: [0x37, 0, 0] } as const;
const WORD = { load: [0x28, 0, 0], store: [0x36, 0, 0] } as const;
const BYTE = { load: [0x2d, 0, 0], store: [0x3a, 0, 0] } as const;

/**
 * Fills and copies up to this many bytes are done by two loads and stores that may overlap: V8 leaves each of the instructions to a
 * function in C, which takes longer than they do.
 */
export const FEW_BYTES = 16;

const EMPTY_BLOCK = 0x40;
const NO_LOCALS = 0;
const PAGE_SHIFT = 16;

/** Parameters: where to; what to fill with or where from; how many bytes. */
const TO = 0;
const FROM = 1;
const SIZE = 2;
const ALL = [TO, FROM, SIZE];

const FILL = [Op.memoryFill >> 8, Op.memoryFill & 0xff, 0];
const COPY = [Op.memoryCopy >> 8, Op.memoryCopy & 0xff, 0, 0];
const PIECE = constantOf(Op.i32Const, BigInt(PIECE_BYTES));
const MORE_THAN_A_PIECE = [...get(SIZE), ...PIECE, Arithmetic.i32GtU];

/** `fill(to, value, size)`: `memory.fill` with a check before; of more than {@link PIECE_BYTES} with a check before each piece. */
export function fillHelper(layout: Layout): HintedBody {
  const byte = [...get(FROM), Op.i32Const, 0xff, 0x01, Arithmetic.i32And];
  const word = [...byte, ...constantOf(Op.i32Const, 0x01010101n), Arithmetic.i32Mul];
  const wide = [
    ...byte,
    Arithmetic.i64ExtendI32U,
    ...constantOf(Arithmetic.i64Const, 0x0101010101010101n),
    Arithmetic.i64Mul,
  ];
  return shortcut(layout, FILL, 'fillInPieces', {
    eight: [...last(TO, 8), ...wide, ...WIDE.store, ...get(TO), ...wide, ...WIDE.store],
    four: [...last(TO, 4), ...word, ...WORD.store, ...get(TO), ...word, ...WORD.store],
    one: [last(TO, 1), middle(TO), get(TO)].flatMap((address) => [...address, ...get(FROM), ...BYTE.store]),
  });
}

/** `copy(to, from, size)`: `memory.copy` with a check before; of more than {@link PIECE_BYTES} with a check before each piece. */
export function copyHelper(layout: Layout): HintedBody {
  const two = ({ load, store }: typeof WIDE | typeof WORD, size: number): readonly number[] => {
    const low = [...get(TO), ...get(FROM), ...load];
    return [...low, ...last(TO, size), ...last(FROM, size), ...load, ...store, ...store];
  };
  const ends = [...get(TO), ...get(FROM), ...BYTE.load, ...middle(TO), ...middle(FROM), ...BYTE.load];
  return shortcut(layout, COPY, 'copyInPieces', {
    eight: two(WIDE, 8),
    four: two(WORD, 4),
    one: [...ends, ...last(TO, 1), ...last(FROM, 1), ...BYTE.load, ...BYTE.store, ...BYTE.store, ...BYTE.store],
  });
}

/** The part of {@link fillHelper} that is called when the size is large or the epoch word is set: writes pieces upwards. */
export function fillInPieces(layout: Layout): HintedBody {
  return inPieces(layout, FILL, [TO], [...get(TO, FROM), ...PIECE, ...FILL, ...advance(TO)]);
}

/**
 * The same for {@link copyHelper}. Ranges may overlap: no piece may write what a later one reads, so pieces go upwards when the
 * target is not above the source, and else downwards.
 */
export function copyInPieces(layout: Layout): HintedBody {
  const upwards = [...get(TO, FROM), ...PIECE, ...COPY, ...advance(TO), ...advance(FROM)];
  const downwards = [...endOf(TO), ...endOf(FROM), ...PIECE, ...COPY];
  const piece = [...get(TO, FROM), Arithmetic.i32LeU, Op.if, EMPTY_BLOCK, ...upwards, Op.else, ...downwards, Op.end];
  return inPieces(layout, COPY, [TO, FROM], piece);
}

/** What is done with few bytes, by the least of them. */
interface Few {
  readonly eight: readonly number[];
  readonly four: readonly number[];
  readonly one: readonly number[];
}

/**
 * `if size > FEW_BYTES or an address is in the upper half or epoch: pieces(...) else few bytes`. Nothing is written before
 * everything is read, and the end first: when that is within the memory, so is the rest. Addresses in the lower half do not wrap.
 */
function shortcut(
  layout: Layout,
  instruction: readonly number[],
  pieces: 'fillInPieces' | 'copyInPieces',
  few: Few,
): HintedBody {
  const body = new Writer();
  const checks = new CheckWriter(body, layout);
  const addresses = pieces === 'copyInPieces' ? [...get(TO, FROM), Arithmetic.i32Or] : get(TO);
  const atLeast = (size: number): readonly number[] => [
    ...get(SIZE),
    Op.i32Const,
    size,
    Arithmetic.i32GeU,
    Op.if,
    EMPTY_BLOCK,
  ];
  body.byte(NO_LOCALS);
  body.bytes([...get(SIZE), Op.i32Const, FEW_BYTES, Arithmetic.i32GtU]);
  body.bytes([...addresses, Op.i32Const, 31, Arithmetic.i32ShrU, Arithmetic.i32Or]);
  body.bytes([...loadOf(layout.epochMemory, EPOCH_WORD), Arithmetic.i32Or]);
  checks.writeIf();
  body.bytes(get(...ALL));
  body.bytes(callOf(layout, pieces));
  body.bytes([Op.else, ...atLeast(8), ...few.eight, Op.else, ...atLeast(4), ...few.four]);
  body.bytes([Op.else, ...atLeast(1), ...few.one, Op.else, ...get(...ALL), ...instruction]);
  body.bytes([Op.end, Op.end, Op.end, Op.end, Op.end]);
  return { body, branches: checks.branches };
}

/** `start + size - width`. */
function last(start: number, width: number): readonly number[] {
  return [...get(start, SIZE), Arithmetic.i32Add, Op.i32Const, width, Arithmetic.i32Sub];
}

/** `start + (size >> 1)`. */
function middle(start: number): readonly number[] {
  return [...get(start, SIZE), Op.i32Const, 1, Arithmetic.i32ShrU, Arithmetic.i32Add];
}

/** A constant as signed LEB128. */
function constantOf(op: number, value: bigint): readonly number[] {
  const bytes: number[] = [op];
  for (let rest = value; ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if (rest === 0n && (low & 0x40) === 0) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/**
 * `check; if size > PIECE_BYTES and every range is within the memory: do size -= PIECE_BYTES; piece; check while size > PIECE_BYTES;
 * instruction`.
 *
 * What is not within the memory goes to the instruction as it is, which traps before it writes anything. What is stays so through
 * the checks: a memory never shrinks, and while a guest is inside `interrupt` or suspended nothing else of its instance runs.
 */
function inPieces(
  layout: Layout,
  instruction: readonly number[],
  ranges: readonly number[],
  piece: readonly number[],
): HintedBody {
  const body = new Writer(128);
  const checks = new CheckWriter(body, layout);
  body.byte(NO_LOCALS);
  checks.write();
  body.bytes(MORE_THAN_A_PIECE);
  for (const start of ranges) body.bytes([...withinMemory(start), Arithmetic.i32And]);
  body.bytes([Op.if, EMPTY_BLOCK, Op.loop, EMPTY_BLOCK]);
  body.bytes([...get(SIZE), ...PIECE, Arithmetic.i32Sub, Op.localSet, SIZE, ...piece]);
  checks.write();
  body.bytes([...MORE_THAN_A_PIECE, Op.brIf, 0, Op.end, Op.end]);
  body.bytes([...get(...ALL), ...instruction, Op.end]);
  return { body, branches: checks.branches };
}

/** `start + size <= memory.size << 16` in 64 bits: both sides can be 2^32 and more. */
function withinMemory(start: number): readonly number[] {
  const extended = (local: number): readonly number[] => [...get(local), Arithmetic.i64ExtendI32U];
  const bytes = [
    Arithmetic.memorySize,
    0,
    Arithmetic.i64ExtendI32U,
    Arithmetic.i64Const,
    PAGE_SHIFT,
    Arithmetic.i64Shl,
  ];
  return [...extended(start), ...extended(SIZE), Arithmetic.i64Add, ...bytes, Arithmetic.i64LeU];
}

/** `start += PIECE_BYTES`: stays below 2^32, since more than that many bytes of the range were left. */
function advance(start: number): readonly number[] {
  return [...get(start), ...PIECE, Arithmetic.i32Add, Op.localSet, start];
}

/** `start + size`: where the bytes end that are left. */
function endOf(start: number): readonly number[] {
  return [...get(start, SIZE), Arithmetic.i32Add];
}

function get(...locals: readonly number[]): readonly number[] {
  return locals.flatMap((local) => [Op.localGet, local]);
}
