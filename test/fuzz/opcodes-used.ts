/** Which instructions a module has: for the proof that the generator leaves none out. */

import { decode } from '../../src/wasm/decode.ts';
import { Kind, KINDS, NUMERIC_KINDS, VECTOR_KINDS } from '../../src/wasm/opcodes.ts';
import { Reader } from '../../src/wasm/reader.ts';
import { Refusals } from '../../src/wasm/refusals.ts';

/** The opcodes of all bodies; prefixed ones are `prefix << 12 | code`. Throws on an opcode that Kerb does not accept. */
export function opcodesUsed(bytes: Uint8Array): Set<number> {
  const used = new Set<number>();
  const { bodies } = decode(bytes, new Refusals());
  for (let at = 0; at < bodies.length; at += 2) {
    const reader = new Reader(bytes, bodies[at], bodies[at + 1]);
    for (let groups = reader.u32(); groups > 0; groups--) {
      reader.u32();
      reader.byte();
    }
    while (reader.remaining > 0) used.add(instruction(reader));
  }
  return used;
}

/** Every opcode that Kerb accepts, in the same form. */
export function acceptedOpcodes(): number[] {
  const refused: ReadonlySet<number> = new Set([
    Kind.unknown,
    Kind.refusedGc,
    Kind.refusedFunctionReferences,
    Kind.refusedAtomics,
    Kind.prefixNumeric,
    Kind.prefixVector,
  ]);
  const of = (kinds: Uint8Array, prefix: number): number[] =>
    Array.from(kinds.keys())
      .filter((code) => !refused.has(kinds[code] ?? 0))
      .map((code) => (prefix << 12) | code);
  return [...of(KINDS, 0), ...of(NUMERIC_KINDS, 0xfc), ...of(VECTOR_KINDS, 0xfd)];
}

function instruction(reader: Reader): number {
  const opcode = reader.byte();
  const kind = KINDS[opcode] as Kind;
  if (kind !== Kind.prefixNumeric && kind !== Kind.prefixVector) {
    immediates(reader, kind);
    return opcode;
  }
  const code = reader.u32();
  immediates(reader, ((kind === Kind.prefixNumeric ? NUMERIC_KINDS : VECTOR_KINDS)[code] ?? Kind.unknown) as Kind);
  return (opcode << 12) | code;
}

/** Indices after an instruction, by its kind. */
const INDICES: Readonly<Partial<Record<Kind, number>>> = {
  [Kind.catch]: 1,
  [Kind.delegate]: 1,
  [Kind.branch]: 1,
  [Kind.branchIf]: 1,
  [Kind.leaveIndex]: 1,
  [Kind.call]: 1,
  [Kind.callIndirect]: 2,
  [Kind.refFunc]: 1,
  [Kind.memoryGrow]: 1,
  [Kind.memorySize]: 1,
  [Kind.index]: 1,
  [Kind.memoryAccess]: 2,
  [Kind.memoryLane]: 2,
  [Kind.memoryInit]: 2,
  [Kind.memoryCopy]: 2,
  [Kind.memoryFill]: 1,
  [Kind.tableBulk]: 2,
  [Kind.tableFill]: 1,
};

/** Bytes after an instruction and its indices. */
const BYTES: Readonly<Partial<Record<Kind, number>>> = {
  [Kind.f32]: 4,
  [Kind.f64]: 8,
  [Kind.v128]: 16,
  [Kind.lane]: 1,
  [Kind.memoryLane]: 1,
  [Kind.refNull]: 1,
};

function immediates(reader: Reader, kind: Kind): void {
  if (kind === Kind.unknown) throw new RangeError(`an unknown opcode before byte ${reader.offset}`);
  for (let left = INDICES[kind] ?? 0; left > 0; left--) reader.u32();
  reader.skip(BYTES[kind] ?? 0);
  if (kind === Kind.block || kind === Kind.tryTable) reader.s33();
  if (kind === Kind.i32) reader.s32();
  if (kind === Kind.i64) reader.skipS64();
  if (kind === Kind.selectTyped) reader.skip(reader.u32());
  if (kind === Kind.branchTable) for (let left = reader.u32(); left >= 0; left--) reader.u32();
  if (kind === Kind.tryTable) for (let left = reader.u32(); left > 0; left--) clause(reader);
}

/** `catch` and `catch_ref` name a tag and a label, the others a label. */
function clause(reader: Reader): void {
  if (reader.byte() < 2) reader.u32();
  reader.u32();
}
