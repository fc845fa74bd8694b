/** Statements: code that leaves the operand stack as it was. With {@link GRAMMAR} the rooms of the grammar are one. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import type { Body, Grammar } from './body.ts';
import { callExpression, callStatement, tailCall } from './calls.ts';
import { blockExpression, blockStatement, branchStatement, countedLoop } from './control.ts';
import { exceptionStatement, tryExpression } from './exceptions.ts';
import { address, lane, leaf, memoryArgument, operation, selection, tableIndex } from './expressions.ts';
import { STORES } from './operators.ts';
import { valueTypes } from './shape.ts';
import { LANE_STORES, VECTOR_STORE } from './vector-operators.ts';

function expression(body: Body, type: ValueType, depth: number): void {
  if (depth <= 0 || body.exhausted) return leaf(body, type);
  const inner = depth - 1;
  switch (body.random.below(14)) {
    case 0:
    case 1:
    case 2:
      return leaf(body, type);
    case 3:
      return callExpression(body, type, inner);
    case 4:
      return blockExpression(body, type, inner);
    case 5:
      return selection(body, type, inner);
    case 6:
      expression(body, type, inner);
      return body.indexed(0x22, body.local(type));
    case 7:
      if (tryExpression(body, type, inner)) return undefined;
      return operation(body, type, inner);
    default:
      return operation(body, type, inner);
  }
}

function statement(body: Body, depth: number): void {
  if (depth <= 0 || body.exhausted) return assign(body, 0);
  const inner = depth - 1;
  switch (body.random.below(16)) {
    case 0:
    case 1:
      return assign(body, inner);
    case 2:
    case 3:
      return store(body, inner);
    case 4:
    case 5:
      return blockStatement(body, inner);
    case 6:
    case 7:
      return countedLoop(body);
    case 8:
      return branchStatement(body, inner);
    case 9:
    case 10:
      return callStatement(body, inner);
    case 11:
      return body.random.once(3) ? tailCall(body, inner) : exceptionStatement(body, inner);
    case 12:
      return bulkMemory(body, inner);
    case 13:
      return bulkTable(body, inner);
    case 14:
      return exceptionStatement(body, inner);
    default:
      expression(body, body.random.pick(valueTypes(body.shape.exceptions)), inner);
      return body.emit(0x1a, 0x01);
  }
}

function assign(body: Body, depth: number): void {
  const { random, shape } = body;
  const settable = [...shape.globals.keys()].filter((index) => index > 0 && shape.globals[index]?.mutability === 1);
  const global = random.once(3) && settable.length > 0 ? random.pick(settable) : null;
  const type = global === null ? random.pick(valueTypes(shape.exceptions)) : (shape.globals[global]?.type ?? Value.i32);
  expression(body, type, depth);
  if (global === null) body.indexed(0x21, body.local(type));
  else body.indexed(0x24, global);
}

function store(body: Body, depth: number): void {
  const { random, shape } = body;
  if (shape.memory === null) return assign(body, depth);
  address(body, depth);
  if (random.once(8)) {
    expression(body, Value.v128, depth);
    return lane(body, random.pick(LANE_STORES), 'memory');
  }
  const { code, type, align } = random.pick([...STORES, VECTOR_STORE]);
  expression(body, type, depth);
  body.emit(...code);
  return memoryArgument(body, align);
}

/** A size that is mostly small, so that the bounds hold. */
function size(body: Body, depth: number): void {
  if (body.random.once(2)) return body.int(body.random.pick([0, 1, 8, 40, 500, 1500]));
  expression(body, Value.i32, depth);
  body.int(body.random.once(20) ? 0xffff : 63);
  return body.emit(0x71);
}

function bulkMemory(body: Body, depth: number): void {
  const { random, shape } = body;
  if (shape.memory === null) return;
  const kind = random.below(4);
  if (kind >= 2 && shape.data.length === 0) return;
  const segment = leb(random.below(Math.max(shape.data.length, 1)));
  if (kind === 3) return body.emit(0xfc, 9, ...segment);
  address(body, depth);
  if (kind === 0) body.expressions([Value.i32], depth);
  else if (kind === 1) address(body, depth);
  else body.int(random.below(4));
  if (kind === 2) body.int(random.below(6));
  else size(body, depth);
  if (kind === 0) body.emit(0xfc, 11, 0);
  else if (kind === 1) body.emit(0xfc, 10, 0, 0);
  else body.emit(0xfc, 8, ...segment, 0);
}

function bulkTable(body: Body, depth: number): void {
  const { random, shape } = body;
  const table = random.below(shape.tables.length);
  const { element = Value.funcref } = shape.tables[table] ?? {};
  const few = (): void => body.int(random.below(3));
  const kind = random.below(5);
  if (kind === 0) {
    tableIndex(body, table, depth);
    expression(body, element, depth);
    body.indexed(0x26, table);
  } else if (kind === 1) {
    tableIndex(body, table, depth);
    expression(body, element, depth);
    few();
    body.emit(0xfc, 17, ...leb(table));
  } else if (kind === 2) body.emit(0xfc, 13, ...leb(random.below(shape.elements.length)));
  else {
    const others = [...shape.tables.keys()].filter((index) => shape.tables[index]?.element === element);
    if (kind === 4 && element !== Value.funcref) return;
    tableIndex(body, table, depth);
    few();
    few();
    if (kind === 3) body.emit(0xfc, 14, ...leb(table), ...leb(random.pick(others)));
    else body.emit(0xfc, 12, ...leb(random.below(shape.elements.length)), ...leb(table));
  }
}

/** The whole grammar. */
export const GRAMMAR: Grammar = { expression, statement };
