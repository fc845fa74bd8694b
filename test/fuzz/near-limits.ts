/** Modules just at a limit and just beyond it, for every limit on modules that bytes can reach. */

import type { MODULE_LIMITS } from '../../src/limits.ts';
import {
  body,
  codeModule,
  leb,
  moduleOf,
  name,
  ONE_MEMORY,
  paddedSection,
  repeat,
  section,
  vector,
} from '../unit/wasm/bytes.ts';

/** A limit, with what its refusal is called and how to make a module that has `value` of it. */
export interface NearLimit {
  readonly limit: keyof typeof MODULE_LIMITS;
  /** What a refusal for it says. */
  readonly says: RegExp;
  make(value: number): Uint8Array<ArrayBuffer>;
}

const VOID_TYPE = [0x60, 0, 0];
const TYPES = section(1, vector([VOID_TYPE]));

function near(
  limit: keyof typeof MODULE_LIMITS,
  says: RegExp,
  make: (value: number) => Uint8Array<ArrayBuffer>,
): NearLimit {
  return { limit, says, make };
}

/** A function of one type with many values. */
function oneType(params: number, results: number): Uint8Array<ArrayBuffer> {
  const type = [
    0x60,
    ...vector(repeat([0x7f], params).map((code) => [code])),
    ...vector(repeat([0x7f], results).map((code) => [code])),
  ];
  const code = [...repeat([0x41, 1], results)];
  return moduleOf(section(1, vector([type])), section(3, [1, 0]), section(10, vector([body(code)])));
}

/** A block with `arity` parameters. */
function blockOf(arity: number): Uint8Array<ArrayBuffer> {
  const type = [0x60, ...leb(arity), ...repeat([0x7f], arity), 0];
  const code = [...repeat([0x41, 1], arity), 0x02, 1, ...repeat([0x1a], arity), 0x0b];
  return moduleOf(section(1, vector([VOID_TYPE, type])), section(3, [1, 0]), section(10, vector([body(code)])));
}

/** A body of exactly `size` bytes. */
function bodyOfSize(size: number): Uint8Array<ArrayBuffer> {
  const content = [0, ...repeat([0x01], size - 2), 0x0b];
  return codeModule([[...leb(size), ...content]]);
}

/** As many blocks, each one control operator, above a thousand locals as make the product `product` or just more. */
function stateProduct(product: number): Uint8Array<ArrayBuffer> {
  const locals = 1_000;
  const content = [1, ...leb(locals), 0x7f, ...repeat([0x02, 0x40, 0x0b], Math.ceil(product / locals)), 0x0b];
  return codeModule([[...leb(content.length), ...content]]);
}

/** Element segments that name `count` functions. */
function references(count: number): Uint8Array<ArrayBuffer> {
  return moduleOf(
    TYPES,
    section(3, [1, 0]),
    section(9, [1, 1, 0, ...leb(count), ...repeat([0], count)]),
    section(10, vector([body()])),
  );
}

function tables(...sizes: readonly number[]): Uint8Array<ArrayBuffer> {
  return moduleOf(section(4, vector(sizes.map((size) => [0x70, 0, ...leb(size)]))));
}

const ZERO_TABLE = (count: number): Uint8Array<ArrayBuffer> => tables(...repeat([1], count));
const labels = (count: number): number[] => [0x02, 0x40, 0x41, 0, 0x0e, ...leb(count), ...repeat([0], count + 1), 0x0b];

/** Distinct types: the digits of the number, base 4, as parameters. */
function distinctTypes(count: number): Uint8Array<ArrayBuffer> {
  const types = Array.from({ length: count }, (_, index) => {
    const digits = Array.from(index.toString(4), (digit) => 0x7f - Number(digit));
    return [0x60, ...leb(digits.length), ...digits, 0];
  });
  return moduleOf(section(1, vector(types)));
}

const emptyNames = (count: number, row: (index: number) => number[]): number[] =>
  [...leb(count)].concat(Array.from({ length: count }, (_, index) => row(index)).flat());

/** Every limit that a module of moderate size reaches. */
export const NEAR_LIMITS: readonly NearLimit[] = [
  near('types', /^types: \d+/, distinctTypes),
  near('params', /^parameters: \d+/, (count) => oneType(count, 0)),
  near('results', /^results: \d+/, (count) => oneType(0, count)),
  near('blockArity', /parameters and results|block/, blockOf),
  near('imports', /^imports: \d+/, (count) =>
    moduleOf(
      TYPES,
      section(
        2,
        emptyNames(count, (index) => [...name('host'), ...name(`h${index}`), 0, 0]),
      ),
    ),
  ),
  near('functions', /^functions: \d+/, (count) => codeModule(Array.from({ length: count }, () => body()))),
  near('globals', /^globals: \d+/, (count) =>
    moduleOf(
      section(
        6,
        emptyNames(count, () => [0x7f, 1, 0x41, 0, 0x0b]),
      ),
    ),
  ),
  near('exports', /^exports: \d+/, (count) =>
    moduleOf(
      TYPES,
      section(3, [1, 0]),
      section(
        7,
        emptyNames(count, (index) => [...name(`f${index}`), 0, 0]),
      ),
      section(10, vector([body()])),
    ),
  ),
  near('tags', /^tags: \d+/, (count) =>
    moduleOf(
      TYPES,
      section(
        13,
        emptyNames(count, () => [0, 0]),
      ),
    ),
  ),
  near('memories', /^memories: \d+/, (count) => moduleOf(section(5, [count, ...repeat([0, 1], count)]))),
  near('tables', /^tables: \d+/, ZERO_TABLE),
  near('tableEntries', /^table entries: \d+/, (count) => tables(1, count - 1)),
  near('elementSegments', /^element segments: \d+/, (count) =>
    moduleOf(
      section(
        9,
        emptyNames(count, () => [1, 0, 0]),
      ),
    ),
  ),
  near('functionReferences', /function references/, references),
  near('dataSegments', /^data segments: \d+/, (count) =>
    moduleOf(
      ONE_MEMORY,
      section(12, leb(count)),
      section(
        11,
        emptyNames(count, () => [1, 0]),
      ),
    ),
  ),
  near('dataBytes', /^bytes: \d+ in the data section/, dataOfSize),
  near('bodyBytes', /^bytes: \d+ in/, bodyOfSize),
  near('locals', /^locals: \d+/, (count) =>
    codeModule([[...leb(leb(count).length + 3), 1, ...leb(count), 0x7f, 0x0b]]),
  ),
  near('controlDepth', /^blocks open at once: \d+/, (count) =>
    codeModule([body(repeat([0x02, 0x40], count), repeat([0x0b], count))]),
  ),
  near('loopDepth', /^nested loops: \d+/, (count) =>
    codeModule([body(repeat([0x03, 0x40], count), repeat([0x41, 0, 0x0d, 0, 0x0b], count))]),
  ),
  near('branchTable', /br_table|labels/, (count) => codeModule([body(labels(count))])),
  near('stateProduct', /^live slots x branches/, stateProduct),
  near('nameBytes', /^name bytes: \d+/, (size) =>
    moduleOf(
      TYPES,
      section(3, [1, 0]),
      section(7, [1, ...leb(size), ...repeat([0x61], size), 0, 0]),
      section(10, vector([body()])),
    ),
  ),
];

/** A data section whose content is `size` bytes: one passive segment. */
function dataOfSize(size: number): Uint8Array<ArrayBuffer> {
  const content = size - 1 - 1 - leb(size).length;
  return moduleOf(ONE_MEMORY, section(12, [1]), paddedSection(11, [1, 1, ...leb(content)], content));
}
