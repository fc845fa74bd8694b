/** What somebody who follows a tenant live is told. */
import type { LogLevel } from '../log-level.ts';
import type { AccessFields } from './access-log.ts';

/** One thing that happened to a tenant's requests. Plain JSON; crosses threads by structured clone. */
export type TailEntry =
  | { readonly kind: 'request'; readonly tenant: string; readonly record: Readonly<AccessFields> }
  | {
      readonly kind: 'guest';
      readonly tenant: string;
      /** Milliseconds since the epoch. */
      readonly timeMs: number;
      /** The version whose guest wrote the line; empty: it is not known, or Kerb wrote it. */
      readonly version: string;
      readonly level: LogLevel;
      readonly text: string;
    };

/** What a data thread has gathered for those who follow one tenant. */
export interface TailBatch {
  readonly tenant: string;
  /** In the order in which they happened on the thread. */
  readonly entries: readonly TailEntry[];
  /** Entries after these that were dropped for want of room. */
  readonly dropped: number;
}

/** What an entry takes in a batch, in characters: the texts that strangers choose, and a fixed part. */
export function weightOf(entry: TailEntry): number {
  if (entry.kind === 'guest') return FIXED_CHARS + entry.text.length;
  const { host, target, method, detail = '' } = entry.record;
  return FIXED_CHARS + host.length + target.length + method.length + detail.length;
}

const FIXED_CHARS = 256;
