/** Limits of the data plane, each with its reason and what happens when it is reached. */

/** Bytes of a request body that wait for a guest to read them; beyond, the client is paused. 256 KiB. */
export const BODY_BACKLOG_BYTES = 256 * 1024;

/**
 * Request bodies whose Content-Length is no larger are gathered before the guest begins. 64 KiB: what one socket buffer brings, and
 * no more memory than a waiting connection takes anyway.
 */
export const GATHERED_BODY_BYTES = 64 * 1024;

/** How long a client may take no byte of its response before its connection is closed: it holds memory all the while. */
export const STALLED_CLIENT_MS = 30_000;

/**
 * A body up to this size is handed to the transport whole and the request is over. The transport holds what a client does not
 * take, for as long as the client likes, so larger ones are handed over as they are taken, with the request in flight and its
 * client under {@link STALLED_CLIENT_MS}. 16 KiB is the transport's own buffer.
 */
export const SENT_AT_ONCE_BYTES = 16 * 1024;

/** How long a request waits for its tenant's concurrency before it is refused with `concurrency_limit`. */
export const CONCURRENCY_WAIT_MS = 250;

/** Requests of one tenant that may wait so on one thread; more are refused at once. */
export const MAX_WAITING = 1_000;

/** How often a waiting request looks whether another thread has made room. */
export const CONCURRENCY_POLL_MS = 10;

/**
 * What a failed guest's origin has to answer in its stead where less of the request's wall time is left, as after `wall_limit`: long
 * enough for an origin that works, short for a client that has waited already.
 */
export const RECOVERY_LEAST_MS = 1_000;

/** Bytes taken from a source in one step while a body is relayed. */
export const RELAY_STEP_BYTES = 64 * 1024;

/**
 * While draining, how long a thread without requests waits before it closes its idle connections: a client that is just
 * sending on one gets its answer, and the sign to close.
 */
export const CLOSING_GRACE_MS = 100;

/** How long a guest waits for a key-value store; then its call answers `unavailable`. The store itself answers in milliseconds. */
export const KV_DEADLINE_MS = 5_000;

/** Questions of one tenant to key-value stores that one data thread has open; further ones answer `busy`. */
export const KV_WAITING_PER_TENANT = 256;

/** The same of all tenants together: each holds a place in the main thread's memory. */
export const KV_WAITING_PER_THREAD = 4_096;

/**
 * Bytes of values on their way to the main thread, and of room for values and lists of keys on their way back, that questions of one tenant on one data
 * thread may have: a request that is killed leaves its question behind. Further ones answer `busy`. 128 MiB.
 */
export const KV_BYTES_PER_TENANT = 128 * 1024 * 1024;

/** The same of all tenants together. 512 MiB. */
export const KV_BYTES_PER_THREAD = 512 * 1024 * 1024;

/** The largest body of a stored response that is handed to another thread whole, to be kept there as a copy; larger ones are read in steps. */
export const CACHE_COPY_BYTES = 256 * 1024;

/** Bytes of one step of a body that goes from the thread that owns its URL to the one that serves it. */
export const CACHE_STEP_BYTES = 32 * 1024;

/** Steps that may be on their way at once: a body that nobody reads holds this much, as a socket would. */
export const CACHE_WINDOW_STEPS = 2;

/** The part of the cache's bytes, one in so many, that a thread may hold in copies of what others own. */
export const NEAR_COPIES_PART = 8;

/** The part of its bytes, one in so many, that one stored body may take; larger ones go through. */
export const LARGEST_BODY_PART = 4;

/** Bytes of one WebSocket message; the same from clients as from origins. A client that sends a larger one is cut off. */
export { MAX_MESSAGE_BYTES } from '../upstream/limits.ts';

/**
 * Bytes of messages that wait for the client of a WebSocket before its origin is paused. What the origin's socket has brought by then
 * still comes: one read of 64 KiB, and the message that it completes.
 */
export const WEBSOCKET_HIGH_WATER_BYTES = 64 * 1024;

/** Bytes still waiting at which a paused origin is read again. */
export const WEBSOCKET_LOW_WATER_BYTES = 16 * 1024;

/**
 * Bytes that the transport keeps for the client of a WebSocket at most: what may come above, twice. Beyond, answers to pings are left
 * out; a message that met it would end the connection with 1013.
 */
export const MAX_TRANSPORT_BACKLOG_BYTES = 3 * 1024 * 1024;

/** Seconds of silence of a WebSocket's client, its answers to our pings included, after which it is lost. Proxies drop idle ones after a minute. */
export const CLIENT_IDLE_SECONDS = 60;

/**
 * How often the transport is made to offer a client what waits for it while the same client is paused: the transport then hears
 * neither of what comes nor of room. Both directions of one WebSocket at a standstill are rare.
 */
export const PAUSED_PUSH_MS = 25;

/**
 * Milliseconds for which a side of a WebSocket may take nothing of what waits for it: a message and a bit in this time are 18 KB a
 * second. Reached: the connection ends, for it holds memory all the while.
 */
export const STALLED_WEBSOCKET_MS = 60_000;

/**
 * Messages of one client in one turn of the event loop. The transport hands over all that it has read, up to 512 KiB, and cannot be
 * stopped in between: 87,000 empty messages would hold up everybody on the thread. Reached: the client is cut off.
 */
export const MAX_MESSAGES_PER_TURN = 8_192;

/** Objects that one request may have to make at a time; a further lookup answers `too_many`. */
export const MAX_OPEN_FILLS = 16;

/** How long a guest waits for the object cache; then its call answers `unavailable`. More than the longest wait for who makes an object. */
export const OBJECT_DEADLINE_MS = 15_000;

/** Questions of one tenant to the object cache that one data thread has open; further ones answer `busy`. As many as may be in flight. */
export const OBJECTS_WAITING_PER_TENANT = 2_000;

/** The same of all tenants together. */
export const OBJECTS_WAITING_PER_THREAD = 8_192;

/** Bytes of objects on their way to the cache, of one tenant on one data thread; beyond, `busy`. 64 MiB. */
export const OBJECT_BYTES_PER_TENANT = 64 * 1024 * 1024;

/** The same of all tenants together. 256 MiB. */
export const OBJECT_BYTES_PER_THREAD = 256 * 1024 * 1024;

/** How long a request waits for a tenant that rests: a large module takes a second to compile, and others may be before it. Beyond: `capacity`. */
export const WAKE_DEADLINE_MS = 10_000;

/** Requests of one data thread that wait for tenants at once, each with what {@link BODY_BACKLOG_BYTES} lets come of its body. Beyond: `capacity`. */
export const MAX_WAITING_FOR_TENANTS = 2_000;

/** How long a tenant that could not be woken is not tried again, and of how many that is remembered: each is a try that control is spared. */
export const UNWOKEN_MS = 1_000;
export const MAX_UNWOKEN = 10_000;
