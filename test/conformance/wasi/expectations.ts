/** Cases that are not expected to pass, with reasons. */

import { readFileSync } from 'node:fs';

/** Reads the file: JSON `{"skipped": {"rust/name": "reason"}}`. Throws a `TypeError` for anything else. */
export function readExpectations(path: string | URL): ReadonlyMap<string, string> {
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const skipped = typeof given === 'object' && given !== null && 'skipped' in given ? given.skipped : undefined;
  if (typeof skipped !== 'object' || skipped === null || Array.isArray(skipped))
    throw new TypeError('expectations: skipped is not a table');
  return new Map(
    Object.entries(skipped).map(([name, reason]: [string, unknown]) => {
      if (typeof reason !== 'string' || reason === '') throw new TypeError(`expectations: ${name} has no reason`);
      return [name, reason];
    }),
  );
}
