/** What the cache did with a request: one closed list, for counters and metrics. */

/** Every outcome with what it means. */
const MEANINGS = {
  hit: 'answered from the store, fresh or as stale as the client accepts',
  stale: 'answered from the store while it is validated',
  'stale-error': 'answered from the store because the backend failed',
  revalidated: 'the backend said that what is stored is still good',
  miss: "the backend's answer, which is being stored",
  collapsed: "the backend's answer to another client's request",
  pass: "the backend's answer, which is not stored",
  'only-if-cached': '504: the client wanted a stored response only',
} as const;

/** One of {@link CACHE_OUTCOMES}. */
export type CacheOutcome = keyof typeof MEANINGS;

/** All of them, in a fixed order. */
export const CACHE_OUTCOMES = Object.freeze(Object.keys(MEANINGS)) as readonly CacheOutcome[];
