/** The state of a new instance, to be put back into a used one: cheaper than another instance, and just as fresh. */

const WORD_BYTES = 4;

/** Bytes that are compared at once; and, where they differ, looked at and cleared at once: a page of the system. */
const CHUNK_BYTES = 65_536;
const BLOCK_BYTES = 4_096;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/**
 * How a memory is made zero. `all` writes every byte: quickest for a memory that is in the processor's cache. `written` reads it and
 * writes only where it is not zero: what no guest has ever touched then takes no physical memory.
 */
export type Clearing = 'all' | 'written';

/** An image of memory and globals, taken from a new instance before any of its code has run. Shared by a pool's sandboxes. */
export interface InitialState {
  /** The part of the memory that is not zero, and where it begins. */
  readonly image: Uint8Array;
  readonly imageAt: number;
  /** Values of the mutable globals, in the order of their exports. */
  readonly globals: readonly (number | bigint)[];
}

/**
 * The state of a new instance; `null` when it cannot be put back: a NaN loses its payload on its way through the host.
 *
 * @param memory - The whole linear memory; empty when there is none.
 */
export function captureState(memory: Uint8Array, globals: readonly WebAssembly.Global[]): InitialState | null {
  const values = globals.map(({ value }) => value as number | bigint);
  if (values.some((value) => Number.isNaN(value))) return null;
  const { begin, end } = nonZeroRange(memory);
  // A copy, also of a Buffer, whose `slice` is none.
  return { image: new Uint8Array(memory.subarray(begin, end)), imageAt: begin, globals: values };
}

/** The range outside which every byte is zero, to the word. Looked for word by word: memories have millions of bytes. */
function nonZeroRange(memory: Uint8Array): { readonly begin: number; readonly end: number } {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / WORD_BYTES);
  let begin = 0;
  while (begin < words.length && words[begin] === 0) begin++;
  let end = words.length;
  while (end > begin && words[end - 1] === 0) end--;
  return { begin: begin * WORD_BYTES, end: end * WORD_BYTES };
}

/** Puts the state back: every byte of the memory and every global is as in a new instance. */
export function restoreState(
  state: InitialState,
  memory: Buffer,
  globals: readonly WebAssembly.Global[],
  clearing: Clearing,
): void {
  const { image, imageAt } = state;
  clear(memory, 0, imageAt, clearing);
  memory.set(image, imageAt);
  clear(memory, imageAt + image.length, memory.length, clearing);
  for (const [place, global] of globals.entries()) global.value = state.globals[place];
}

/** Makes the bytes of `memory` from `begin` to before `end` zero. */
export function clear(memory: Buffer, begin: number, end: number, clearing: Clearing): void {
  if (clearing === 'all') memory.fill(0, begin, end);
  else for (let at = begin; at < end; at += CHUNK_BYTES) clearChunk(memory, at, Math.min(at + CHUNK_BYTES, end));
}

function clearChunk(memory: Buffer, begin: number, end: number): void {
  if (isZero(memory, begin, end)) return;
  for (let at = begin; at < end; at += BLOCK_BYTES) {
    const blockEnd = Math.min(at + BLOCK_BYTES, end);
    if (!isZero(memory, at, blockEnd)) memory.fill(0, at, blockEnd);
  }
}

function isZero(memory: Buffer, begin: number, end: number): boolean {
  return memory.compare(ZEROS, 0, end - begin, begin, end) === 0;
}

/** The exported globals of an instance that make up its state. Throws `TypeError` when one is missing: the rewriter's mistake. */
export function stateGlobals(instance: WebAssembly.Instance, names: readonly string[]): WebAssembly.Global[] {
  return names.map((name) => {
    const exported = instance.exports[name];
    if (exported instanceof WebAssembly.Global) return exported;
    throw new TypeError(`no state export ${name}`);
  });
}
