/** WebAssembly text to bytes, through the assembler that the tests of this repository use. */

import wabtInit from 'wabt';

const wabt = await wabtInit();

/** Every feature that the assembler knows: what Kerb refuses has to reach Kerb to be refused. */
const FEATURES = {
  exceptions: true,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: true,
  function_references: true,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  annotations: true,
  code_metadata: true,
  gc: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
} as const;

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
    return wabt.parseWat('m.wat', source, FEATURES);
  } catch (error) {
    throw new AssemblyError(complaint(error), { cause: error });
  }
}

function complaint(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^m\.wat:\d+:\d+: error: (.*)$/m.exec(message)?.[1] ?? message.split('\n')[0] ?? message;
}
