/** The bits of float literals, as the assembler rounds them: JavaScript reads neither hexadecimal floats nor f32. */

import { assemble } from './assemble.ts';
import type { FloatBits } from './values.ts';

const GLOBAL_SECTION = 6;
/** Literals that are assembled in one module: as many as an engine lets a module have globals. */
const BATCH = 100_000;

/** Decimal and hexadecimal floats, infinities and NaNs with or without a payload: what the assembler takes. */
const LITERAL =
  /^[+-]?(?:inf|nan(?::0x[\da-fA-F_]+)?|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?[\d_]+)?|0x[\da-fA-F][\da-fA-F_]*(?:\.[\da-fA-F_]*)?(?:[pP][+-]?[\d_]+)?)$/;

/** The bits of those of the `literals` that are floats. */
export function floatBits(literals: Iterable<readonly [32 | 64, string]>): FloatBits {
  const floats = [...literals].filter(([, text]) => LITERAL.test(text));
  const keys = [...new Set(floats.map(([width, text]) => `f${width} ${text}`))];
  const bits = new Map<string, bigint>();
  for (let at = 0; at < keys.length; at += BATCH) readBatch(keys.slice(at, at + BATCH), bits);
  return (width, text) => bits.get(`f${width} ${text}`);
}

function readBatch(keys: readonly string[], bits: Map<string, bigint>): void {
  const globals = keys.map((key) => `(global ${key.slice(0, 3)} (${key.slice(0, 3)}.const ${key.slice(4)}))`);
  const bytes = assemble(`(module ${globals.join('\n')})`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = globalEntries(bytes);
  for (const key of keys) {
    // An entry is type, mutability, the opcode of the constant, its bits, `end`.
    const wide = key.startsWith('f64');
    bits.set(key, wide ? view.getBigUint64(at + 3, true) : BigInt(view.getUint32(at + 3, true)));
    at += wide ? 12 : 8;
  }
}

/** Where the first global starts in a module that has no other section with content. */
function globalEntries(bytes: Uint8Array): number {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at];
    const [size, content] = leb(bytes, at + 1);
    if (id === GLOBAL_SECTION) return leb(bytes, content)[1];
    at = content + size;
  }
  return at;
}

function leb(bytes: Uint8Array, offset: number): readonly [number, number] {
  let value = 0;
  for (let at = offset, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at + 1];
  }
}
