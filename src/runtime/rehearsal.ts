/** Instances that are started before anybody needs them: why, and what became of them. */
import { GuestFault } from '../abi/guest-fault.ts';
import type { Cost } from './cost.ts';
import type { Snapshot, StartUpWitness } from './start-image.ts';
import type { Failure } from './verdict.ts';

/** What became of an instance that was started to see whether it can be. */
export type Rehearsal =
  | {
      readonly outcome: 'ok';
      readonly snapshot: Snapshot;
      readonly cost: Cost;
      /** What came of its filters, in their order, where they were started too. */
      readonly filters?: readonly Snapshot[];
    }
  | { readonly outcome: 'failed'; readonly failure: Failure; readonly cost: Cost };

/**
 * Why an instance is started before anybody needs it. For `image` alone it ends, with the reason as the detail of its failure, as soon as
 * there is one against an image: it then waits for nothing.
 */
export type RehearsalPurpose = 'start-up' | 'image';

/** What hears of every call of a host function while an instance starts. */
export function hearing(witness: StartUpWitness, purpose: RehearsalPurpose): StartUpWitness['note'] {
  if (purpose === 'start-up') return witness.note;
  return (module, name) => {
    witness.note(module, name);
    if (witness.reason !== null) throw new GuestFault(witness.reason);
  };
}
