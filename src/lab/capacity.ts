/** How many more tenants fit: an estimate from what a run measured, bound by bound. Pure. */

/** A thing that tenants use up. `null`: it could not be measured. */
export interface BoundInput {
  readonly name: string;
  /** What is counted, for people: `MiB`, `mappings`. */
  readonly unit: string;
  /** In use at the most of the run, and what there is. */
  readonly used: number | null;
  readonly ceiling: number | null;
  /** What one more tenant takes that rests, and in addition what one takes that is awake. */
  readonly perRegistered: number | null;
  readonly perAwake: number | null;
  /** Where these come from, and what happens at the end. */
  readonly how: string;
}

/** A bound with its answer. */
export interface Bound extends BoundInput {
  /** Whole tenants; `null`: the inputs do not say; `Infinity` is written `null` in JSON, so a bound that nothing approaches is `'none'`. */
  readonly more: number | 'none' | null;
}

/** The answer. */
export interface CapacityEstimate {
  /** `null`: nothing could be measured. */
  readonly more: number | null;
  /** The name of the bound that comes first. */
  readonly first: string | null;
  /** The share of tenants that were awake or had been: of more, as many are taken to be. */
  readonly awakeShare: number;
  readonly bounds: readonly Bound[];
}

/** Figures beyond this many tenants are no measurement any more but fancy. */
const MOST_TOLD = 10_000_000;

/** How many more tenants fit below every bound, where `awakeShare` of them are awake like those that were measured. */
export function capacityOf(inputs: readonly BoundInput[], awakeShare: number): CapacityEstimate {
  const bounds = inputs.map((input): Bound => ({ ...input, more: moreWithin(input, awakeShare) }));
  let first: (Bound & { readonly more: number }) | null = null;
  for (const { more, ...bound } of bounds)
    if (typeof more === 'number' && (first === null || more < first.more)) first = { ...bound, more };
  return { more: first?.more ?? null, first: first?.name ?? null, awakeShare, bounds };
}

function moreWithin({ used, ceiling, perRegistered, perAwake }: BoundInput, awakeShare: number): Bound['more'] {
  if (used === null || ceiling === null || (perRegistered === null && perAwake === null)) return null;
  const each = (perRegistered ?? 0) + (perAwake ?? 0) * awakeShare;
  if (used >= ceiling) return 0;
  const more = Math.floor((ceiling - used) / each);
  return each > 0 && more <= MOST_TOLD ? more : 'none';
}

/** A count as an estimate is told: two digits that mean something, never more than it is. */
export function roundedDown(count: number): number {
  if (count < 100) return Math.floor(count);
  const unit = 10 ** (Math.floor(Math.log10(count)) - 1);
  return Math.floor(count / unit) * unit;
}
