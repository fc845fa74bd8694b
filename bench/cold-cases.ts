/** The cases of benchmark `cold`. Pure. */

/** So many tenants, each with a module of its own of that size. */
export interface ColdCase {
  readonly name: string;
  readonly bytes: number;
  /** Asked first, so that the server's own code is warm; they do not count. */
  readonly before: number;
  readonly tenants: number;
  /** How many are asked at once. */
  readonly lanes: number;
}

/** The case that the aim is about. */
export const SMALL_CASE = '10 KB, one at a time';

const KB = 1_000;
const MB = 1_000_000;

/** The cases; a quick run has few tenants. */
export const COLD_CASES = {
  full: [
    { name: SMALL_CASE, bytes: 10 * KB, before: 100, tenants: 1_000, lanes: 1 },
    { name: '10 KB, 16 at a time', bytes: 10 * KB, before: 100, tenants: 1_000, lanes: 16 },
    { name: '1 MB, one at a time', bytes: MB, before: 5, tenants: 40, lanes: 1 },
    { name: '11 MB, one at a time', bytes: 11 * MB, before: 1, tenants: 6, lanes: 1 },
  ],
  quick: [
    { name: SMALL_CASE, bytes: 10 * KB, before: 10, tenants: 50, lanes: 1 },
    { name: '1 MB, one at a time', bytes: MB, before: 1, tenants: 2, lanes: 1 },
  ],
} as const satisfies Record<string, readonly ColdCase[]>;

/** Other tenants in Kerb's store, whom nobody asks: a store with a few dozen is woken at the start. */
export const FILLERS = { prefix: 'a', count: 100, bytes: 2 * KB } as const;
