/** Limits of exchanges with backends: each with its reason and with what happens when it is reached. */

/** Milliseconds to resolve the name and connect, TLS included. A healthy backend takes under 200. Reached: `timeout`. */
export const CONNECT_TIMEOUT_MS = 2_000;

/** Milliseconds from the end of the request to the head of the answer. Reached: `timeout`. */
export const FIRST_BYTE_TIMEOUT_MS = 15_000;

/**
 * Milliseconds between two pieces of a body, while the reader wants more. Reached: the body breaks off. Event streams must
 * send a comment more often than that.
 */
export const BETWEEN_BYTES_TIMEOUT_MS = 15_000;

/**
 * Milliseconds for which an unused connection is kept when the backend does not say. Under the 5 s after which node:http
 * servers close theirs, so that no request meets a connection that is just being closed.
 */
export const IDLE_TIMEOUT_MS = 4_000;

/** Milliseconds for which an unused connection is kept when the backend asks for more: it may not pin our sockets. */
export const MAX_IDLE_TIMEOUT_MS = 30_000;

/** Connections to one backend from one thread, as many as Envoy opens: a slow backend needs one for each waiting request. Further ones wait. */
export const MAX_CONNECTIONS = 1_024;

/** Requests that wait for a connection to one backend in one thread, as many as in Envoy. Further ones are refused: `overloaded`. */
export const MAX_WAITING = 1_024;

/** Addresses of one name that are tried; a name server may send hundreds. The rest is left out. */
export const MAX_ADDRESSES = 8;

/** Informational answers before the final one. An endless row of them would reset the first-byte timer. Reached: `protocol`. */
export const MAX_INFORMATIONAL = 16;

/** Bytes of a response body that wait for a slow reader before the socket is paused; one read of a socket may exceed it. */
export const HIGH_WATER_BYTES = 65_536;

/** Bytes still waiting at which a paused socket is read again. */
export const LOW_WATER_BYTES = 16_384;

/** Bytes that one read takes from a request body: one large socket write. */
export const REQUEST_CHUNK_BYTES = 65_536;

/** Times that a request may have passed Kerb before it is taken for a loop and refused. Two chained tenants make two. */
export const MAX_LOOPS = 3;

/**
 * Requests in a row that got no answer, nor saw another get one, before a backend is left alone. Fewer would trip over a restart's first
 * moments. Reached: `resting`.
 */
export const CIRCUIT_FAILURES = 10;

/** Milliseconds for which it is left alone until one request probes. Long enough to breathe, short enough for nobody to notice. */
export const CIRCUIT_REST_MS = 2_000;

/**
 * Milliseconds without a byte of an answer after which a request that was given up counts as one that failed. A backend that hangs would
 * otherwise never be left alone, because its callers leave before {@link FIRST_BYTE_TIMEOUT_MS}; who leaves sooner says nothing.
 */
export const ABANDONED_MS = 5_000;

/** Bytes of the answer to a health check that are read; who sends more has said enough. */
export const HEALTH_BODY_BYTES = 65_536;

/**
 * How long health checks go on after a backend was asked for last, in milliseconds and at least in intervals. A tenant whose apps nobody
 * visits costs neither timers nor connections; a backend that is asked every minute is one whose state is known.
 */
export const HEALTH_ATTENTION_MS = 60_000;
export const HEALTH_ATTENTION_INTERVALS = 2;

/** The part of an interval by which checks come sooner or later, so that many do not come together. */
export const HEALTH_JITTER = 0.1;

/** Health checks under way in the process, over its threads. Each holds a connection for its timeout. Further ones are left out. */
export const MAX_CHECKS = 512;

/** The same of one deployment on one thread: backends that never answer must not take the places of other tenants' checks. */
export const MAX_CHECKS_PER_SET = 8;

/** Backends that the process checks, over its threads: a timer each. Further ones are asked unchecked. */
export const MAX_CHECKED_BACKENDS = 16_384;

/**
 * Bytes of one WebSocket message, whichever side sends it: it is relayed whole, and waits in memory until it has come and until it is
 * taken. 1 MiB, as hosted edges allow. A larger one ends the connection with 1009.
 */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Pieces of one message, and pieces of socket reads that wait for the end of one: each costs far more than its bytes. Reached: 1008. */
export const MAX_MESSAGE_FRAGMENTS = 4_096;

/**
 * Milliseconds of silence on a WebSocket after which its backend is sent a ping; after as many again it is lost. Under the minute after
 * which most proxies drop an idle connection.
 */
export const WEBSOCKET_PING_MS = 30_000;

/** Milliseconds that a WebSocket may take for its closing handshake, what waits to be sent included. Then it is broken off. */
export const WEBSOCKET_CLOSE_MS = 5_000;

/** Bytes of a block in which small frames are gathered before they are written: as many as a socket takes before it is full, a quarter. */
export const OUTPUT_BLOCK_BYTES = 16 * 1024;

/** Bytes up to which a piece of a frame is copied into a block. Beyond, copying costs more than a write of its own. */
export const GATHERED_FRAME_BYTES = 2 * 1024;
