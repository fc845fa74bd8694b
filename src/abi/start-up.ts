/** Running start-up code: the exports that initialise an instance before anybody asks it for anything. */
import type { Enter } from './abi.ts';
import { GuestExit } from './guest-fault.ts';
import type { Scalar } from './host-function.ts';

/** The export that guests made for a pre-initializer have for it. */
export const PRE_INITIALISER = 'wizer.initialize';

/**
 * Runs exports one after the other. Each may end in an orderly exit (`proc_exit` with 0): programs leave their `main` that way. Rejects
 * with whatever else one ends by.
 *
 * @param argumentsOf - What an export is called with; by default none has parameters.
 */
export async function runStartUp(
  enter: Enter,
  names: readonly string[],
  argumentsOf: (name: string) => readonly Scalar[] = () => [],
): Promise<void> {
  for (const name of names) {
    await enter(name, ...argumentsOf(name)).catch((error: unknown) => {
      if (!(error instanceof GuestExit && error.status === 0)) throw error;
    });
  }
}
