/** The state of a new instance, to be put back into a used one: cheaper than another instance, and just as fresh. */

const WORD_BYTES = 4;

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
  return { image: memory.slice(begin, end), imageAt: begin, globals: values };
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
export function restoreState(state: InitialState, memory: Uint8Array, globals: readonly WebAssembly.Global[]): void {
  const { image, imageAt } = state;
  memory.fill(0, 0, imageAt);
  memory.set(image, imageAt);
  memory.fill(0, imageAt + image.length);
  for (const [place, global] of globals.entries()) global.value = state.globals[place];
}

/** The exported globals of an instance that make up its state. Throws `TypeError` when one is missing: the rewriter's mistake. */
export function stateGlobals(instance: WebAssembly.Instance, names: readonly string[]): WebAssembly.Global[] {
  return names.map((name) => {
    const exported = instance.exports[name];
    if (exported instanceof WebAssembly.Global) return exported;
    throw new TypeError(`no state export ${name}`);
  });
}
