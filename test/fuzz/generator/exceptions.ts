/** Exceptions of both generations: throwing, catching, passing on. */

import { Value } from '../../../src/wasm/module.ts';
import type { ValueType } from '../../../src/wasm/module.ts';
import { leb } from '../../unit/wasm/bytes.ts';
import type { Body, Label } from './body.ts';
import { inside } from './control.ts';

/** A statement about exceptions of the module's generation; nothing in modules without. */
export function exceptionStatement(body: Body, depth: number): void {
  const { shape, random } = body;
  if (shape.exceptions === 'none') return;
  if (random.once(3)) throwing(body, depth);
  else if (shape.exceptions === 'legacy') legacy(body, [], depth);
  else current(body, depth);
}

/** A legacy `try` that gives one value, of either outcome; answers false where the module has none. */
export function tryExpression(body: Body, type: ValueType, depth: number): boolean {
  if (body.shape.exceptions !== 'legacy') return false;
  legacy(body, [type], depth);
  return true;
}

function throwing(body: Body, depth: number): void {
  const { random, shape, labels } = body;
  const caught = [...labels.keys()].filter((index) => labels[index]?.kind === 'caught');
  inside(body, depth, () => {
    const innermost = body.labels.length - 1;
    if (caught.length > 0 && random.once(2)) body.indexed(0x09, innermost - random.pick(caught));
    else if (shape.exceptions === 'current' && random.once(4)) {
      body.indexed(0x20, body.local(Value.exnref));
      body.emit(0x0a);
    } else {
      const tag = random.below(shape.tags.length);
      body.expressions(shape.tags[tag] ?? [], depth);
      body.indexed(0x08, tag);
    }
  });
}

/** `try` with handlers, or with `delegate`. */
function legacy(body: Body, results: readonly ValueType[], depth: number): void {
  const { random, labels } = body;
  body.open(0x06, [], results);
  body.statements(depth);
  if (random.once(2)) throwing(body, depth);
  body.expressions(results, depth);
  if (random.once(5)) {
    labels.pop();
    body.indexed(0x18, random.below(labels.length));
    return;
  }
  const label: Label = { types: results, kind: 'caught' };
  labels[labels.length - 1] = label;
  for (let left = random.below(3); left > 0; left--) {
    const tag = random.below(body.shape.tags.length);
    body.indexed(0x07, tag);
    body.take(body.shape.tags[tag] ?? []);
    handler(body, results, depth);
  }
  if (random.once(2)) {
    body.emit(0x19);
    handler(body, results, depth);
  }
  body.close();
}

function handler(body: Body, results: readonly ValueType[], depth: number): void {
  body.statements(depth);
  body.expressions(results, depth);
}

/** A clause of `try_table`: its kind (catch, catch_ref, catch_all, catch_all_ref), its tag and what it carries. */
interface Clause {
  readonly kind: number;
  readonly tag: number;
  readonly types: readonly ValueType[];
}

function drawClause(body: Body): Clause {
  const kind = body.random.below(4);
  const tag = body.random.below(body.shape.tags.length);
  const payload = kind < 2 ? (body.shape.tags[tag] ?? []) : [];
  return { kind, tag, types: kind % 2 === 1 ? [...payload, Value.exnref] : payload };
}

/** `block $done (block $caught (try_table (catch… $caught and others) …) (br $done)) handler`. */
function current(body: Body, depth: number): void {
  const first = drawClause(body);
  const goesRound = first.types.length === 0 && body.random.once(3);
  body.open(0x02, [], []);
  body.open(goesRound ? 0x03 : 0x02, [], first.types);
  if (goesRound) body.burn();
  const clauses = [clause(body, first, 0), ...body.random.several(0, 2, () => further(body)).flat()];
  body.emit(0x1f, 0x40, ...leb(clauses.length), ...clauses.flat());
  body.labels.push({ types: [], kind: 'block' });
  body.statements(depth);
  if (body.random.once(2)) throwing(body, depth);
  body.close();
  body.emit(0x0c, 1);
  body.close();
  body.take(first.types);
  body.statements(depth);
  body.close();
}

/** A clause to any label in scope that carries what it gives. */
function further(body: Body): number[][] {
  const drawn = drawClause(body);
  const fitting = [...body.labels.keys()].filter((index) => body.labels[index]?.types.join() === drawn.types.join());
  return fitting.length === 0 ? [] : [clause(body, drawn, body.labels.length - 1 - body.random.pick(fitting))];
}

function clause(_: Body, { kind, tag }: Clause, label: number): number[] {
  return kind < 2 ? [kind, ...leb(tag), ...leb(label)] : [kind, ...leb(label)];
}
