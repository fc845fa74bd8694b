/** How often requests found their tenant at rest: by Kerb's own count of the tenants that it woke. Pure. */
import type { LabLook } from './record.ts';

/** What of a look is needed. */
type Counted = Pick<LabLook, 'atS' | 'sent' | 'wakes'>;

/** The time between two counts. */
interface Spell {
  /** Looks in it, the last one with the count. */
  readonly looks: number;
  readonly fromS: number;
  readonly sent: number;
  /** `null`: nobody has counted to the end of it. */
  readonly wakes: number | null;
}

/**
 * For each look the share, 0 to 1, of the requests sent between the counts before and after it that woke a tenant. Several that wait for
 * the same one are one wake. `null`: Kerb has told nothing since, or nothing was sent.
 */
export function coldShares(looks: readonly Counted[]): (number | null)[] {
  return spellsOf(looks).flatMap((spell) => Array.from({ length: spell.looks }, () => shareOf([spell])));
}

/** The same from a second of the run on, all together; a spell that began before does not count. */
export function coldShareFrom(looks: readonly Counted[], second: number): number | null {
  return shareOf(spellsOf(looks).filter(({ fromS, wakes }) => fromS >= second && wakes !== null));
}

function shareOf(spells: readonly Spell[]): number | null {
  if (spells.some(({ wakes }) => wakes === null)) return null;
  const sum = (of: 'sent' | 'wakes'): number => spells.reduce((total, { [of]: count }) => total + (count ?? 0), 0);
  // A tenant may be awake a moment after the request that was counted before.
  return sum('sent') === 0 ? null : Math.min(1, sum('wakes') / sum('sent'));
}

function spellsOf(looks: readonly Counted[]): Spell[] {
  const spells: Spell[] = [];
  let [fromS, told, count, sent] = [0, 0, 0, 0];
  for (const look of looks) {
    count += 1;
    sent += look.sent;
    if (look.wakes === null) continue;
    spells.push({ looks: count, fromS, sent, wakes: look.wakes - told });
    [fromS, told, count, sent] = [look.atS, look.wakes, 0, 0];
  }
  return count === 0 ? spells : [...spells, { looks: count, fromS, sent, wakes: null }];
}
