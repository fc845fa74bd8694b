/** The functions that an output has more than its upload. */

import { Op } from '../wasm/opcodes.ts';
import { Writer } from '../wasm/writer.ts';
import { importsOf } from '../wasm/module.ts';
import type { FunctionType, Import, Module } from '../wasm/module.ts';
import { CheckWriter, loadOf } from './check.ts';
import type { HintedBody } from './check.ts';
import type { Helper } from './additions.ts';
import { waitResult, type Layout } from './layout.ts';
import { copyHelper, copyInPieces, fillHelper, fillInPieces } from './pieces.ts';
import { Interrupt, WAIT_WORD } from './sandbox-imports.ts';

const I32 = 0x7f;
const I64 = 0x7e;
const EMPTY_BLOCK = 0x40;
const NO_LOCALS = [0];
const ONE_I32 = [1, 1, I32];

/**
 * `slow`: `r = interrupt(); if r == 1 unreachable; if r == 2 yield()`. Checks call this and not the import, so that V8 goes on
 * inlining; the trap is the guest's own, which nothing catches.
 */
function slowHelper(layout: Layout): HintedBody {
  const body = new Writer();
  body.bytes(ONE_I32);
  call(body, layout.interrupt);
  body.bytes([Op.localTee, 0, Op.i32Const, Interrupt.kill, Op.i32Eq, Op.if, EMPTY_BLOCK, Op.unreachable, Op.end]);
  body.bytes([Op.localGet, 0, Op.i32Const, Interrupt.yield, Op.i32Eq, Op.if, EMPTY_BLOCK]);
  call(body, layout.yield);
  body.bytes([Op.end, Op.end]);
  return { body, branches: [] };
}

/** `grow`: a check, then the host, which grows the memory or refuses. */
function growHelper(layout: Layout): HintedBody {
  const body = new Writer();
  body.bytes(NO_LOCALS);
  const checks = new CheckWriter(body, layout);
  checks.write();
  body.bytes([Op.localGet, 0]);
  call(body, layout.growth);
  body.byte(Op.end);
  return { body, branches: checks.branches };
}

/** Writes the body of each helper. */
const BODIES: Readonly<Record<Helper, (layout: Layout) => HintedBody>> = {
  slow: slowHelper,
  grow: growHelper,
  fill: fillHelper,
  fillInPieces,
  copy: copyHelper,
  copyInPieces,
};

/** Every added function, in the order of their indices. */
export function addedFunctions(module: Module, layout: Layout): readonly HintedBody[] {
  const guest = importsOf(module, 'function');
  const shims = [...layout.shims.keys()].map((index) => waitShim(module, layout, index, guest[index] as Import));
  return [...Array.from(layout.helpers.keys(), (name) => BODIES[name](layout)), ...shims];
}

/**
 * Stands for an import that may wait: calls it, and when it says that it has to, waits and gives the wait's result. A hostcall
 * that answers at once costs a load and a branch, and never a suspension.
 */
function waitShim(module: Module, layout: Layout, index: number, entry: Import): HintedBody {
  const { params } = module.types[entry.type] as FunctionType;
  const result = waitResult(module, entry);
  const type = result === '' ? EMPTY_BLOCK : result === 'i' ? I32 : I64;
  const body = new Writer();
  body.bytes(result === '' ? [0] : [1, 1, type]);
  for (let local = 0; local < params.length; local++) body.bytes([Op.localGet, local]); // MODULE_LIMITS.params is below 128
  call(body, index);
  if (result !== '') body.bytes([Op.localSet, params.length]);
  body.bytes([...loadOf(layout.epochMemory, WAIT_WORD), Op.if, type]);
  call(body, layout.waits.get(result) as number);
  if (result !== '') body.bytes([Op.else, Op.localGet, params.length]);
  body.bytes([Op.end, Op.end]);
  return { body, branches: [] };
}

function call(body: Writer, index: number): void {
  body.byte(Op.call);
  body.u32(index);
}
