/** WebAssembly text to bytes, through the assembler that the tests of this repository use. */

import wabtInit from 'wabt';
import { FEATURES } from '../../wat.ts';

const wabt = await wabtInit();

/** Every feature that the assembler knows: what Kerb refuses has to reach Kerb to be refused. */
const EVERY_FEATURE = { ...FEATURES, annotations: true, code_metadata: true, gc: true } as const;

/** Text that the assembler does not take. The message is its first complaint, without the place. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

/** Assembles one module without validating it. Throws {@link AssemblyError} when the assembler refuses the text. */
export function assemble(source: Uint8Array | string): Uint8Array<ArrayBuffer> {
  // A plain array of its own: the assembler reads past a view into a larger buffer.
  const parsed = parse(typeof source === 'string' ? new TextEncoder().encode(source) : Uint8Array.from(source));
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } catch (error) {
    throw new AssemblyError(complaint(error), { cause: error });
  } finally {
    parsed.destroy();
  }
}

function parse(source: Uint8Array): ReturnType<typeof wabt.parseWat> {
  try {
    return wabt.parseWat('m.wat', source, EVERY_FEATURE);
  } catch (error) {
    throw new AssemblyError(complaint(error), { cause: error });
  }
}

function complaint(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^m\.wat:\d+:\d+: error: (.*)$/m.exec(message)?.[1] ?? message.split('\n')[0] ?? message;
}
