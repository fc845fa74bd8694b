/** Blocks, loops and branches. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import type { Body } from './body.ts';
import { seldom } from './calls.ts';
import { valueTypes } from './shape.ts';

/** Types that a block may carry: often none, often one. */
function carried(body: Body): ValueType[] {
  const most = body.random.pick([0, 0, 1, 1, 3]);
  return body.random.several(0, most, () => body.random.pick(valueTypes(body.shape.exceptions)));
}

/** block, loop or if with parameters and results. */
export function blockStatement(body: Body, depth: number): void {
  const params = carried(body);
  const results = carried(body);
  block(body, params, results, depth);
  body.take(results);
}

/** A block that gives one value. */
export function blockExpression(body: Body, type: ValueType, depth: number): void {
  block(body, carried(body), [type], depth);
}

function block(body: Body, params: readonly ValueType[], results: readonly ValueType[], depth: number): void {
  const opcode = body.random.pick([0x02, 0x03, 0x04]);
  body.expressions(params, depth);
  if (opcode === 0x04) body.grammar.expression(body, Value.i32, depth);
  body.open(opcode, params, results);
  if (opcode === 0x03) body.burn();
  arm(body, params, results, depth);
  if (opcode === 0x04 && (params.join() !== results.join() || body.random.once(2))) {
    body.emit(0x05);
    arm(body, params, results, depth);
  }
  body.close();
}

function arm(body: Body, params: readonly ValueType[], results: readonly ValueType[], depth: number): void {
  body.take(params);
  body.statements(depth);
  if (body.labels.at(-1)?.kind === 'loop' && !body.random.once(3)) branchIf(body, 0, depth);
  body.expressions(results, depth);
}

/** A branch of any kind to any label in scope. */
export function branchStatement(body: Body, depth: number): void {
  const { random, labels } = body;
  const kind = random.below(6);
  if (kind < 3) branchIf(body, random.below(labels.length), depth);
  else if (kind === 3) table(body, depth);
  else inside(body, depth, () => leave(body, kind, depth));
}

function leave(body: Body, kind: number, depth: number): void {
  const label = body.random.below(body.labels.length);
  const target = body.labels[body.labels.length - 1 - label];
  if (kind === 4 || target === undefined) {
    body.expressions(body.type.results, depth);
    body.emit(0x0f);
  } else if (body.random.once(25)) body.emit(0x00);
  else {
    body.expressions(target.types, depth);
    body.indexed(0x0c, label);
  }
}

/** Writes something that control seldom reaches, since nothing after it would be reached. */
export function inside(body: Body, depth: number, write: () => void): void {
  seldom(body, depth);
  body.open(0x04, [], []);
  write();
  body.close();
}

function branchIf(body: Body, label: number, depth: number): void {
  const types = body.labels[body.labels.length - 1 - label]?.types ?? [];
  body.expressions(types, depth);
  body.grammar.expression(body, Value.i32, depth);
  body.indexed(0x0d, label);
  body.take(types);
}

/** `br_table` inside a block of its own: all labels carry the same types. */
function table(body: Body, depth: number): void {
  body.open(0x02, [], []);
  const types = body.random.pick(body.labels).types;
  const fitting = [...body.labels.keys()].filter((index) => body.labels[index]?.types.join() === types.join());
  const labels = body.random.several(1, 6, () => body.labels.length - 1 - body.random.pick(fitting));
  body.expressions([...types, Value.i32], depth);
  body.emit(0x0e, ...leb(labels.length - 1), ...labels.flatMap(leb));
  body.close();
}

/** A loop with a counter and no calls, of the kind that the rewriter unrolls or hoists. It ends on its own and burns no fuel. */
export function countedLoop(body: Body): void {
  const { random } = body;
  const type = random.pick([Value.i32, Value.i64] as const);
  const counter = body.local(type);
  body.emit(type === Value.i32 ? 0x41 : 0x42, random.between(1, 40), 0x21, ...leb(counter));
  body.open(0x02, [], []);
  body.open(0x03, [], []);
  for (let left = random.pick([0, 1, 2, 4, 9, 18]); left > 0; left--) work(body, counter);
  step(body, type, counter);
  body.close();
  body.close();
}

/** Counts down and goes round: by one branch back, or by a branch out and one back. */
function step(body: Body, type: number, counter: number): void {
  const wide = type === Value.i64;
  body.emit(
    0x20,
    ...leb(counter),
    wide ? 0x42 : 0x41,
    1,
    wide ? 0x7d : 0x6b,
    0x22,
    ...leb(counter),
    wide ? 0x50 : 0x45,
  );
  const back = [0x45, 0x0d, 0];
  const out = [0x0d, 1, 0x0c, 0];
  const outOfIf = [0x04, 0x40, 0x0c, 2, 0x0b, 0x0c, 0];
  body.emit(...body.random.pick([back, back, out, outOfIf]));
}

/** Something short that neither calls nor loops, and now and then leaves the loop. */
function work(body: Body, counter: number): void {
  const type = body.random.pick([Value.i32, Value.i64, Value.f32, Value.f64, Value.v128]);
  const local = body.local(type);
  if (body.random.once(5)) {
    body.indexed(0x20, body.local(Value.i32));
    body.emit(0x41, 77, 0x46);
    const outer = [...body.labels.keys()].slice(0, -1);
    const voids = outer.filter((index) => body.labels[index]?.types.length === 0);
    body.indexed(0x0d, body.labels.length - 1 - body.random.pick(voids));
  } else if (local !== counter) {
    body.indexed(0x20, body.local(type));
    if (type === Value.i32) body.emit(0x41, 5, 0x73);
    else if (type === Value.i64) body.emit(0x42, 3, 0x7e);
    body.indexed(0x21, local);
  }
}
