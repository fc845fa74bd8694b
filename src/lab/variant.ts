/** Modules that do the same and are not the same: what makes a tenant's module one of its own. */
import { Section } from '../wasm/encode.ts';
import { Reader } from '../wasm/reader.ts';
import { Writer } from '../wasm/writer.ts';

/** Bytes of the magic number and the version (core specification §5.5.16). */
const HEADER_BYTES = 8;

/** `i64`, and that it does not change (§5.3.1, §5.3.10). */
const CONSTANT_I64 = [0x7e, 0x00] as const;
const I64_CONST = 0x42;
const END = 0x0b;

/** Sections that come before the globals (§5.5.2); 13 is that of tags. */
const BEFORE_GLOBALS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 13]);

/**
 * The module with one more global at the end of its own, a constant that holds `mark`, a whole number from 0 to 2^31 - 1. Nothing refers to
 * it: the module does what it did. It is other code to every cache, of digests and of the engine: a custom section would be stripped before
 * the engine sees it. Throws `bad_module` for bytes without the shape of a module.
 */
export function variantOf(module: Uint8Array, mark: number): Uint8Array<ArrayBuffer> {
  const reader = new Reader(module, HEADER_BYTES);
  const out = new Writer(module.length + 32);
  out.range(module, 0, HEADER_BYTES);
  let isWritten = false;
  while (reader.remaining > 0) {
    const from = reader.offset;
    const id = reader.byte();
    const content = reader.slice(reader.u32());
    if (id === Section.custom) {
      out.range(module, from, content.end);
      continue;
    }
    if (!isWritten && !BEFORE_GLOBALS.has(id)) {
      writeGlobals(out, id === Section.global ? content : null, mark);
      isWritten = true;
      if (id === Section.global) continue;
    }
    out.range(module, from, content.end);
  }
  if (!isWritten) writeGlobals(out, null, mark);
  return out.toBytes();
}

/** The section of globals: those that there are, and the mark. */
function writeGlobals(out: Writer, known: Reader | null, mark: number): void {
  const section = new Writer();
  section.u32((known?.u32() ?? 0) + 1);
  if (known !== null) section.range(known.bytes, known.offset, known.end);
  section.bytes(CONSTANT_I64);
  section.byte(I64_CONST);
  section.s33(mark);
  section.byte(END);
  out.byte(Section.global);
  out.sized(section);
}
