/** Scales of charts: which numbers an axis names, and where a value is on it. Pure. */

/** How values are laid out. */
export type Scale = 'linear' | 'log';

/** An axis over a range. */
export interface Axis {
  /** Numbers to name, ascending. */
  readonly ticks: readonly number[];
  /** Where a value is, from 0 (the low end) to 1; beyond the ends it is at them. */
  readonly at: (value: number) => number;
}

/** Steps between ticks, times a power of ten. */
const STEPS = [1, 2, 2.5, 5, 10] as const;

/** An axis from 0 to the most of the values, with about `count` ticks. Values that are not finite do not count. */
export function linearAxis(values: readonly number[], count: number): Axis {
  const most = Math.max(0, ...values.filter(Number.isFinite));
  const rough = (most === 0 ? 1 : most) / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((one) => one * unit >= rough) ?? 10) * unit;
  const steps = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
  return { ticks, at: (value) => within(value / (steps * step)) };
}

/** An axis of powers of ten around the positive ones of the values; without any from 1 to 10. */
export function logAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  const low = positive.length === 0 ? 0 : Math.floor(Math.log10(Math.min(...positive)) + 1e-9);
  const high = positive.length === 0 ? 1 : Math.ceil(Math.log10(Math.max(...positive)) - 1e-9);
  const decades = Math.max(1, high - low);
  const every = Math.ceil(decades / 6);
  const ticks = Array.from({ length: Math.floor(decades / every) + 1 }, (_, at) =>
    Number((10 ** (low + at * every)).toPrecision(12)),
  );
  return { ticks, at: (value) => (value > 0 ? within((Math.log10(value) - low) / decades) : 0) };
}

/** An axis of a scale. */
export function axisOf(scale: Scale, values: readonly number[], count: number): Axis {
  return scale === 'log' ? logAxis(values) : linearAxis(values, count);
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}
