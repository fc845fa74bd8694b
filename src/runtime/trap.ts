/** Traps made by the host: the only errors that no guest can catch. */

/** `(module (func (export "trap") unreachable))`, section by section. */
const TRAPPER = Buffer.from(
  [
    '0061736d01000000', // magic, version
    '010401600000', // type 0: () -> ()
    '03020100', // function 0 of type 0
    '07080104747261700000', // export "trap"
    '0a05010300000b', // its body: unreachable, end
  ].join(''),
  'hex',
);

const trapExport = new WebAssembly.Instance(new WebAssembly.Module(TRAPPER)).exports['trap'] as () => void;

/**
 * Throws a genuine WebAssembly trap. Called by a host function it ends the guest: `catch_all` and `try_table` catch every
 * JavaScript error, made-up `RuntimeError`s included, but not this one.
 */
export function trap(): never {
  trapExport();
  throw new TypeError('the trapper did not trap');
}

/** A genuine trap, kept: rejecting a suspended guest's promise with it unwinds the guest, uncatchably. One for all guests. */
export const TRAP_ERROR: WebAssembly.RuntimeError = (() => {
  try {
    return trap();
  } catch (error) {
    return error as WebAssembly.RuntimeError;
  }
})();
