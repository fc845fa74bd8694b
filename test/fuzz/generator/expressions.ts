/** Expressions: code that pushes one value of a type. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import type { Body } from './body.ts';
import { zeroOf } from './body.ts';
import { LOADS, SCALAR_OPERATORS } from './operators.ts';
import type { MemoryAccess, Operator } from './operators.ts';
import { LANE_LOADS, LANE_OPERATORS, nanLanes, SHUFFLE, VECTOR_LOADS, VECTOR_OPERATORS } from './vector-operators.ts';
import type { LaneOperator } from './vector-operators.ts';

const ALL_OPERATORS = [...SCALAR_OPERATORS, ...VECTOR_OPERATORS];
const ALL_LOADS = [...LOADS, ...VECTOR_LOADS];

/** Writes an expression that has no operands. */
export function leaf(body: Body, type: ValueType): void {
  const { random, shape } = body;
  const globals = [...shape.globals.keys()].filter((index) => index > 0 && shape.globals[index]?.type === type);
  if (random.once(3)) body.constant(type);
  else if (globals.length > 0 && random.once(2)) body.indexed(0x23, random.pick(globals));
  else if (type === Value.funcref && shape.declared.length > 0 && random.once(2))
    body.indexed(0xd2, random.pick(shape.declared));
  else if (type === Value.i32 && shape.memory !== null && random.once(10)) body.emit(0x3f, 0);
  else body.indexed(0x20, body.local(type));
}

/** Writes a numeric instruction with its operands; for references a table read or a selection. */
export function operation(body: Body, type: ValueType, depth: number): void {
  const { random } = body;
  if (type === Value.funcref || type === Value.externref) reference(body, type, depth);
  else if (type === Value.exnref) leaf(body, type);
  else if (random.once(6)) lanes(body, type, depth);
  else if (random.once(5)) load(body, type, depth);
  else if (type === Value.i32 && random.once(4)) question(body, depth);
  else {
    const operator = random.pick(ALL_OPERATORS.filter(({ result }) => result === type));
    operands(body, operator, depth);
    body.emit(...operator.code);
    settle(body, operator);
  }
}

function operands(body: Body, { care, params }: Operator, depth: number): void {
  const safe = !body.random.once(12);
  for (const [place, type] of params.entries()) {
    if (care === 'divides' && place === 1 && safe)
      body.emit(type === Value.i32 ? 0x41 : 0x42, body.random.between(1, 60));
    else if (care === 'truncates' && safe)
      body.emit(...(type === Value.f32 ? [0x43, 0, 0, 0x28, 0x42] : [0x44, 0, 0, 0, 0, 0, 0, 0x45, 0x40]));
    else body.grammar.expression(body, type, depth);
  }
}

/** Makes the result the same on every machine and in every compiler. */
function settle(body: Body, operator: Operator): void {
  if (operator.care === 'relaxed') body.emit(0x1a, ...zeroOf(operator.result));
  else if (operator.care === 'nan') canonical(body, operator);
}

/** `nan if value != value else value`, through the scratch local. */
function canonical(body: Body, operator: Operator): void {
  const local = leb(body.scratch(operator.result));
  body.emit(0x21, ...local);
  if (operator.result === Value.f32) body.emit(0x43, 0, 0, 0xc0, 0x7f);
  else if (operator.result === Value.f64) body.emit(0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f);
  else body.emit(0xfd, 12, ...vectorOfNans(nanLanes(operator)));
  body.emit(0x20, ...local, 0x20, ...local, 0x20, ...local);
  if (operator.result === Value.f32) body.emit(0x5c, 0x1b);
  else if (operator.result === Value.f64) body.emit(0x62, 0x1b);
  else body.emit(0xfd, nanLanes(operator) === 32 ? 0x42 : 0x48, 0xfd, 0x52);
}

function vectorOfNans(lanesOf: 32 | 64): number[] {
  const nan = lanesOf === 32 ? [0, 0, 0xc0, 0x7f] : [0, 0, 0, 0, 0, 0, 0xf8, 0x7f];
  return Array.from({ length: 16 }, (_, index) => nan[index % nan.length] ?? 0);
}

/** Writes an address that is mostly in bounds. */
export function address(body: Body, depth: number): void {
  body.grammar.expression(body, Value.i32, depth);
  if (body.random.once(40)) return;
  body.int(body.random.pick([1023, 4095, 32_767]));
  body.emit(0x71);
}

/** Writes the immediates of a memory access: alignment and offset. */
export function memoryArgument(body: Body, align: number): void {
  const offset = body.random.pick([0, 0, 4, 8, 127, 128, 300, body.random.once(30) ? 0xffff_fff0 : 16]);
  body.emit(body.random.below(align + 1), ...leb(offset));
}

function load(body: Body, type: ValueType, depth: number): void {
  const { random } = body;
  if (body.shape.memory === null) return leaf(body, type);
  address(body, depth);
  if (type === Value.v128 && random.once(4)) {
    const operator = random.pick(LANE_LOADS);
    body.grammar.expression(body, Value.v128, depth);
    return lane(body, operator, 'memory');
  }
  const { code, align } = random.pick(ALL_LOADS.filter((candidate: MemoryAccess) => candidate.type === type));
  body.emit(...code);
  return memoryArgument(body, align);
}

/** Writes a lane instruction after its operands. */
export function lane(body: Body, { code, lanes: count }: LaneOperator, on: 'memory' | 'vector'): void {
  body.emit(...code);
  if (on === 'memory') memoryArgument(body, Math.log2(16 / count));
  body.emit(body.random.below(count));
}

function lanes(body: Body, type: ValueType, depth: number): void {
  const { random } = body;
  if (type === Value.v128 && random.once(4)) {
    body.expressions([Value.v128, Value.v128], depth);
    body.emit(...SHUFFLE, ...Array.from({ length: 16 }, () => random.below(32)));
    return;
  }
  const operator = random.pick(LANE_OPERATORS.filter(({ result }) => result === type));
  body.expressions(operator.params, depth);
  lane(body, operator, 'vector');
}

/** i32 about memories, tables and references. */
function question(body: Body, depth: number): void {
  const { random, shape } = body;
  const table = random.below(shape.tables.length);
  const kind = random.below(4);
  if (kind === 0 && shape.memory !== null) {
    body.expressions([Value.i32], depth);
    body.emit(0x41, 1, 0x71, 0x40, 0);
  } else if (kind === 1) body.emit(0xfc, 16, ...leb(table));
  else if (kind === 2) {
    const element = shape.tables[table]?.element ?? Value.funcref;
    body.expressions([element, Value.i32], depth);
    body.emit(0x41, 7, 0x71, 0xfc, 15, ...leb(table));
  } else {
    body.expressions([random.pick([Value.funcref, Value.externref])], depth);
    body.emit(0xd1);
  }
}

function reference(body: Body, type: ValueType, depth: number): void {
  const { random, shape } = body;
  const tables = [...shape.tables.keys()].filter((index) => shape.tables[index]?.element === type);
  if (tables.length === 0 || random.once(2)) return leaf(body, type);
  const table = random.pick(tables);
  tableIndex(body, table, depth);
  return body.indexed(0x25, table);
}

/** Writes an index into a table that is mostly in bounds. */
export function tableIndex(body: Body, table: number, depth: number): void {
  if (!body.random.once(4)) return body.int(body.random.below(body.shape.tables[table]?.initial ?? 1));
  body.grammar.expression(body, Value.i32, depth);
  body.int(body.random.once(10) ? 31 : 0);
  return body.emit(0x71);
}

/** `select`, with a type where references need one. */
export function selection(body: Body, type: ValueType, depth: number): void {
  body.expressions([type, type, Value.i32], depth);
  if (type >= Value.v128 && body.random.once(2)) body.emit(0x1b);
  else body.emit(0x1c, 1, type);
}
