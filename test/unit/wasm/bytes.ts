/** Builds modules byte by byte: for what text cannot say, malformed and refused modules first of all. */

import { Writer } from '../../../src/wasm/writer.ts';

/** A module header. */
export const HEADER: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** An unsigned LEB128 integer. */
export function leb(value: number): number[] {
  const out = new Writer();
  out.u32(value);
  return [...out.view()];
}

/** A section. */
export function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length)].concat(content);
}

/** A vector: its count and its items. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return leb(items.length).concat(items.flat());
}

/** A name. */
export function name(text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)];
  return [...leb(bytes.length), ...bytes];
}

/** `items` copies of `bytes`, one after the other. */
export function repeat(bytes: readonly number[], items: number): number[] {
  return Array.from({ length: items }, () => bytes).flat();
}

/** A whole module of the given sections. */
export function moduleOf(...sections: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat([HEADER, ...sections].map((part) => Uint8Array.from(part))));
}

/** A section whose content is `head` and then `zeros` zero bytes: for sizes at which arrays of numbers are slow. */
export function paddedSection(id: number, head: readonly number[], zeros: number): Uint8Array {
  const frame = [id, ...leb(head.length + zeros), ...head];
  const out = new Uint8Array(frame.length + zeros);
  out.set(frame);
  return out;
}

/** A body without locals, `end` added. */
export function body(...instructions: readonly (number | readonly number[])[]): number[] {
  const content = [[0], ...instructions, [0x0b]].flat();
  return leb(content.length).concat(content);
}

/** A module whose functions are all `() -> ()` with the given bodies (size included); `before` are sections 4 to 9. */
export function codeModule(
  bodies: readonly (readonly number[])[],
  before: readonly number[] = [],
): Uint8Array<ArrayBuffer> {
  return moduleOf(
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector(bodies.map(() => [0]))),
    before,
    section(10, vector(bodies)),
  );
}

/** The memory section of one memory with one page. */
export const ONE_MEMORY: readonly number[] = section(5, [1, 0, 1]);
