import { describe, expect, it } from 'vitest';
import { KerbError } from '../../../src/errors.ts';
import { inspect, instrument } from '../../../src/instrument/instrument.ts';
import type { InstrumentOptions } from '../../../src/instrument/instrument.ts';
import {
  body,
  codeModule,
  HEADER,
  leb,
  moduleOf,
  name,
  ONE_MEMORY,
  paddedSection,
  repeat,
  section,
  vector,
} from '../wasm/bytes.ts';
import { wat } from './harness.ts';

const NOTHING: InstrumentOptions = { imports: new Map(), exports: new Map(), maxMemoryPages: 16 };

/** The lines of the refusal that `attempt` ends in; throws if it ends otherwise or a line is not fit to print. */
function refusal(attempt: () => unknown): readonly string[] {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof KerbError) || error.code !== 'refused_module') throw error;
    const unfit = error.details.filter((line) => line.length >= 200 || !/^[\x20-\x7e…]+$/.test(line));
    if (unfit.length > 0) throw new Error(`not fit to print: ${unfit.join()}`);
    return error.details;
  }
  throw new Error('the module was admitted');
}

/** The refusals of both entry points. */
function refusals(bytes: Uint8Array): readonly (readonly string[])[] {
  return [refusal(() => inspect(bytes)), refusal(() => instrument(bytes, NOTHING))];
}

/** Both entry points refuse, for exactly one reason. */
function bothSay(reason: RegExp): unknown {
  return [[expect.stringMatching(reason)], [expect.stringMatching(reason)]];
}

const I32 = 0x7f;
const TYPE = [0x60, 0, 0];

/** One function with `count` i32 locals. */
function withLocals(count: number, ...instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const content = [1, ...leb(count), I32, ...instructions, 0x0b];
  return codeModule([[...leb(content.length), ...content]]);
}

function nested(opener: readonly number[], depth: number): number[] {
  return [...repeat(opener, depth), ...repeat([0x0b], depth)];
}

const LIMITS: Readonly<Record<string, readonly [bytes: () => Uint8Array, reason: RegExp]>> = {
  'more than 1,000 types': [() => moduleOf(section(1, vector(repeat([0], 1_001).map(() => TYPE)))), /types: 1001/],
  'more than 64 parameters': [
    () => moduleOf(section(1, vector([[0x60, ...vector(repeat([I32], 65).map((type) => [type])), 0]]))),
    /parameters: 65 in type 0/,
  ],
  'more than 16 results': [
    () => moduleOf(section(1, vector([[0x60, 0, ...vector(repeat([I32], 17).map((type) => [type]))]]))),
    /results: 17 in type 0/,
  ],
  'blocks with more than 16 parameters and results': [
    () =>
      wat(
        `(module (func unreachable block (param ${'i32 '.repeat(9)}) (result ${'i32 '.repeat(8)}) unreachable end unreachable))`,
      ),
    /block parameters and results at byte \d+: 17/,
  ],
  'more than 2,000 imports': [
    () =>
      moduleOf(
        section(1, vector([TYPE])),
        section(2, vector(repeat([0], 2_001).map(() => [...name('m'), ...name('f'), 0, 0]))),
      ),
    /imports: 2001/,
  ],
  'more than 30,000 functions': [() => codeModule(Array.from({ length: 30_001 }, () => body())), /functions: 30001/],
  'more than 5,000 globals': [
    () => moduleOf(section(6, vector(Array.from({ length: 5_001 }, () => [I32, 0, 0x41, 0, 0x0b])))),
    /globals: 5001/,
  ],
  'more than 20,000 exports': [
    () => moduleOf(section(7, vector(Array.from({ length: 20_001 }, (_, index) => [...name(`e${index}`), 0, 0])))),
    /exports: 20001/,
  ],
  'more than 1,000 tags': [
    () => moduleOf(section(1, vector([TYPE])), section(13, vector(Array.from({ length: 1_001 }, () => [0, 0])))),
    /tags: 1001/,
  ],
  'more than 4 tables': [
    () => moduleOf(section(4, vector(Array.from({ length: 5 }, () => [0x70, 0, 1])))),
    /tables: 5/,
  ],
  'more than 20,000 table entries in all': [
    () =>
      moduleOf(
        section(
          4,
          vector([
            [0x70, 0, ...leb(10_000)],
            [0x70, 0, ...leb(10_001)],
          ]),
        ),
      ),
    /table entries: 20001 in all tables/,
  ],
  'thirty tables of ten million entries': [
    () => moduleOf(section(4, vector(Array.from({ length: 3 }, () => [0x70, 0, ...leb(10_000_000)])))),
    /table entries: 30000000/,
  ],
  'more than 20,000 element segments': [
    () => moduleOf(section(9, vector(Array.from({ length: 20_001 }, () => [1, 0, 0])))),
    /element segments: 20001/,
  ],
  'more than 100,000 function references': [
    () => moduleOf(section(9, vector([[1, 0, ...vector(Array.from({ length: 100_001 }, () => [0]))]]))),
    /more than 100000 function references/,
  ],
  'more than 100,000 data segments': [
    () => moduleOf(ONE_MEMORY, section(11, vector(Array.from({ length: 100_001 }, () => [1, 0])))),
    /data segments: 100001/,
  ],
  'more than 8 MB of data': [
    () => moduleOf(ONE_MEMORY, paddedSection(11, [1, 1, ...leb(8 * 1024 * 1024)], 8 * 1024 * 1024)),
    /bytes: \d+ in the data section/,
  ],
  'a body of more than 256 KB': [() => codeModule([body(repeat([0x01], 256 * 1024))]), /bytes: 262146 in function 0/],
  'more than 2,000 locals': [() => withLocals(2_001), /locals: 2001 in function 0/],
  'four billion locals': [() => withLocals(0xffff_ffff), /locals: 4294967295/],
  'more than 5,000 open blocks': [() => codeModule([body(nested([0x02, 0x40], 5_001))]), /blocks open at once: 5001/],
  'more than 64 nested loops': [() => codeModule([body(nested([0x03, 0x40], 65))]), /nested loops: 65/],
  'a br_table with more than 8,192 labels': [
    () => codeModule([body(0x41, 0, 0x0e, leb(8_193), repeat([0], 8_194))]),
    /br_table labels at byte \d+: 8193/,
  ],
  'many locals under many control operators': [
    () => withLocals(2_000, ...repeat([0x02, 0x40, 0x0b], 751)),
    /live slots x branches: 1502000 in function 0/,
  ],
  'many operands under many control operators': [
    () => codeModule([body(repeat([0x41, 0], 3_000), repeat([0x41, 0, 0x04, 0x40, 0x0b], 501), 0x00)]),
    /live slots x branches: 1503000 in function 0/,
  ],
  'a name of more than 1,024 bytes': [
    () => moduleOf(section(7, vector([[...name('e'.repeat(1_025)), 3, 0]]))),
    /name bytes: 1025/,
  ],
};

describe('an upload is refused by both entry points for', () => {
  it.each(Object.entries(LIMITS))('%s', (_, [bytes, reason]) => {
    expect(refusals(bytes())).toEqual(bothSay(reason));
  });

  it('large functions that only together are too many', () => {
    const content = [1, ...leb(2_000), I32, ...repeat([0x02, 0x40, 0x0b], 750), 0x0b];
    const one = [...leb(content.length), ...content];
    expect(inspect(codeModule(Array.from({ length: 20 }, () => one))).functions).toBe(20);
    expect(refusals(codeModule(Array.from({ length: 21 }, () => one)))).toEqual(
      bothSay(/live slots x branches: 31500000 in all functions, at most 30000000/),
    );
  });

  it('more than 16 MB outside custom sections, while custom sections are free', () => {
    const custom = paddedSection(0, name('debug'), 17 * 1024 * 1024);
    expect(inspect(moduleOf(custom)).bytes).toBe(HEADER.length);
    const half = paddedSection(11, [1, 1, ...leb(1_000)], 1_000);
    expect(refusal(() => inspect(moduleOf(ONE_MEMORY, half), 1_000)).join()).toMatch(
      /bytes: \d+ in the module without custom sections, at most 1000/,
    );
  });
});

const FEATURES: Readonly<Record<string, readonly [bytes: () => Uint8Array, reason: RegExp]>> = {
  'a second memory': [() => moduleOf(section(5, [2, 0, 1, 0, 1])), /memories: 2/],
  'a memory with 64-bit addresses': [() => moduleOf(section(5, [1, 4, 1])), /64-bit addresses: compile for wasm32/],
  'a shared memory': [() => moduleOf(section(5, [1, 3, 1, 1])), /memory is shared/],
  'a custom page size': [() => moduleOf(section(5, [1, 8, 1, 0])), /custom page size/],
  'an imported memory': [
    () => moduleOf(section(2, vector([[...name('env'), ...name('memory'), 2, 0, 1]]))),
    /import "env"."memory" is a memory/,
  ],
  'an imported table': [
    () => moduleOf(section(2, vector([[...name('env'), ...name('t'), 1, 0x70, 0, 1]]))),
    /is a table/,
  ],
  'an imported global': [
    () => moduleOf(section(2, vector([[...name('env'), ...name('g'), 3, I32, 0]]))),
    /is a global/,
  ],
  'an imported tag': [
    () => moduleOf(section(1, vector([TYPE])), section(2, vector([[...name('env'), ...name('e'), 4, 0, 0]]))),
    /is a tag/,
  ],
  'a struct type': [() => moduleOf(section(1, vector([[0x5f, 0]]))), /type 0 at byte \d+ is a WasmGC type/],
  'a recursion group': [() => moduleOf(section(1, vector([[0x4e, 1, 0x5f, 0]]))), /WasmGC type/],
  'a reference to a type': [() => moduleOf(section(1, vector([[0x60, 1, 0x63, 0, 0]]))), /reference type 0x63/],
  'a garbage-collected local': [() => codeModule([[4, 1, 1, 0x6e, 0x0b]]), /reference type 0x6e/],
  'a garbage-collected instruction': [
    () => codeModule([body(0xfb, 0, 0)]),
    /WasmGC opcode 0xfb at byte \d+ in function 0/,
  ],
  'an atomic instruction': [() => codeModule([body(0xfe, 0x03, 0)]), /threads opcode 0xfe/],
  'a call through a reference': [() => codeModule([body(0x14, 0)]), /typed function reference opcode 0x14/],
  'a memory index in an access': [
    () => codeModule([body(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)], ONE_MEMORY),
    /memory index at byte/,
  ],
  'a memory index in a fill': [
    () => codeModule([body(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 1)], ONE_MEMORY),
    /memory index at byte/,
  ],
  'a memory index in a growth': [() => codeModule([body(0x41, 0, 0x40, 1, 0x1a)], ONE_MEMORY), /memory index at byte/],
  'a data segment for a second memory': [
    () => moduleOf(ONE_MEMORY, section(11, [1, 2, 1, 0x41, 0, 0x0b, 0])),
    /data segment 0 is for a second memory/,
  ],
};

describe('a feature that Kerb does not run is named:', () => {
  it.each(Object.entries(FEATURES))('%s', (_, [bytes, reason]) => {
    expect(refusals(bytes())).toEqual(bothSay(reason));
  });
});

describe('imports', () => {
  const offered = new Map([['host', new Map([['get', 'ii->I' as const]])]]);
  const options = { ...NOTHING, imports: offered };
  const importing = (module: string, field: string, type: string): Uint8Array =>
    wat(`(module (import "${module}" "${field}" (func ${type})))`);

  it('are admitted with their exact signature', () => {
    expect(instrument(importing('host', 'get', '(param i32 i32) (result i64)'), options).report.imports).toEqual([
      { module: 'host', name: 'get', signature: 'ii->I' },
    ]);
  });

  it.each([
    ['of an unknown module', 'other', 'get', '(param i32 i32) (result i64)', /"other"."get" is not offered/],
    ['of an unknown name', 'host', 'set', '(param i32 i32) (result i64)', /"host"."set" is not offered/],
    ['of a property of every object', 'constructor', 'constructor', '', /is not offered/],
    [
      'with fewer parameters',
      'host',
      'get',
      '(param i32) (result i64)',
      /signature \(i32\) -> \(i64\): declare it as \(i32, i32\) -> \(i64\)/,
    ],
    ['with a float for an integer', 'host', 'get', '(param i32 f64) (result i64)', /signature \(i32, f64\)/],
    ['with an external reference', 'host', 'get', '(param i32 externref) (result i64)', /signature \(i32, externref\)/],
    ['from the sandbox itself', 'kerb:sandbox', 'interrupt', '(result i32)', /the sandbox's own module name/],
  ])('%s are refused', (_, module, field, type, reason) => {
    const lines = refusal(() => instrument(importing(module, field, type), options));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(reason);
  });

  it('cannot put control characters into the refusal', () => {
    const bytes = moduleOf(
      section(1, vector([TYPE])),
      section(2, vector([[...name('a\n\u001b[31m'), ...name('\u202e"'), 0, 0]])),
    );
    expect(refusal(() => instrument(bytes, options))[0]).toMatch(/^import "a\\n\\u001b\[31m"."\\u202e\\""/);
  });
});

describe('exports', () => {
  const options = { ...NOTHING, exports: new Map([['handle', 'i->' as const]]) };

  it.each([
    [
      'a function of another signature',
      '(func (export "handle") (result i32) i32.const 0)',
      /export "handle" has the signature \(\) -> \(i32\)/,
    ],
    ['a global', '(global (export "handle") i32 (i32.const 0))', /export "handle" is a global/],
  ])('under a wanted name must not be %s', (_, fields, reason) => {
    expect(refusal(() => instrument(wat(`(module ${fields})`), options))[0]).toMatch(reason);
  });

  it('under a wanted name must not be an import', () => {
    const bytes = wat('(module (import "m" "f" (func $f (param i32))) (export "handle" (func $f)))');
    expect(
      refusal(() => instrument(bytes, { ...options, imports: new Map([['m', new Map([['f', 'i->' as const]])]]) }))[0],
    ).toMatch(/is an import/);
  });
});

describe('the memory budget', () => {
  it('refuses a memory that starts above it and names the setting', () => {
    expect(refusal(() => instrument(wat('(module (memory 17))'), NOTHING))).toEqual([
      'the memory starts with 17 pages of 64 KiB, at most 16: raise limits.memory_mb to 2 or declare less',
    ]);
  });
});

describe('a refusal', () => {
  it('lists everything that is wrong at once', () => {
    const bytes = wat(`(module
      (import "a" "b" (func)) (import "c" "d" (func (param externref))) (import "kerb:sandbox" "yield" (func))
      (memory 40) (table 19000 funcref) (table 19000 funcref)
      (func (export "handle") ${'loop '.repeat(70)} ${'end '.repeat(70)})
      (func ${'(local i32) '.repeat(2_100)}))`);
    const lines = refusal(() => instrument(bytes, { ...NOTHING, exports: new Map([['handle', 'i->']]) }));
    expect(lines).toHaveLength(8);
    for (const part of [
      '"a"."b"',
      '"c"."d"',
      'own module name',
      'table entries: 38000',
      'memory_mb',
      'export "handle"',
      'nested loops: 70',
      'locals: 2100',
    ]) {
      expect(lines.join('\n')).toContain(part);
    }
  });

  it('counts what it does not list', () => {
    const imports = Array.from({ length: 80 }, (_, index) => `(import "m" "f${index}" (func))`).join(' ');
    const lines = refusal(() => instrument(wat(`(module ${imports})`), NOTHING));
    expect(lines).toHaveLength(51);
    expect(lines[50]).toBe('and 30 more of the same kinds');
  });
});

describe('compile cost', () => {
  it('counts the checks that rewriting would add', () => {
    const loops = repeat([0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b], 370);
    expect(inspect(withLocals(2_000, ...loops)).functions).toBe(1);
    expect(refusal(() => instrument(withLocals(2_000, ...loops), NOTHING))[0]).toMatch(
      /live slots x branches with checks: \d+ in defined function 0, at most 1875000/,
    );
  });

  it('counts checks in code without blocks, over as many operands as lie there', () => {
    const calls = repeat([0x41, 0], 60_000).concat(repeat([0x01], 60_000), repeat([0x1a], 60_000));
    expect(inspect(codeModule([body(calls)])).functions).toBe(1);
    expect(refusal(() => instrument(codeModule([body(calls)]), NOTHING))[0]).toMatch(
      /live slots x branches with checks: \d+ in defined function 0/,
    );
  });

  it('counts the edges of unrolled copies, every label of a br_table in them', () => {
    const labels = [...repeat([1], 12), 0];
    const loops = repeat([0x03, 0x40, 0x41, 0, 0x0e, ...leb(12), ...labels, 0x0b], 1_200);
    const bytes = codeModule([body(0x02, 0x40, loops, 0x0b)]);
    expect(inspect(bytes).functions).toBe(1);
    expect(refusal(() => instrument(bytes, NOTHING))[0]).toMatch(
      /branches and labels with checks: \d+ in defined function 0, at most 25000/,
    );
  });

  it('counts checks inside of a try as calls there', () => {
    const loops = repeat([0x03, 0x40, 0x10, 0, 0x0c, 0, 0x0b], 3_000);
    const bytes = codeModule([body(0x06, 0x40, loops, 0x19, 0x0b)]);
    expect(inspect(bytes).functions).toBe(1);
    expect(refusal(() => instrument(bytes, NOTHING)).join()).toMatch(
      /calls inside of try with checks: \d+ in defined function 0, at most 5120/,
    );
  });

  it('refuses what checks would enlarge more than fourfold', () => {
    const loops = Array.from({ length: 400 }, () => body(repeat([0x03, 0x40, 0x0c, 0, 0x0b], 1_200)));
    expect(refusal(() => instrument(codeModule(loops), NOTHING))[0]).toMatch(/would make it larger than \d+ bytes/);
  });
});
