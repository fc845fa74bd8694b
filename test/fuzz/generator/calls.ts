/** Calls of every kind: direct, of imports, through tables, and their tail forms. */

import { Value } from '../../../src/wasm/module.ts';
import type { FunctionType, ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import type { Body } from './body.ts';
import { leaf, tableIndex } from './expressions.ts';

/** A function and its signature. */
interface Callee {
  readonly index: number;
  readonly type: FunctionType;
}

/** Every function of the module, imports first. */
function callees({ shape }: Body): Callee[] {
  return [...shape.imports, ...shape.functions].map((type, index) => ({ index, type }));
}

function same(left: readonly ValueType[], right: readonly ValueType[]): boolean {
  return left.join() === right.join();
}

/** A call as a statement: results go to locals or nowhere. */
export function callStatement(body: Body, depth: number): void {
  const callee = body.random.pick(callees(body));
  if (!body.random.once(3)) direct(body, callee, 0x10, depth);
  else if (!indirect(body, callee, 0x11, depth)) return;
  body.take(callee.type.results);
}

/** A call as an expression: the last result of the type stays, the others go. */
export function callExpression(body: Body, type: ValueType, depth: number): void {
  const fitting = callees(body).filter(({ type: { results } }) => results.at(-1) === type);
  if (fitting.length === 0) return leaf(body, type);
  const callee = body.random.pick(fitting);
  if (!body.random.once(3)) direct(body, callee, 0x10, depth);
  else if (!indirect(body, callee, 0x11, depth)) return leaf(body, type);
  if (callee.type.results.length === 1) return undefined;
  const local = body.local(type);
  body.indexed(0x21, local);
  body.take(callee.type.results.slice(0, -1));
  return body.indexed(0x20, local);
}

/** A tail call inside an `if`, so that what follows is reached too; nothing when no function fits. */
export function tailCall(body: Body, depth: number): void {
  const fitting = callees(body).filter(({ type }) => same(type.results, body.type.results));
  if (fitting.length === 0) return;
  const callee = body.random.pick(fitting);
  seldom(body, depth);
  body.open(0x04, [], []);
  if (!body.random.once(2) || !indirect(body, callee, 0x13, depth)) direct(body, callee, 0x12, depth);
  body.close();
}

/** Pushes a condition that holds about once in four times. */
export function seldom(body: Body, depth: number): void {
  body.grammar.expression(body, Value.i32, depth);
  body.emit(0x41, 3, 0x71, 0x45);
}

function direct(body: Body, { index, type }: Callee, opcode: number, depth: number): void {
  body.expressions(type.params, depth);
  body.indexed(opcode, index);
}

/** Calls through a table whose slot held such a function at the start; answers false when there is none. */
function indirect(body: Body, { type }: Callee, opcode: number, depth: number): boolean {
  const { shape, random } = body;
  const slots = shape.tables.flatMap(({ entries }, table) =>
    entries.flatMap((entry, slot) => (fits(body, entry, type) ? [{ table, slot }] : [])),
  );
  const wild = random.once(25);
  if (slots.length === 0 && !wild) return false;
  const tables = [...shape.tables.keys()].filter((index) => shape.tables[index]?.element === Value.funcref);
  if (tables.length === 0) return false;
  const { table, slot } = wild ? { table: random.pick(tables), slot: 0 } : random.pick(slots);
  body.expressions(type.params, depth);
  if (wild) tableIndex(body, table, depth);
  else body.int(slot);
  body.emit(opcode, ...leb(shape.types.index(type.params, type.results)), ...leb(table));
  return true;
}

function fits({ shape }: Body, entry: number, wanted: FunctionType): boolean {
  const type = [...shape.imports, ...shape.functions][entry];
  return type !== undefined && same(type.params, wanted.params) && same(type.results, wanted.results);
}
