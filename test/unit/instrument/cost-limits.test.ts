import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { inspect } from '../../../src/instrument/instrument.ts';
import { MODULE_LIMITS } from '../../../src/limits.ts';
import { codeModule, leb, moduleOf, ONE_MEMORY, repeat, section, vector } from '../wasm/bytes.ts';

const I32 = 0x7f;
const I64 = 0x7e;
const V128 = 0x7b;
const EXNREF = 0x69;
const BLOCK = [0x02, 0x40];
const END = [0x0b];
const TRY = [0x06, 0x40];
const CATCH_ALL = [0x19];
const ZERO = [0x41, 0];
const CALL = [0x10, 0];

/** The lines that `inspect` refuses a module with; none if it is admitted. */
function lines(bytes: Uint8Array): readonly string[] {
  try {
    inspect(bytes);
    return [];
  } catch (error) {
    if (!(error instanceof KerbError) || error.code !== 'refused_module') throw error;
    if (error.details.some((line) => line.length >= 200)) throw error;
    return error.details;
  }
}

/** One function `() -> ()` with locals of one type. */
function withLocals(count: number, type: number, ...code: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return codeModule([bodyOf(count, type, code)]);
}

function bodyOf(count: number, type: number, code: readonly (readonly number[])[]): number[] {
  const content = [1, ...leb(count), type].concat(...code, END);
  return leb(content.length).concat(content);
}

/** Function 0 returns sixteen values, the cheapest way to pile up operands; function 1 has `code`. */
function withSixteen(...code: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const sixteen = [0x60, 0, 16, ...repeat([I32], 16)];
  return moduleOf(
    section(1, vector([[0x60, 0, 0], sixteen])),
    section(3, [2, 1, 0]),
    section(10, vector([bodyOf(0, I32, [repeat(ZERO, 16)]), bodyOf(0, I32, code)])),
  );
}

const tag = (params: readonly number[]): Uint8Array<ArrayBuffer> =>
  moduleOf(section(1, vector([[0x60, ...leb(params.length), ...params, 0]])), section(13, [1, 0, 0]));

describe('exceptions, which live outside of the memory budget:', () => {
  it('a tag has at most eight numbers', () => {
    expect(lines(tag(repeat([I64], 8)))).toEqual([]);
    expect(lines(tag(repeat([I64], 9)))).toEqual(['parameters: 9 in tag 0, at most 8: throw a pointer to the data']);
  });

  it.each([EXNREF, 0x70, 0x6f, V128])('a tag has no parameter of type 0x%s', (type) => {
    expect(lines(tag([I32, type]))).toEqual([
      'tag 0 has a parameter that is no number (i32, i64, f32, f64): throw a pointer to the data',
    ]);
  });

  it('a list of exceptions, each with the one before and 63 vectors, is refused', () => {
    expect(lines(tag([EXNREF, ...repeat([V128], 63)]))).toHaveLength(2);
  });

  it('no table holds them', () => {
    expect(lines(moduleOf(section(4, vector([[EXNREF, 0, 1]]))))).toEqual([
      'a table holds exceptions (exnref): keep exceptions in locals',
    ]);
    expect(lines(moduleOf(section(4, vector([[0x6f, 0, 1]]))))).toEqual([]);
  });

  it.each([0, 1])('no global of mutability %s holds them', (mutability) => {
    expect(lines(moduleOf(section(6, vector([[EXNREF, mutability, 0xd0, EXNREF, 0x0b]]))))).toEqual([
      expect.stringMatching(/^global 0 at byte \d+ holds an exception \(exnref\): keep exceptions in locals$/),
    ]);
  });

  it('a function has at most 64 locals of them', () => {
    expect(lines(withLocals(64, EXNREF))).toEqual([]);
    expect(lines(withLocals(65, EXNREF))).toEqual([
      'locals of type exnref: 65 in function 0, at most 64: split the function',
    ]);
  });
});

describe('compile time and memory: a function just under a limit is admitted, one just above is refused', () => {
  const { edges, protectedCalls, stateProduct } = MODULE_LIMITS;
  const LOCALS = 1_000;
  const room = stateProduct / LOCALS;
  const slots = /^live slots x branches: \d+ in function 0, at most 1500000: split the function$/;

  it.each<readonly [string, (count: number) => readonly (readonly number[])[], number]>([
    ['conditional branches', (count) => [BLOCK, repeat([0x20, 0, 0x0d, 0], count), END], room - 1],
    ['branches', (count) => [repeat([...BLOCK, 0x0c, 0, ...END], count)], room / 2],
    ['conditionals', (count) => [repeat([0x20, 0, 0x04, 0x40, 0x0b], count)], room],
    ['labels of a br_table', (count) => [BLOCK, ZERO, [0x0e], leb(count), repeat([0], count + 1), END], room - 2],
    ['clauses of a try_table', (count) => [BLOCK, [0x1f, 0x40], leb(count), repeat([2, 0], count), END, END], room - 2],
    ['calls inside of a try', (count) => [TRY, repeat(CALL, count), CATCH_ALL, END], room - 3],
    ['calls', (count) => [repeat(CALL, count)], room * 4],
    ['references to functions', (count) => [repeat([0xd2, 0, 0x1a], count)], room * 4],
  ])('%s above a thousand locals', (_, code, most) => {
    expect(lines(withLocals(LOCALS, V128, ...code(most)))).toEqual([]);
    expect(lines(withLocals(LOCALS, V128, ...code(most + 1)))).toEqual([expect.stringMatching(slots)]);
  });

  it('edges of a function without locals', () => {
    const code = (count: number): Uint8Array => withLocals(0, I32, BLOCK, repeat([...ZERO, 0x0d, 0], count - 1), END);
    expect(lines(code(edges))).toEqual([]);
    expect(lines(code(edges + 1))).toEqual([
      'branches and labels: 20001 in function 0, at most 20000: split the function',
    ]);
  });

  it('calls inside of a try without locals', () => {
    const code = (count: number): Uint8Array => withLocals(0, I32, TRY, repeat(CALL, count), CATCH_ALL, END);
    expect(lines(code(protectedCalls))).toEqual([]);
    expect(lines(code(protectedCalls + 1))).toEqual([
      'calls inside of try: 4097 in function 0, at most 4096: split the function',
    ]);
  });

  it('control operators, branches and calls of all functions together', () => {
    const calls = bodyOf(0, I32, [repeat(CALL, 124_999)]);
    expect(lines(codeModule(repeat([0], 24).map(() => calls)))).toEqual([]);
    expect(lines(codeModule(repeat([0], 25).map(() => calls)))).toEqual([
      'more than 3000000 control operators, branches and calls by function 24: split the module',
    ]);
  });
});

describe('a small upload that would freeze or abort the process is refused:', () => {
  const N = 1_990;
  const table = [...BLOCK, 0x20, 0, 0x45, 0x0d, 0, 0x20, 0, 0x0e, ...leb(8_191), ...repeat([1], 8_192), ...END];

  it.each<readonly [string, () => Uint8Array<ArrayBuffer>]>([
    ['31 br_tables of 8,192 labels above many locals', () => withLocals(N, I32, BLOCK, repeat(table, 31), END)],
    ['the same without locals: a block of 250,000 edges', () => withLocals(1, I32, BLOCK, repeat(table, 31), END)],
    [
      '60,000 clauses of one try_table',
      () => withLocals(N, I32, BLOCK, [0x1f, 0x40], leb(60_000), repeat([2, 0], 60_000), CALL, END, END),
    ],
    ['80,000 calls in one try', () => withLocals(0, I32, TRY, repeat(CALL, 80_000), CATCH_ALL, END)],
    [
      '100,000 calls in one try above many locals',
      () => withLocals(N, I32, TRY, repeat(CALL, 100_000), CATCH_ALL, END),
    ],
    ['calls above ever more operands', () => withSixteen(repeat(CALL, 120_000), [0x00])],
    [
      'branches above ever more operands',
      () => withSixteen(repeat(CALL, 4_000), BLOCK, repeat([...CALL, ...repeat([0x0d, 0], 16)], 4_000), END, [0x00]),
    ],
    [
      'calls in a try above many operands',
      () => withSixteen(repeat(CALL, 5_000), TRY, repeat(CALL, 5_000), [0x00], CATCH_ALL, END, [0x00]),
    ],
    [
      'conditionals above many vectors',
      () => withLocals(1_900, V128, repeat([0x20, 0, 0xfd, 0x53, 0x04, 0x40, 0x0b], 2_000)),
    ],
    [
      'dead code that pops what is not there before branches above many locals',
      () =>
        withLocals(
          N,
          I32,
          BLOCK,
          [0x00],
          repeat([0x1a], 100_000),
          repeat([0x0d, 0], 10_000),
          END,
          repeat([0x20, 0, 0x04, 0x40, 0x0b], 2_000),
        ),
    ],
  ])('%s', (_, make) => {
    const bytes = make();
    expect(bytes.length).toBeLessThan(270_000);
    expect(lines(bytes)).not.toEqual([]);
  });
});

describe('what every instance pays before it runs', () => {
  const I64_ONE = [0x42, 1];
  const sum = (terms: number): number[] => [...I64_ONE, ...repeat([...I64_ONE, 0x7c], terms), ...END];
  const globals = (count: number, expression: readonly number[]): Uint8Array<ArrayBuffer> =>
    moduleOf(section(6, vector(repeat([0], count).map(() => [I64, 1, ...expression]))));
  /** Active data segments, each with its offset expression and its length. */
  const data = (segments: readonly (readonly [readonly number[], number])[]): Uint8Array<ArrayBuffer> =>
    moduleOf(
      ONE_MEMORY,
      section(11, vector(segments.map(([offset, length]) => [0, ...offset, ...leb(length), ...repeat([1], length)]))),
    );
  const at = (page: number): number[] => [0x41, ...sleb(page * 4096), 0x0b];

  it('a constant expression has at most 64 bytes', () => {
    expect(lines(globals(1, sum(20)))).toEqual([]);
    expect(lines(globals(1, sum(21)))).toEqual([
      expect.stringMatching(
        /^bytes: 66 in the constant expression at byte \d+, at most 64: compute the value at run time$/,
      ),
    ]);
  });

  it('all of them together have at most 256 KiB', () => {
    expect(lines(globals(4_161, sum(20)))).toEqual([]);
    expect(lines(globals(4_162, sum(20)))).toEqual([
      'bytes: 262206 in all constant expressions, at most 262144: compute values at run time',
    ]);
  });

  it('a multiplication of 16 MB is refused', () => {
    const expression = new Uint8Array(5_000_000 * 3).fill(0);
    for (let byte = 0; byte < expression.length; byte += 3) expression.set([0x23, 0, 0x7e], byte);
    const head = [1, I64, 1, ...I64_ONE];
    const frame = [6, ...leb(head.length + expression.length + 1), ...head];
    expect(
      lines(moduleOf(new Uint8Array(Buffer.concat([Buffer.from(frame), expression, Buffer.from(END)])))),
    ).toHaveLength(2);
  });

  it('items of element segments count', () => {
    const items = (count: number): number[] => [5, 0x70, ...leb(count), ...repeat([0xd0, 0x70, 0x0b], count)];
    expect(lines(moduleOf(section(9, [1, ...items(87_381)])))).toEqual([]);
    expect(lines(moduleOf(section(9, [1, ...items(87_382)])))).toEqual([
      expect.stringMatching(/^bytes: 262146 in all/),
    ]);
  });

  it('offsets of data segments count unless they are one constant, of which toolchains write a hundred thousand', () => {
    const computed = [0x41, 0, 0x41, 0, 0x6a, 0x0b];
    expect(lines(data(repeat([0], 60_000).map(() => [at(0), 0])))).toEqual([]);
    expect(lines(data(repeat([0], 43_691).map(() => [computed, 0])))).toEqual([
      expect.stringMatching(/^bytes: 262146 in all/),
    ]);
  });

  it('data segments write at most 4,096 pages', () => {
    const spread = (count: number): Uint8Array => data(Array.from({ length: count }, (_, page) => [at(page * 3), 1]));
    expect(lines(spread(4_096))).toEqual([]);
    expect(lines(spread(4_097))).toEqual([
      'pages of 4 KiB: 4097 in the data segments, at most 4096: place them close together, in order',
    ]);
  });

  it('data segments that lie close together may be as many as there may be', () => {
    expect(lines(data(Array.from({ length: 100_000 }, (_, index) => [[0x41, ...sleb(index * 70), 0x0b], 3])))).toEqual(
      [],
    );
  });

  it('segments at a computed offset count by their length', () => {
    const computed = [0x23, 0, 0x0b];
    expect(lines(data(repeat([0], 2_048).map(() => [computed, 1])))).toEqual([]);
    expect(lines(data(repeat([0], 2_049).map(() => [computed, 1])))).toEqual([
      expect.stringMatching(/^pages of 4 KiB: 4098/),
    ]);
  });
});

/** A signed LEB128 integer that is not negative. */
function sleb(value: number): number[] {
  return value < 64 ? [value] : [(value & 0x7f) | 0x80, ...sleb(Math.floor(value / 128))];
}
