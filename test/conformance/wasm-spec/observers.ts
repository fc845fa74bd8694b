/**
 * Makes the state of a module visible: a rewritten module exports functions only, so functions that give the globals are added to
 * the text before it is assembled, and the memory is exported. Original and rewritten are both made from that text.
 */

import { OBSERVED_MEMORY, admit, mutableGlobals } from './admission.ts';
import type { Rewriter } from './admission.ts';
import { assemble } from './assemble.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
  [0x69, 'exnref'],
]);

/** Name of the function that gives the global of this index. */
export function observedGlobal(index: number): string {
  return `observe:global:${index}`;
}

/** Whether a function was added by {@link withObservers}. */
export function isObserver(name: string): boolean {
  return name.startsWith('observe:');
}

/**
 * Assembles the text of a module and adds observers for its memory, for every mutable global and for every exported one. Gives the
 * module as it is when Kerb refuses it. Throws `AssemblyError` when the assembler does.
 */
export function withObservers(
  text: Uint8Array<ArrayBuffer>,
  offered: Parameters<typeof admit>[1],
  rewriter: Rewriter,
): Uint8Array<ArrayBuffer> {
  const plain = assemble(text);
  const admission = admit(plain, offered, rewriter);
  if (admission.state !== 'admitted') return plain;
  const { candidate } = admission;
  const fields = candidate.hasMemory ? [`(export "${OBSERVED_MEMORY}" (memory 0))`] : [];
  const mutable = new Map(mutableGlobals(plain).map(({ index, type }) => [index, TYPES.get(type)]));
  for (const index of new Set([...mutable.keys(), ...candidate.globals.values()])) {
    const known = mutable.get(index);
    const types = known === undefined ? [...TYPES.values()] : [known];
    const getter = types.map((type) => getterOf(index, type)).find((field) => isValid(text, [field]));
    if (getter !== undefined) fields.push(getter);
  }
  return fields.length === 0 ? plain : assemble(extended(text, fields));
}

function getterOf(index: number, type: string): string {
  return `(func (export "${observedGlobal(index)}") (result ${type}) (global.get ${index}))`;
}

function isValid(text: Uint8Array<ArrayBuffer>, fields: readonly string[]): boolean {
  return WebAssembly.validate(assemble(extended(text, fields)));
}

/** The text with fields before its last `)`. */
function extended(text: Uint8Array<ArrayBuffer>, fields: readonly string[]): Uint8Array {
  const end = text.lastIndexOf(')'.charCodeAt(0));
  return Buffer.concat([text.subarray(0, end), Buffer.from(`\n${fields.join('\n')})`)]);
}
