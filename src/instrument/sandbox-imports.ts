/** What every rewritten module imports from Kerb itself, and the names it gives away: the contract between rewriter and linker. */

import type { Signature } from '../wasm/signature.ts';

/** The module name of the sandbox's own imports. Guests that import from it are refused. */
export const SANDBOX_MODULE = 'kerb:sandbox';

/**
 * The names under {@link SANDBOX_MODULE}. Function imports follow the guest's own, in this order, and are always present.
 *
 * - `interrupt: () -> i32`: called when a check finds the epoch word set. It must clear the word before anything else, then
 *   answer 0 to go on, 1 to kill (the guest traps with `unreachable`, which it cannot catch) or 2 to have `yield` called.
 * - `yield: () -> ()`: a `WebAssembly.Suspending` import; called only after `interrupt` answered 2.
 * - `grow: (i32) -> i32`: what `memory.grow` of the guest's memory answers: its size in pages before, or -1 when it may not have
 *   the (unsigned) number of pages more; the host grows the memory itself, so that none grows that was not granted.
 * - `memory`: the guest's linear memory; absent when the guest has none. Its bounds are in the report.
 * - `epoch`: a shared memory of exactly one page (1, 1), the last memory. The i32 at address 0 is the epoch word: 0 go on,
 *   anything else call `interrupt`. No instruction of the guest can name this memory.
 */
export const SANDBOX_IMPORTS = {
  interrupt: '->i',
  yield: '->',
  grow: 'i->i',
} as const satisfies Record<string, Signature>;

/**
 * Imports under {@link SANDBOX_MODULE} for hostcalls that may wait, by the result of the hostcall; present where a guest imports
 * one. They follow {@link SANDBOX_IMPORTS}, in this order.
 *
 * A host function that may wait is an ordinary import: JSPI suspends a guest at every call of a `Suspending` one, also when it
 * answers at once. When it has to wait it sets the i32 at {@link WAIT_WORD} of the epoch memory, and its result is not used: the
 * rewritten call then calls the wait import, a `Suspending` one that clears the word and whose promise gives the result.
 */
export const WAIT_IMPORTS = { '': 'wait', i: 'wait_i32', I: 'wait_i64' } as const;

/** Address in the epoch memory of the word that says that the hostcall just made has to wait. */
export const WAIT_WORD = 4;

/** Name of the memory import that is the guest's own. */
export const MEMORY_IMPORT = 'memory';
/** Name of the memory import that holds the epoch word. */
export const EPOCH_IMPORT = 'epoch';
/** Name under which the guest's memory is exported, if the guest exported one under this name. */
export const MEMORY_EXPORT = 'memory';
/** Name of the export that the start section becomes. No ABI asks for it, so no export of a guest can have it. */
export const START_EXPORT = 'kerb:start';

/** Names of the exports of mutable globals are this and the global's index. No ABI asks for such a name either. */
export const STATE_EXPORT_PREFIX = 'kerb:global:';

/** Answers of `interrupt`. */
export const Interrupt = { goOn: 0, kill: 1, yield: 2 } as const;
