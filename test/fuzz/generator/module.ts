/** A whole module from a seed: declarations, bodies, and exports that show every state. */

import { Value } from '../../../src/wasm/module.ts';
import type { FunctionType } from '../../../src/wasm/module.ts';
import { leb, moduleOf, name, section, vector } from '../../unit/wasm/bytes.ts';
import { Random } from '../random.ts';
import { Body } from './body.ts';
import { dataSection, elementSection, globalSection, memorySection, tableSection } from './declarations.ts';
import { drawShape } from './shape.ts';
import type { Ending, Shape } from './shape.ts';
import { GRAMMAR } from './statements.ts';

/** The module that generated guests import from; function `i` is named `h<i>`. */
export const HOST_MODULE = 'host';

/** How deep statements and expressions nest. */
const DEPTH = 4;

/** A function that only shows state: signature, code, and the name of its export. */
interface Accessor {
  readonly name: string;
  readonly type: FunctionType;
  readonly code: readonly number[];
}

/**
 * A valid module. Its exports are `memory`, `f<i>` for every function whose values can cross to JavaScript, `fuel: (i32) -> ()`,
 * `g<i>` for the value of each global, `t<i>: (i32) -> ref` and `s<i>: () -> i32` for tables, and names that begin with `dropped`,
 * which no host asks for. With the ending `fuel` every call ends after `fuel` loop iterations and calls together.
 */
export function generate(seed: number, ending: Ending = 'fuel'): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  const shape = drawShape(random, ending);
  const bodies = shape.functions.map((type) => bodyOf(random, shape, type));
  const accessors = accessorsOf(shape);
  const { types } = shape;
  const index = ({ params, results }: FunctionType): number => types.index(params, results);
  const imports = shape.imports.map((type, at) => [...name(HOST_MODULE), ...name(`h${at}`), 0, ...leb(index(type))]);
  const functions = [...shape.functions, ...accessors.map(({ type }) => type)].map((type) => leb(index(type)));
  const tags = shape.tags.map((params) => [0, ...leb(types.index(params, []))]);
  const last = shape.imports.length + shape.functions.length - 1;
  const rest = [
    section(2, vector(imports)),
    section(3, vector(functions)),
    tableSection(shape),
    memorySection(shape),
    ...(tags.length === 0 ? [] : [section(13, vector(tags))]),
    globalSection(random, shape),
    custom(random),
    section(7, vector(exportsOf(random, shape, accessors))),
    ...(shape.start === 'last' ? [section(8, leb(last))] : []),
    elementSection(shape),
    section(12, leb(shape.data.length)),
    section(10, vector([...bodies, ...accessors.map(({ code }) => plainBody(code))])),
    dataSection(random, shape),
  ];
  return moduleOf(section(1, vector(types.all.map(typeBytes))), ...rest);
}

function typeBytes({ params, results }: FunctionType): number[] {
  return [0x60, ...vector(params.map((type) => [type])), ...vector(results.map((type) => [type]))];
}

function bodyOf(random: Random, shape: Shape, type: FunctionType): number[] {
  const body = new Body(random, shape, type, GRAMMAR);
  body.burn();
  body.statements(DEPTH);
  body.statements(DEPTH);
  body.expressions(type.results, DEPTH - 1);
  return body.finish();
}

function plainBody(code: readonly number[]): number[] {
  return [...leb(code.length + 2), 0, ...code, 0x0b];
}

/** A custom section now and then: it is stripped. */
function custom(random: Random): number[] {
  return random.once(2) ? [] : section(0, [...name('note'), ...random.several(0, 9, () => random.below(256))]);
}

/** True when calls of the function from JavaScript do not fail on their types. */
function crosses({ params, results }: FunctionType): boolean {
  return [...params, ...results].every((type) => type !== Value.v128 && type !== Value.exnref);
}

function accessorsOf({ globals, tables }: Shape): Accessor[] {
  const fuel = { name: 'fuel', type: { params: [Value.i32], results: [] }, code: [0x20, 0, 0x24, 0] };
  const shown = globals.map(({ type }, at): Accessor => {
    const get = [0x23, ...leb(at)];
    if (type !== Value.v128) return { name: `g${at}`, type: { params: [], results: [type] }, code: get };
    const halves = [...get, 0xfd, 29, 0, ...get, 0xfd, 29, 1];
    return { name: `g${at}`, type: { params: [], results: [Value.i64, Value.i64] }, code: halves };
  });
  const entries = tables.flatMap(({ element }, at): Accessor[] => [
    { name: `t${at}`, type: { params: [Value.i32], results: [element] }, code: [0x20, 0, 0x25, ...leb(at)] },
    { name: `s${at}`, type: { params: [], results: [Value.i32] }, code: [0xfc, 16, ...leb(at)] },
  ]);
  return [fuel, ...shown, ...entries];
}

function exportsOf(random: Random, shape: Shape, accessors: readonly Accessor[]): number[][] {
  const first = shape.imports.length;
  const shown = first + shape.functions.length;
  const drop = (kind: number, count: number): number[][] =>
    count > 0 && random.once(2) ? [[...name(`dropped${kind}`), kind, ...leb(random.below(count))]] : [];
  return [
    ...(shape.memory === null ? [] : [[...name('memory'), 2, 0]]),
    ...shape.functions.flatMap((type, at) => (crosses(type) ? [[...name(`f${at}`), 0, ...leb(first + at)]] : [])),
    ...accessors.map((accessor, at) => [...name(accessor.name), 0, ...leb(shown + at)]),
    ...drop(0, shown),
    ...drop(1, shape.tables.length),
    ...drop(3, shape.globals.length),
    ...drop(4, shape.tags.length),
  ];
}
