/** How a run is divided. */
import type { LabSettings } from './record.ts';
import type { PhaseName } from './tally.ts';

/** A part of a run. */
export interface Phase {
  readonly name: PhaseName;
  readonly ms: number;
}

/** The shares of a run with hostile tenants that pass before they come. */
const WITH_HOSTILE = { settling: 0.1, calm: 0.3 } as const;
const WITHOUT = { settling: 0.1, calm: 0.9 } as const;

/** The phases of a run, one after the other. */
export function phasesOf({ seconds, hostile }: Pick<LabSettings, 'seconds' | 'hostile'>): Phase[] {
  const { settling, calm } = hostile > 0 ? WITH_HOSTILE : WITHOUT;
  const before: Phase[] = [
    { name: 'settling', ms: seconds * 1_000 * settling },
    { name: 'calm', ms: seconds * 1_000 * calm },
  ];
  return hostile > 0 ? [...before, { name: 'hostile', ms: seconds * 1_000 * (1 - settling - calm) }] : before;
}
