/** The state of an instance that has served nobody, to be put into another or back into a used one. */

/** Bytes that are compared at once; and, where they differ, looked at and cleared at once: a page of the system. */
const CHUNK_BYTES = 65_536;
const BLOCK_BYTES = 4_096;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/**
 * How a memory is made zero. `all` writes every byte: quickest for a memory that is in the processor's cache. `written` reads it and
 * writes only where it is not zero: what no guest has ever touched then takes no physical memory.
 */
export type Clearing = 'all' | 'written';

/** Bytes of a memory, and where they begin. */
export interface Run {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The state of an instance: everything of its memory that is not zero, and its globals. */
export interface InitialState {
  /** In order and apart; every byte outside of them is zero. */
  readonly runs: readonly Run[];
  /** Values of the mutable globals, in the order of their exports. */
  readonly globals: readonly (number | bigint)[];
}

/** Blocks of a memory, as pairs of where a run of them begins and where it ends, in order. */
export type Extents = readonly (readonly [number, number])[];

/**
 * The state of a new instance; `null` when it cannot be put back: a NaN loses its payload on its way through the host.
 *
 * @param memory - The whole linear memory; empty when there is none.
 */
export function captureState(memory: Buffer, globals: readonly WebAssembly.Global[]): InitialState | null {
  const values = valuesOf(globals);
  return values === null ? null : { runs: copied(memory, extentsOf(memory), 'own'), globals: values };
}

/** The values of globals; `null`: one is a NaN, which loses its payload on its way through the host. */
export function valuesOf(globals: readonly WebAssembly.Global[]): readonly (number | bigint)[] | null {
  const values = globals.map(({ value }) => value as number | bigint);
  return values.some((value) => Number.isNaN(value)) ? null : values;
}

/**
 * The blocks of a memory that are not all zero.
 *
 * @param with - Blocks that are counted in whatever they hold: of the same memory, which may have grown since.
 */
export function extentsOf(memory: Buffer, { with: others = [] }: { readonly with?: Extents } = {}): Extents {
  const extents: [number, number][] = [];
  const note = (begin: number, end: number): void => {
    const last = extents.at(-1);
    if (last?.[1] === begin) last[1] = end;
    else extents.push([begin, end]);
  };
  let other = 0;
  for (let at = 0; at < memory.length; at += BLOCK_BYTES) {
    while ((others[other]?.[1] ?? Infinity) <= at) other++;
    const wanted = (others[other]?.[0] ?? Infinity) <= at;
    const end = Math.min(at + BLOCK_BYTES, memory.length);
    if (wanted || !isZero(memory, at, end)) note(at, end);
  }
  return extents;
}

/** Bytes that they are in all. */
export function bytesOf(extents: Extents): number {
  return extents.reduce((sum, [begin, end]) => sum + end - begin, 0);
}

/** Copies of parts of a memory, all in one piece of memory of their own, or in one that threads can share. */
export function copied(memory: Buffer, extents: Extents, where: 'own' | 'shared'): readonly Run[] {
  const length = bytesOf(extents);
  const bytes = new Uint8Array(where === 'own' ? new ArrayBuffer(length) : new SharedArrayBuffer(length));
  let used = 0;
  return extents.map(([begin, end]) => {
    const run = bytes.subarray(used, used + end - begin);
    run.set(memory.subarray(begin, end));
    used += end - begin;
    return { at: begin, bytes: run };
  });
}

/** Puts the state back: every byte of the memory and every global is as it was captured. */
export function restoreState(
  state: InitialState,
  memory: Buffer,
  globals: readonly WebAssembly.Global[],
  clearing: Clearing,
): void {
  let at = 0;
  for (const run of state.runs) {
    clear(memory, at, run.at, clearing);
    at = run.at + run.bytes.length;
  }
  clear(memory, at, memory.length, clearing);
  placeState(state, memory, globals);
}

/** Puts the state where every byte outside of its runs is zero already. */
export function placeState(
  { runs, globals: values }: InitialState,
  memory: Buffer,
  globals: readonly WebAssembly.Global[],
): void {
  for (const { at, bytes } of runs) memory.set(bytes, at);
  for (const [place, global] of globals.entries()) global.value = values[place];
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
