/** Keeps the inputs of findings: the bytes, the text where there is one, and how to make them again. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from '../unit/instrument/harness.ts';
import { inputOf } from './corpus.ts';
import type { Mode } from './corpus.ts';

/** Writes `<mode>-<seed>.wasm`, `.wat` and `.txt` into the folder, and answers the path without its ending. */
export function keepFinding(folder: string, mode: Mode, seed: number, message: string): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${mode}-${seed}`);
  const bytes = inputOf(mode, seed);
  writeFileSync(`${path}.wasm`, bytes);
  writeFileSync(`${path}.wat`, disassembled(bytes));
  const again = `npm run fuzz -- --only ${mode} --seed ${seed} --count 1`;
  writeFileSync(`${path}.txt`, `${message}\n\nAgain: ${again}\n`);
  return path;
}

function disassembled(bytes: Uint8Array): string {
  try {
    return text(bytes);
  } catch (error) {
    return `;; no text: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}
