/** The port to a tenant's rate counters. They are the tenant's alone, and of one process: a restart forgets them. */

/** Counters and penalties by key. Nothing fails: when there is no room, what would end soonest is forgotten. */
export interface RateCounters {
  /**
   * Adds `amount` to the counter of a key, and answers what it has then. It begins at 0 and lasts for `windowSeconds` from the first
   * call; then it begins anew. Counters of other windows are other counters.
   */
  count(key: string, windowSeconds: number, amount: number): number;
  /** Puts a key in the penalty box for that long from now; 0 takes it out. */
  penalize(key: string, seconds: number): void;
  isPenalized(key: string): boolean;
}
