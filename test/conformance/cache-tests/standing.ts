/** How a test of the suite went, counted as the suite's own pages of results count. Pure. */

/**
 * What a test is about: what the specifications require, what a good cache does as well, and what a cache may do or leave (no way is
 * better than the other).
 */
export type Kind = 'required' | 'optimal' | 'check';

/** A test that applies to proxies. */
export interface CatalogueTest {
  readonly id: string;
  readonly kind: Kind;
  /** Tests that have to pass for this one to mean anything. */
  readonly needs: readonly string[];
}

/** What the suite's client says by test: `true`, or the kind and the text of its complaint. */
export type Results = Readonly<Record<string, true | readonly [kind: string, text: string]>>;

const KINDS: ReadonlySet<string> = new Set(['required', 'optimal', 'check'] satisfies Kind[]);

/** Reads the catalogue's JSON. Throws `TypeError` for anything else. */
export function readCatalogue(text: string): readonly CatalogueTest[] {
  const given: unknown = JSON.parse(text);
  if (!Array.isArray(given) || given.length === 0) throw new TypeError('cache-tests: the suite has no tests');
  return given.map(testOf);
}

function testOf(given: unknown): CatalogueTest {
  const { id, kind, needs } = { ...(given as object | null) } as Partial<CatalogueTest>;
  if (typeof id !== 'string' || kind === undefined || !KINDS.has(kind) || !Array.isArray(needs))
    throw new TypeError(`cache-tests: ${JSON.stringify(given)} is no test that can be counted`);
  return { id, kind, needs };
}

/** Reads what the client prints. Throws `TypeError` for anything but an object of results. */
export function readResults(text: string): Results {
  const given: unknown = JSON.parse(text);
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError('cache-tests: the client printed no results');
  return given as Results;
}

/** Why a test is not passed; `null`: it is. One whose needs are not met is not passed, whatever came of it. */
export function complaintOf(
  test: CatalogueTest,
  tests: ReadonlyMap<string, CatalogueTest>,
  results: Results,
): string | null {
  for (const id of test.needs) {
    const needed = tests.get(id);
    if (needed === undefined || complaintOf(needed, tests, results) !== null)
      return `${id}, on which it depends, is not passed`;
  }
  const result = Object.hasOwn(results, test.id) ? results[test.id] : undefined;
  if (result === true) return null;
  return result === undefined ? 'it was not run' : `${result[0]}: ${result[1]}`;
}

/** Complaints about all tests by id; passed ones have none. */
export function complaintsOf(tests: readonly CatalogueTest[], results: Results): ReadonlyMap<string, string> {
  const byId = new Map(tests.map((test) => [test.id, test]));
  return new Map(
    tests.flatMap((test) => {
      const complaint = complaintOf(test, byId, results);
      return complaint === null ? [] : [[test.id, complaint] as const];
    }),
  );
}

/** How many tests of a kind are passed, as `155 of 160`. */
export function shareText(
  kind: Kind,
  tests: readonly CatalogueTest[],
  complaints: ReadonlyMap<string, string>,
): string {
  const all = tests.filter((test) => test.kind === kind);
  return `${all.filter(({ id }) => !complaints.has(id)).length} of ${all.length}`;
}
