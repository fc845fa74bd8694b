/** Figures as people read them. Pure. */
import type { Tally } from './tally.ts';

const MIB = 2 ** 20;

/** `12,345`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Three digits that mean something: `1,234`, `12.3`, `0.0123`; `-` for what is not known. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '-';
  if (Math.abs(value) >= 100) return countText(value);
  return String(Number(value.toPrecision(3)));
}

/** Milliseconds: `850 us`, `12.3 ms`, `3.2 s`; `-` for what is not known. */
export function msText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '-';
  if (ms < 1) return `${Math.round(ms * 1_000)} us`;
  return ms < 1_000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1_000).toPrecision(3)} s`;
}

/** Bytes: `512 KiB`, `1.50 GiB`; `unknown`. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return 'unknown';
  if (bytes < MIB) return `${(bytes / 1024).toFixed(1)} KiB`;
  return bytes < 1024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / MIB / 1024).toFixed(2)} GiB`;
}

/** A share as a percentage with two digits that mean something. */
export function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(share > 0.995 ? 5 : 2))} %`;
}

/** What went wrong with answers. */
export function faultsText({
  wrong,
  unexpected,
  lost,
  refused,
}: Pick<Tally, 'wrong' | 'unexpected' | 'lost' | 'refused'>): string {
  const faults = `${countText(wrong)} wrong, ${countText(unexpected)} unexpected, ${countText(lost)} lost`;
  return `${faults}, ${countText(refused)} refused`;
}
