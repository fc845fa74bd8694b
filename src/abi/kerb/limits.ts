/** Limits of the `kerb_*` modules, each with what happens when it is reached. Sizes are those of the store. */
import { MAX_KV_TTL_SECONDS, STORE_LIMITS } from '../../store/limits.ts';

/** Questions to key-value stores of one request; further ones answer `quota`. What Cloudflare Workers allow. */
export const MAX_KV_OPERATIONS = 1_000;

/** Calls of `kerb_rate` by one request; further ones answer `quota`. A counter that others count up would time what they do. */
export const MAX_RATE_OPERATIONS = 1_000;

/** The longest window of a counter, and the longest penalty; longer: `invalid`. One day. */
export const MAX_WINDOW_SECONDS = 86_400;

/** The longest line taken by one call of `kerb_log`; the rest is dropped. 8 KiB. */
export const MAX_LINE_BYTES = 8_192;

/** Stores that one request may have open; further ones answer `quota`. More than any app has use for. */
export const MAX_OPEN_STORES = 64;

/** The shortest and the longest life of an entry that has an end; others: `invalid`. Ten years. */
export const TTL_SECONDS = { least: 1, most: MAX_KV_TTL_SECONDS } as const;

/** Keys that one call lists at the most; the next call goes on. */
export const MAX_LISTED_KEYS = 1_000;

/** Bytes of a key, of a value, of metadata, and of the name of a store, a key of the config or a secret. Longer: `too_large`. */
export const SIZES = {
  key: STORE_LIMITS.kvKeyBytes,
  value: STORE_LIMITS.kvValueBytes,
  metadata: STORE_LIMITS.kvMetadataBytes,
  name: STORE_LIMITS.nameBytes,
} as const;

/**
 * Fetches that one request has open, sent or not: each holds a connection and buffers of the host's. As many as four pages of six
 * parallel calls need; all requests of a tenant share 1,024 connections to a backend. A further `request` answers `too_many`.
 */
export const MAX_OPEN_FETCHES = 16;

/** The largest request body of one fetch, held whole so that its length is known. 16 MiB. Beyond, `body` answers `too_large`. */
export const MAX_FETCH_BODY_BYTES = 16 * 1024 * 1024;

/** The longest backend name taken from a guest: names of the manifest are shorter. A longer one is `not_granted`. */
export const MAX_GRANT_NAME_BYTES = 63;

/** The longest method taken from a guest. A longer one is `invalid`. */
export const MAX_METHOD_BYTES = 64;

/** The longest field name taken from a guest, so that one call cannot make the host hold the guest's memory. Beyond: `too_large`. */
export const MAX_FIELD_NAME_BYTES = 1024;

/** Pages of 64 KiB on the request's account for an open fetch: its fields, at most one page, and what the transport keeps. */
export const FETCH_PAGES = 1;

/** Pages for one that is sent: its answer waits in up to 64 KiB and one read of a socket, which is 64 KiB too. */
export const ANSWER_PAGES = 2;

/** The most that one `read` moves, so that a guest cannot reserve host time with one call. 1 MiB; `read` then answers less. */
export const MAX_READ_BYTES = 1024 * 1024;

/**
 * `timeout_ms` from which on a wait lasts for as long as the request may take: longer than any may, and what timers can hold. The
 * documented spelling is 2^32 - 1, which is -1 as an i32.
 */
export const ENDLESS_WAIT_MS = 0x7fff_ffff;

/** Bytes of a token taken from a guest: what proxies take of a header line. 8 KiB. A longer one is `bad_token`. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Lookups of addresses by one request; further ones answer `quota`. Each walks a tree outside the guest's CPU budget. */
export const MAX_GEO_LOOKUPS = 100;

/** The longest text that can be an address: IPv6 with an IPv4 address in it (RFC 4291 section 2.2). A longer one is `too_large`. */
export const MAX_ADDRESS_BYTES = 45;

/** Questions to the object cache by one request; further ones answer `quota`. */
export const MAX_CACHE_OPERATIONS = 1_000;

/** The longest time for which an object stays fresh, and stale: `invalid` beyond. A year. */
export const MAX_CACHE_TTL_SECONDS = 31_536_000;

/** The longest wait for who makes an object; a longer one counts as this. Ten seconds: a page that takes longer is no page. */
export const MAX_CACHE_WAIT_MS = 10_000;

/** The largest object that is kept: a quarter of what a tenant has. 4 MiB. A larger one is `too_large`. */
export const MAX_OBJECT_BYTES = 4 * 1024 * 1024;

/** Tags of one object, bytes of one tag, and of all as one text: each is an entry of an index. More: `too_large`. */
export const OBJECT_TAGS = { most: 16, bytes: 128, textBytes: 16 * 129 } as const;

/** Tokens that one request may have signed: each costs a signature outside the guest's CPU budget. Beyond: `too_many`. */
export const MAX_SIGNATURES = 32;

/** Bytes of claims taken from a guest: `auth/limits.ts`, `MAX_SIGNED_CLAIMS_BYTES`. A larger object is `too_large`. */
export const MAX_CLAIMS_BYTES = 4 * 1024;

/** Tokens that one request may have verified: each costs a signature check on the process's thread pool. Beyond: `too_many`. */
export const MAX_VERIFICATIONS = 32;

/**
 * CPU time that the verification of a token counts with, in milliseconds, whatever becomes of the token: it runs on other threads and
 * after the call. Measured on all threads together, with tokens of 0.2 to 7 KB: 0.08-0.12 for RSA of 2,048 bits, 0.12-0.15 for RSA of
 * 4,096 bits, P-256 and Ed25519; 0.3 for RSA of 8,192 bits, which nobody uses and nobody gains more than this factor by.
 */
export const VERIFICATION_CPU_MS = 0.15;

/** The same of a signature, with Ed25519 or P-256: 0.14, measured on all threads together. */
export const SIGNATURE_CPU_MS = 0.15;
