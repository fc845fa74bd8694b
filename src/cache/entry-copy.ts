/** Stored responses as they cross threads. */
import { HeaderList } from '../http/headers.ts';
import type { CacheEntry, StoredHead } from './entry.ts';

/** Fields as plain data, in their order. */
export type PlainFields = (readonly [string, string])[];

/** An entry as plain data, for structured clone. */
export interface PlainEntry extends Omit<CacheEntry, 'head'> {
  readonly head: Omit<StoredHead, 'headers'> & { readonly headers: PlainFields };
}

/** The fields of a list. */
export function plainFields(headers: HeaderList): PlainFields {
  const fields: PlainFields = [];
  headers.forEach((name, value) => fields.push([name, value]));
  return fields;
}

/** An entry, ready to be cloned: its body lies in a buffer of its own, so nothing else goes along. */
export function plainEntry(entry: CacheEntry): PlainEntry {
  return { ...entry, head: { ...entry.head, headers: plainFields(entry.head.headers) } };
}

/** The entry that was cloned. Its times mean the same here: the cache's clock is that of the process. */
export function entryFromPlain({ head, ...rest }: PlainEntry): CacheEntry {
  return { ...rest, head: { ...head, headers: HeaderList.from(head.headers) } };
}
