/** The text format of WebAssembly: what tests write their modules in. */
import wabtFactory from 'wabt';

const wabt = await wabtFactory();

/** Every feature of which a test has a module: all that V8 has by default, and more for modules that Kerb refuses. */
export const FEATURES = {
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
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
} as const;

/** The wasm of a module in text form. Throws where the text is not well-formed; what it means is not checked. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat('test.wat', text, FEATURES);
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** The text of a module, unfolded, with its debug names left out. Throws for bytes that are no module. */
export function disassemble(bytes: Uint8Array): string {
  const module = wabt.readWasm(bytes, { ...FEATURES, readDebugNames: false });
  try {
    return module.toText({ foldExprs: false, inlineExport: false });
  } finally {
    module.destroy();
  }
}
