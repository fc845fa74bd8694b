import { describe, expect, it } from 'vitest';
import { Kind, KINDS, NUMERIC_KINDS, VECTOR_KINDS } from '../../../src/wasm/opcodes.ts';
import { EFFECTS, NUMERIC_EFFECTS, VECTOR_EFFECTS } from '../../../src/wasm/stack-effects.ts';
import { leb, moduleOf, repeat, section, vector } from './bytes.ts';

/** Immediates that make an instruction of each kind valid in {@link accepts}' module. */
const IMMEDIATES: Partial<Record<Kind, readonly number[]>> = {
  [Kind.none]: [],
  [Kind.block]: [0x40, 0x0b],
  [Kind.tryTable]: [0x40, 0, 0x0b],
  [Kind.branch]: [0],
  [Kind.branchIf]: [0],
  [Kind.branchTable]: [0, 0],
  [Kind.leave]: [],
  [Kind.leaveIndex]: [0],
  [Kind.call]: [0],
  [Kind.callIndirect]: [0, 0],
  [Kind.refFunc]: [0],
  [Kind.memoryGrow]: [0],
  [Kind.memorySize]: [0],
  [Kind.index]: [0],
  [Kind.memoryAccess]: [0, 0],
  [Kind.memoryLane]: [0, 0, 0],
  [Kind.i32]: [0],
  [Kind.i64]: [0],
  [Kind.f32]: repeat([0], 4),
  [Kind.f64]: repeat([0], 8),
  [Kind.v128]: repeat([0], 16),
  [Kind.lane]: [0],
  [Kind.selectTyped]: [1, 0x7f],
  [Kind.refNull]: [0x70],
  [Kind.memoryInit]: [0, 0],
  [Kind.memoryCopy]: [0, 0],
  [Kind.memoryFill]: [0],
  [Kind.tableBulk]: [0, 0],
  [Kind.tableFill]: [0],
};

/** Whether V8 takes an instruction in dead code, where operands may have any type. */
function accepts(instruction: readonly number[]): boolean {
  const content = [1, 1, 0x7f, 0x00, ...instruction, 0x00, 0x0b];
  return WebAssembly.validate(
    moduleOf(
      section(1, vector([[0x60, 0, 0]])),
      section(3, vector([[0]])),
      section(4, [1, 0x70, 0, 1]),
      section(5, [1, 0, 1]),
      section(13, [1, 0, 0]),
      section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
      section(9, [1, 3, 0, 1, 0]),
      section(12, [1]),
      section(10, [1, ...leb(content.length), ...content]),
      section(11, [1, 1, 0]),
    ),
  );
}

const REFUSED = new Set<number>([Kind.refusedGc, Kind.refusedAtomics, Kind.refusedFunctionReferences]);

/** The opcodes of a table whose instructions V8 does not take with the immediates that the table says. */
function rejected(kinds: Uint8Array, prefix: readonly number[]): string[] {
  return [...kinds.entries()].flatMap(([code, kind]) => {
    const immediates = IMMEDIATES[kind as Kind];
    const opcode = prefix.length === 0 ? [code] : [...prefix, ...leb(code)];
    return immediates === undefined || accepts([...opcode, ...immediates]) ? [] : [hex(opcode)];
  });
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16)).join(' ');
}

describe('the opcode tables', () => {
  it('lists only instructions that V8 takes, with the immediates that V8 reads', () => {
    // `rethrow` is valid only in a handler.
    expect(rejected(KINDS, [])).toEqual(['9']);
    expect(rejected(NUMERIC_KINDS, [0xfc])).toEqual([]);
    expect(rejected(VECTOR_KINDS, [0xfd])).toEqual([]);
  });

  it('lists every single-byte instruction that V8 takes', () => {
    const shapes = Object.values(IMMEDIATES);
    const unknown = [...KINDS.keys()].filter((op) => KINDS[op] === Kind.unknown);
    expect(unknown.filter((op) => shapes.some((immediates) => accepts([op, ...immediates])))).toEqual([]);
  });

  it.each([
    ['numeric', NUMERIC_KINDS, 0xfc, [0, 0]],
    ['vector', VECTOR_KINDS, 0xfd, []],
  ] as const)('lists every %s instruction that V8 takes', (_, kinds, prefix, immediates) => {
    const unknown = Array.from({ length: 0x200 }, (_entry, code) => code).filter(
      (code) => (kinds[code] ?? Kind.unknown) === Kind.unknown,
    );
    expect(unknown.length).toBeGreaterThan(0x200 - kinds.length - 1);
    expect(unknown.filter((code) => accepts([prefix, ...leb(code), ...immediates]))).toEqual([]);
  });

  it('names the refused proposals instead of calling their opcodes unknown', () => {
    const refused = [...KINDS.keys()].filter((op) => REFUSED.has(KINDS[op] ?? 0));
    expect(refused).toEqual([0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6, 0xfb, 0xfe]);
  });
});

/** Value types to try as operands: the stack effect is what V8 accepts with some combination of them. */
const CONSTANTS: readonly (readonly number[])[] = [
  [0x41, 0],
  [0x42, 0],
  [0x43, 0, 0, 0, 0],
  [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  [0xfd, 12, ...repeat([0], 16)],
];

/** How many operands an instruction adds, by asking V8: operands of every mix of types, then as many drops as come out. */
function effectInV8(instruction: readonly number[]): number | null {
  for (let operands = 0; operands <= 3; operands++) {
    for (let mix = 0; mix < CONSTANTS.length ** operands; mix++) {
      const pushes = Array.from(
        { length: operands },
        (_, at) => CONSTANTS[Math.floor(mix / CONSTANTS.length ** at) % CONSTANTS.length] ?? [],
      );
      for (const results of [0, 1])
        if (validLive([...pushes.flat(), ...instruction, ...repeat([0x1a], results)])) return results - operands;
    }
  }
  return null;
}

function validLive(code: readonly number[]): boolean {
  const content = [1, 1, 0x7f, ...code, 0x0b];
  return WebAssembly.validate(
    moduleOf(
      section(1, vector([[0x60, 0, 0]])),
      section(3, vector([[0]])),
      section(4, [1, 0x70, 0, 1]),
      section(5, [1, 0, 1]),
      section(6, [1, 0x7f, 1, 0x41, 0, 0x0b]),
      section(12, [1]),
      section(10, [1, ...leb(content.length), ...content]),
      section(11, [1, 1, 0]),
    ),
  );
}

describe('the stack effects', () => {
  const PLAIN = new Set<number>([
    Kind.none, Kind.memoryAccess, Kind.memoryLane, Kind.memorySize, Kind.i32, Kind.i64, Kind.f32, Kind.f64, Kind.v128, Kind.lane,
    Kind.memoryInit, Kind.memoryCopy, Kind.memoryFill,
  ]); // prettier-ignore

  it.each([
    ['single-byte', KINDS, EFFECTS, []],
    ['numeric', NUMERIC_KINDS, NUMERIC_EFFECTS, [0xfc]],
    ['vector', VECTOR_KINDS, VECTOR_EFFECTS, [0xfd]],
  ] as const)('of %s instructions are what V8 takes and gives', (_, kinds, effects, prefix) => {
    kinds.forEach((kind, code) => {
      const immediates = IMMEDIATES[kind as Kind];
      if (!PLAIN.has(kind) || immediates === undefined || (prefix.length === 0 && code === 0xd1)) return;
      const opcode = prefix.length === 0 ? [code] : [...prefix, ...leb(code)];
      expect(effects[code], `0x${opcode.map((byte) => byte.toString(16)).join(' ')}`).toBe(
        effectInV8([...opcode, ...immediates]),
      );
    });
  });
});
