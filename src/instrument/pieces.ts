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
  i64LeU: 0x58,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
  i32Or: 0x72,
  i64Add: 0x7c,
  i64Shl: 0x86,
  i64ExtendI32U: 0xad,
} as const;

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
const PIECE = pieceConstant();
const MORE_THAN_A_PIECE = [...get(SIZE), ...PIECE, Arithmetic.i32GtU];

/** `fill(to, value, size)`: `memory.fill` with a check before; of more than {@link PIECE_BYTES} with a check before each piece. */
export function fillHelper(layout: Layout): HintedBody {
  return shortcut(layout, FILL, 'fillInPieces');
}

/** `copy(to, from, size)`: `memory.copy` with a check before; of more than {@link PIECE_BYTES} with a check before each piece. */
export function copyHelper(layout: Layout): HintedBody {
  return shortcut(layout, COPY, 'copyInPieces');
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

/** `if size > PIECE_BYTES or epoch: pieces(…) else instruction`: one branch, and a body that V8 inlines. */
function shortcut(layout: Layout, instruction: readonly number[], pieces: 'fillInPieces' | 'copyInPieces'): HintedBody {
  const body = new Writer();
  const checks = new CheckWriter(body, layout);
  body.byte(NO_LOCALS);
  body.bytes([...MORE_THAN_A_PIECE, ...loadOf(layout.epochMemory, EPOCH_WORD), Arithmetic.i32Or]);
  checks.writeIf();
  body.bytes(get(...ALL));
  body.bytes(callOf(layout, pieces));
  body.bytes([Op.else, ...get(...ALL), ...instruction, Op.end, Op.end]);
  return { body, branches: checks.branches };
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

function pieceConstant(): readonly number[] {
  const constant = new Writer();
  constant.byte(Op.i32Const);
  constant.s33(PIECE_BYTES);
  return [...constant.view()];
}
