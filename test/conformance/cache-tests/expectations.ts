/** Tests of the suite that Kerb does not pass, each with its reason. One that passes has to leave the list. */
import { readFileSync } from 'node:fs';

/** Reads the file: JSON `{"failing": [{"tests": […], "reason": …}]}`, as reasons by test. Throws a `TypeError` for anything else. */
export function readExpectations(path: string | URL): ReadonlyMap<string, string> {
  const given: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const failing = typeof given === 'object' && given !== null && 'failing' in given ? given.failing : undefined;
  if (!Array.isArray(failing)) throw new TypeError('expectations: failing is not a list');
  return new Map(failing.flatMap(reasonsOf));
}

function reasonsOf(given: unknown): (readonly [string, string])[] {
  const { tests, reason }: Partial<Record<string, unknown>> = { ...(given as object | null) };
  if (!Array.isArray(tests) || tests.length === 0) throw new TypeError('expectations: an entry has no tests');
  if (typeof reason !== 'string' || reason === '')
    throw new TypeError(`expectations: ${tests.join(', ')} have no reason`);
  return tests.map((id) => [String(id), reason]);
}
