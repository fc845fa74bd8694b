/** The module `spectest` that the scripts import from: its functions, memory, table and globals. */

import type { ImportTable, Signature } from '../../../src/wasm/signature.ts';
import { assemble } from './assemble.ts';

/** The module's name. */
export const SPECTEST = 'spectest';

const PRINTS: Readonly<Record<string, Signature>> = {
  print: '->',
  print_i32: 'i->',
  print_i64: 'I->',
  print_f32: 'f->',
  print_f64: 'F->',
  print_i32_f32: 'if->',
  print_f64_f64: 'FF->',
};
const WASM: Readonly<Record<string, string>> = { i: 'i32', I: 'i64', f: 'f32', F: 'f64' };
/** A parameter as 64 bits. */
const BITS: Readonly<Record<string, string>> = {
  i: 'i64.extend_i32_u',
  I: '',
  f: 'i32.reinterpret_f32 i64.extend_i32_u',
  F: 'i64.reinterpret_f64',
};

/** What Kerb offers of it. */
export const SPECTEST_FUNCTIONS: ImportTable = new Map([[SPECTEST, new Map(Object.entries(PRINTS))]]);

/** A function of WebAssembly and not of JavaScript, so that a wrong signature does not link and no bits are lost. */
function printText([name, signature]: readonly [string, string]): string {
  const params = Array.from(signature.replace('->', ''));
  const declared = params.length === 0 ? '' : `(param ${params.map((letter) => WASM[letter]).join(' ')})`;
  const notes = params.map((letter, index) => `local.get ${index} ${BITS[letter]} call $note`);
  return `(func (export "${name}") ${declared} ${notes.length === 0 ? 'i64.const 0 call $note' : notes.join(' ')})`;
}

const text = `(module
  (import "host" "note" (func $note (param i64)))
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6))
  (table (export "table") 10 20 funcref)
  (memory (export "memory") 1 2)
  ${Object.entries(PRINTS).map(printText).join('\n  ')})`;

let compiled: WebAssembly.Module | undefined;

/** A new instance. `note` is told the bits of everything that is printed. */
export function spectest(note: (bits: bigint) => void): WebAssembly.Instance {
  compiled ??= new WebAssembly.Module(assemble(text));
  return new WebAssembly.Instance(compiled, { host: { note } });
}
