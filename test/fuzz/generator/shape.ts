/** What a generated module declares: decided first, so that bodies can refer to anything. */

import { Value } from '../../../src/wasm/module.ts';
import type { FunctionType, ValueType } from '../../../src/wasm/module.ts';
import type { Random } from '../random.ts';

/** V8 refuses modules that mix both generations of exception handling. */
export type Exceptions = 'none' | 'legacy' | 'current';
/** Whether a module ends on its own (loops and calls burn fuel), or need not. */
export type Ending = 'fuel' | 'endless';

/** A table of references, with what its entries are at the start: the index of a function, or -1 for null. */
export interface TableShape {
  readonly element: ValueType;
  readonly initial: number;
  readonly maximum: number | null;
  /** The function that fills the table when it has an initializer. */
  readonly fill: number | null;
  readonly entries: number[];
}

/** A global variable. */
export interface GlobalShape {
  readonly type: ValueType;
  readonly mutability: 0 | 1;
}

/** An element segment: where it goes, and its functions (-1 for null). */
export interface ElementShape {
  readonly mode: 'active' | 'passive' | 'declarative';
  readonly form: 'indices' | 'expressions';
  readonly table: number;
  readonly offset: number;
  readonly items: readonly number[];
}

/** A data segment; `offset` is null for a passive one. */
export interface DataShape {
  readonly offset: number | null;
  readonly bytes: readonly number[];
}

/** A module's declarations. Function indices count imports first. */
export interface Shape {
  readonly exceptions: Exceptions;
  readonly ending: Ending;
  readonly types: Types;
  /** Signatures of the imported functions: all of scalars. */
  readonly imports: readonly FunctionType[];
  /** Signatures of the defined functions. */
  readonly functions: readonly FunctionType[];
  readonly memory: { readonly initial: number; readonly maximum: number | null } | null;
  readonly tables: readonly TableShape[];
  /** Global 0 is the fuel. */
  readonly globals: readonly GlobalShape[];
  /** Parameters of each tag. */
  readonly tags: readonly (readonly ValueType[])[];
  readonly elements: readonly ElementShape[];
  readonly data: readonly DataShape[];
  /** Functions that `ref.func` may name. */
  readonly declared: readonly number[];
  readonly start: 'none' | 'last';
}

/** The type section, filled as types are asked for. */
export class Types {
  readonly #indices = new Map<string, number>();
  readonly all: FunctionType[] = [];

  /** The index of a function type. */
  index(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    this.#indices.set(key, this.all.length);
    this.all.push({ params, results });
    return this.all.length - 1;
  }
}

const SCALARS: readonly ValueType[] = [Value.i32, Value.i64, Value.f32, Value.f64];

/** The types that a shape's functions, blocks and locals use. */
export function valueTypes(exceptions: Exceptions): readonly ValueType[] {
  const common = [...SCALARS, Value.i32, Value.i32, Value.v128, Value.funcref, Value.externref];
  return exceptions === 'current' ? [...common, Value.exnref] : common;
}

const FUEL = { params: [], results: [] } as const;

/** Draws a shape. */
export function drawShape(random: Random, ending: Ending): Shape {
  const exceptions = random.pick(['none', 'legacy', 'current', 'current'] as const);
  const types = valueTypes(exceptions);
  const signature = (of: readonly ValueType[], most: number): FunctionType => ({
    params: random.several(0, most, () => random.pick(of)),
    results: random.several(0, Math.min(most, 3), () => random.pick(of)),
  });
  const imports = random.several(0, 4, () => ({
    params: random.several(0, 3, () => random.pick(SCALARS)),
    results: random.several(0, random.once(6) ? 2 : 1, () => random.pick(SCALARS)),
  }));
  const start = random.once(5) ? 'last' : 'none';
  const functions = [
    ...random.several(3, 9, () => signature(random.once(2) ? types : SCALARS, 4)),
    ...(start === 'last' ? [FUEL] : []),
  ];
  const count = imports.length + functions.length;
  const tables = random.several(1, 3, () => drawTable(random, count));
  const elements = random.several(1, 4, () => drawElement(random, tables, count));
  for (const segment of elements) fill(tables, segment);
  const memory = random.once(8) ? null : drawMemory(random);
  const kept = types.filter((type) => type !== Value.exnref);
  return {
    exceptions,
    ending,
    types: new Types(),
    imports,
    functions,
    memory,
    tables,
    globals: [
      { type: Value.i32, mutability: 1 },
      ...random.several(1, 7, () => ({ type: random.pick(kept), mutability: random.once(4) ? 0 : 1 }) as const),
    ],
    tags: exceptions === 'none' ? [] : random.several(1, 3, () => random.several(0, 3, () => random.pick(SCALARS))),
    elements,
    data: memory === null ? [] : random.several(0, 4, () => drawData(random, memory.initial)),
    declared: elements.flatMap(({ items }) => items.filter((item) => item >= 0)),
    start,
  };
}

function drawMemory(random: Random): { readonly initial: number; readonly maximum: number | null } {
  const initial = random.pick([0, 1, 1, 1, 2]);
  return { initial, maximum: random.once(9) ? null : initial + random.below(5) };
}

function drawTable(random: Random, functions: number): TableShape {
  const element = random.pick([Value.funcref, Value.funcref, Value.externref]);
  const initial = random.between(1, 12);
  const fillWith = element === Value.funcref && random.once(3) ? random.below(functions) : null;
  const maximum = random.once(2) ? null : initial + random.below(10);
  return { element, initial, maximum, fill: fillWith, entries: Array.from({ length: initial }, () => fillWith ?? -1) };
}

function drawElement(random: Random, tables: readonly TableShape[], functions: number): ElementShape {
  const table = tables.findIndex(({ element }) => element === Value.funcref);
  const mode =
    table < 0
      ? random.pick(['passive', 'declarative'] as const)
      : random.pick(['active', 'active', 'passive', 'declarative'] as const);
  const form = random.pick(['indices', 'expressions'] as const);
  const room = mode === 'active' ? (tables[table]?.initial ?? 0) : 6;
  const items = random.several(1, room, () =>
    form === 'expressions' && random.once(5) ? -1 : random.below(functions),
  );
  return { mode, form, table, offset: mode === 'active' ? random.below(room - items.length + 1) : 0, items };
}

/** What an active segment puts into its table. */
function fill(tables: readonly TableShape[], { mode, table, offset, items }: ElementShape): void {
  if (mode !== 'active') return;
  items.forEach((item, index) => {
    const entries = tables[table]?.entries;
    if (entries !== undefined) entries[offset + index] = item;
  });
}

function drawData(random: Random, pages: number): DataShape {
  const bytes = random.several(0, 40, () => random.below(256));
  const room = pages * 65_536 - bytes.length;
  return { offset: random.once(2) || room < 0 ? null : random.below(room + 1), bytes };
}
