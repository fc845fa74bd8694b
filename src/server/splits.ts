/** The splits of a deployment table: which deployments share their clients with a canary. */
import type { Deployment, Split, TableChange } from '../runtime/deployment.ts';

/** Splits by the id of their primary. */
export type Splits = ReadonlyMap<number, Split>;

/**
 * The splits that are left and new after a change. `deploymentAt` answers what the table holds after it. Throws a TypeError, with
 * `before` as it was, for a split that names what the table does not hold, two tenants, or a percentage that is none; and where a
 * deployment would have two parts, so that some requests would have two ways.
 */
export function splitsAfter(
  before: Splits,
  { remove, splits }: Pick<TableChange, 'remove' | 'splits'>,
  deploymentAt: (id: number) => Deployment | undefined,
): Splits {
  if (before.size === 0 && splits.length === 0) return before;
  const removed = new Set(remove);
  const after = new Map([...before].filter(([primary, { canary }]) => !removed.has(primary) && !removed.has(canary)));
  for (const split of splits) {
    checkSplit(split, deploymentAt);
    const known = after.get(split.primary);
    if (known !== undefined && known.canary !== split.canary)
      throw new TypeError(`deployment ${split.primary} has the canary ${known.canary}; remove that in the same change`);
    after.set(split.primary, split);
  }
  checkParts(after);
  return after;
}

function checkSplit({ primary, canary, percent }: Split, deploymentAt: (id: number) => Deployment | undefined): void {
  const [first, second] = [deploymentAt(primary), deploymentAt(canary)];
  if (first === undefined || second === undefined)
    throw new TypeError(
      `a split names deployment ${first === undefined ? primary : canary}, which is not in the table`,
    );
  if (first.tenant !== second.tenant)
    throw new TypeError(`a split gives clients of ${first.tenant} to ${second.tenant}; they must be the same tenant`);
  if (!(percent > 0 && percent < 100)) throw new TypeError(`a split of ${percent} percent; more than 0, less than 100`);
}

/** Each deployment is the primary of one split, or the canary of one, or neither. */
function checkParts(splits: Splits): void {
  const seen = new Set(splits.keys());
  for (const { canary } of splits.values()) {
    if (seen.has(canary)) throw new TypeError(`deployment ${canary} has parts in two splits, or two in one`);
    seen.add(canary);
  }
}
