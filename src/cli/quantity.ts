/** Numbers as people read them: sizes, times, durations, counts. */

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes: `512 B`, `1.5 MiB`. */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < SIZES.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${SIZES[unit] ?? ''}`;
}

/** A point in time, in UTC to the second: `2026-01-31 12:00:00Z`; `-` for what is no time. */
export function when(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '-' : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** CPU time: `850 us`, `12.5 ms`, `3.2 s`. */
export function cpuTime(us: number): string {
  if (us < 1_000) return `${Math.round(us)} us`;
  return us < 1_000_000 ? `${(us / 1_000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

/** A digest short enough to compare by eye. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

/** Milliseconds of a unit of {@link durationMs}. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A duration such as `90s`, `15m`, `24h` or `30d`, in milliseconds; `null` for anything else, 0 included. */
export function durationMs(text: string): number | null {
  const found = /^([1-9][0-9]{0,5})([smhd])$/.exec(text);
  const unit = UNIT_MS.get(found?.[2] ?? '');
  return found === null || unit === undefined ? null : Number(found[1]) * unit;
}

/** A date or a time of RFC 3339, or a duration before `nowMs`, in milliseconds since the epoch; `null` for anything else. */
export function momentMs(text: string, nowMs: number): number | null {
  const ago = durationMs(text);
  if (ago !== null) return nowMs - ago;
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}
