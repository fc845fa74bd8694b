/** Every cap of the cache that an operator does not set. */

/** Seconds: the largest delta-seconds value that is told apart from larger ones (RFC 9111 §1.2.2). Larger ones count as this. */
export const MAX_DELTA_SECONDS = 2_147_483_648;

/**
 * Seconds of freshness that may be guessed (RFC 9111 §4.2.2). A tenth of the age of an old file would be months in which
 * nobody could tell why a change does not show; a longer guess counts as this.
 */
export const MAX_HEURISTIC_SECONDS = 86_400;

/** Milliseconds in which a key whose answer could not be shared is not collapsed again: nobody queues behind one that will not help. */
export const HIT_FOR_PASS_MS = 5_000;

/** Marks of {@link HIT_FOR_PASS_MS} that are kept, over all tenants. When more are made, the oldest are forgotten. */
export const MAX_HIT_FOR_PASS_MARKS = 10_000;

/** Characters of the names of all such marks: clients and guests choose how long URLs are. Past it the oldest marks are forgotten. 4 Mi. */
export const MAX_HIT_FOR_PASS_CHARS = 4_194_304;

/** Variants of one URL. A `Vary` on a field that clients choose freely would fill the quota; past it the oldest one goes. */
export const MAX_VARIANTS = 64;

/** Field names of one `Vary`. Each is normalised at every lookup; a response that names more is not stored. */
export const MAX_VARY_NAMES = 16;

/** Tags of one response. Each is an index entry; a response with more is not stored, because a purge could miss it. */
export const MAX_TAGS = 256;

/** Characters of one tag; a response with a longer one is not stored. */
export const MAX_TAG_CHARS = 1_024;

/** Bytes that an object of a guest's costs besides key, value and tags: its place in the maps and its objects, rounded up. */
export const OBJECT_OVERHEAD_BYTES = 512;

/** Milliseconds after which whoever makes an object has failed, also if nobody says so: the next who asks has to. A minute. */
export const FILL_LEASE_MS = 60_000;

/** Bytes that an entry costs besides its head and body: its place in three maps and its objects, measured and rounded up. */
export const ENTRY_OVERHEAD_BYTES = 1_024;

/** Purges that are remembered while responses are on their way, or objects are made. Past it all that is on its way is dropped, which is always safe. */
export const MAX_PENDING_PURGES = 10_000;

/** Characters of their URLs and tags, of one tenant, likewise: whoever sends an unsafe request chooses how long a URL is. 1 Mi. */
export const MAX_PENDING_PURGE_CHARS = 1_048_576;

/**
 * Milliseconds for which a response is read on after its last reader left. Past it the transfer is given up when its next
 * bytes arrive; before that, the backend's own timeouts bound the wait.
 */
export const MAX_ORPHAN_MS = 60_000;

/**
 * Fetches of one cache that go on although all who waited for them have left before there was an answer: a page that takes longer than
 * its visitors wait is stored all the same. Past it such a fetch is given up, or clients who leave at once could have
 * a backend work for more of them than its tenant may have in flight.
 */
export const MAX_ORPHANED_FETCHES = 64;

/** Bytes that one read asks of a backend's body. */
export const READ_BYTES = 65_536;

/**
 * Bytes by which a reader may trail the fastest one of a response that is not stored. A slower one is cut off: what it
 * misses has to be held in memory for it alone.
 */
export const MAX_LAG_BYTES = 1_048_576;

/** Characters of a URL that `Cache-Status` repeats; a longer one is left out, not cut. */
export const MAX_STATUS_KEY_CHARS = 256;

/**
 * Milliseconds past its lifetime for which a response may serve when the backend gives no answer at all, without the origin
 * having said so: RFC 9111 §4.2.4 lets a cache that is disconnected do that where no directive forbids it. A backend that
 * restarts is not noticed; one that is gone is, after this.
 */
export const DISCONNECTED_MS = 60_000;

/**
 * Milliseconds for which a thread answers from a copy of what another thread stores. Then it asks the owner again, for whom an
 * entry that only copies answer would look unused, and be the first to go.
 */
export const NEAR_COPY_MS = 10_000;

/**
 * Entries that a purge takes out of the store in one turn of the event loop: 4 us each. It is in force at once; where there are more, the
 * rest is taken out in later turns, so that nobody's requests wait for it.
 */
export const PURGED_PER_TURN = 500;

/** Such purges of one tenant at a time: each is looked at by every hit. A further one takes everything out at once. */
export const MAX_SWEEPS = 8;
