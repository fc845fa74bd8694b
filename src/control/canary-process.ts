/**
 * The canary: a process with nothing to lose that compiles modules with the baseline compiler before any serving process does.
 *
 * Writes a line when it is there. Reads modules from standard input, each behind its length as 32 bits, little-endian, and writes a line
 * for each: `ok`, or what the engine says against it. Ends with its input. It blocks while it reads: there is nothing else to do here.
 */
import { readSync, writeSync } from 'node:fs';

const INPUT = 0;
const OUTPUT = 1;
const LENGTH_BYTES = 4;

/** The next `length` bytes of the input; `null` at its end. */
function take(length: number): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const read = readSync(INPUT, bytes, filled, length - filled, null);
    if (read === 0) return null;
    filled += read;
  }
  return bytes;
}

function takeModule(): Uint8Array<ArrayBuffer> | null {
  const head = take(LENGTH_BYTES);
  return head === null ? null : take(new DataView(head.buffer).getUint32(0, true));
}

function verdictOn(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    void new WebAssembly.Module(bytes);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : 'the engine refuses it';
  }
}

writeSync(OUTPUT, 'ready\n');
for (let bytes = takeModule(); bytes !== null; bytes = takeModule()) writeSync(OUTPUT, `${verdictOn(bytes)}\n`);
