/** Every limit of the admin API: its value, its reason, and what happens when it is reached. */
import { MAX_TOKEN_TTL_S } from '../auth/limits.ts';
import { MAX_KV_TTL_SECONDS } from '../store/limits.ts';
import { MANIFEST_LIMITS, TENANT_FILE_LIMITS } from '../control/manifest-limits.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What an {@link ./api.ts API} keeps to; tests give smaller ones. */
export interface ApiLimits {
  /**
   * Requests being answered at once, until their answers are read, streams and refusals left out. The control port is for people and their tools; the edge has its own limits.
   * More are refused with 429.
   */
  readonly requests: number;
  /**
   * Refusals on their way out at once, while their senders may still be sending: each holds a connection and a short text. A further one
   * is not told, its connection is broken off.
   */
  readonly refusals: number;
  /** Bytes of request bodies, and of answers that are not read yet, held in memory at once: four of the largest uploads. More are refused with 429. */
  readonly bodyBytesInAll: number;
  /** Bytes of those of one tenant, or of the operators: two of the largest, so that no tenant keeps others from deploying. */
  readonly bodyBytesPerCaller: number;
  /** Requests of one tenant, or of the operators, at once: a quarter of all. More are refused with 429. */
  readonly requestsPerCaller: number;
  /** Milliseconds that a request's body may take. A slower one is refused with 408. */
  readonly bodyMs: number;
  /** Milliseconds that a client may take to read an answer. A slower one is disconnected. */
  readonly answerMs: number;
  /** Milliseconds for which the rest of a refused body is read, so that its sender gets to read why. Then it is disconnected. */
  readonly lingerMs: number;
  /** Requests a second of one token, and of one address without a valid token, on average. More are refused with 429. */
  readonly requestsPerSecond: number;
  /** How many of those may come at once after a rest. */
  readonly requestBurst: number;
  /** Tokens and addresses that are counted; the one idle for longest is forgotten first. */
  readonly countedCallers: number;
  /** Streams of one tenant: one for each of a few people who look. More are refused with 429. */
  readonly streamsPerTenant: number;
  /** Streams in all: each holds a connection and a backlog. More are refused with 429. */
  readonly streams: number;
  /** Bytes of events that a reader may be behind. What comes then is dropped, and the reader is told how much. */
  readonly streamBacklogBytes: number;
  /** Milliseconds between comments that keep a stream's connection open, and between looks at whether its token is still valid. */
  readonly heartbeatMs: number;
}

/** The values of a server that serves. */
export const API_LIMITS: ApiLimits = Object.freeze({
  requests: 64,
  refusals: 256,
  bodyBytesInAll: 4 * (TENANT_FILE_LIMITS.moduleBytes + MIB),
  bodyBytesPerCaller: 2 * (TENANT_FILE_LIMITS.moduleBytes + MIB),
  requestsPerCaller: 16,
  bodyMs: 60_000,
  answerMs: 60_000,
  lingerMs: 1_000,
  requestsPerSecond: 50,
  requestBurst: 200,
  countedCallers: 10_000,
  streamsPerTenant: 8,
  streams: 64,
  streamBacklogBytes: 256 * KIB,
  heartbeatMs: 15_000,
});

/** Bytes of a request's body, by what it is. A longer one is refused with 413 before it is read. */
export const BODY_LIMITS = {
  /** JSON: the largest is a list of signing keys, or a whole config store. */
  json: 256 * KIB,
  /** A module, or a compressed folder, with room for what is around it. */
  upload: TENANT_FILE_LIMITS.moduleBytes + MIB,
  /** A value of a key-value store: it is held in memory whole. */
  kvValue: 25 * MIB,
  /** A value of a config store: it is copied into guest memory on demand. */
  configValue: 64 * KIB,
  /** A secret: keys and passwords are short. */
  secret: 64 * KIB,
} as const;

/** Bytes from which on an answer counts as a body that is held; smaller ones are bounded by the number of requests. */
export const COUNTED_ANSWER_BYTES = 64 * KIB;

/** Limits on the parts of a request. */
export const REQUEST_LIMITS = {
  /** Characters of a request target: the longest has a key of 512 bytes, each percent-encoded, and a cursor. A longer one gets 414. */
  targetChars: 8 * KIB,
  /** Characters of a bearer token: issued ones have under 1,000. A longer one is no token. */
  tokenChars: 8 * KIB,
  /** Characters of an idempotency key. A longer one is refused with 400. */
  idempotencyKeyChars: 255,
  /** Characters of a manifest in a header, base64url: 36 KiB of text. A longer one is refused with 413: send an archive. */
  manifestChars: 48 * KIB,
  /** Characters of a detached signature. A longer one is refused with 400. */
  signatureChars: 8 * KIB,
  /** Arrays and objects inside each other in a JSON body: keys and limits have 3. Deeper ones are refused with 400. */
  jsonDepth: 32,
  /** Bytes of a key of a store. A longer one is refused with 400. */
  keyBytes: 512,
  /** Characters of the metadata of a key-value entry: it travels in a header. A longer one is refused with 400. */
  metadataChars: 3 * KIB,
  /** Keys of a config store that one request replaces. */
  configKeys: 500,
  /** Characters of a note on a version: a line in a list. */
  noteChars: 500,
  /** Characters of a token's subject, and of what a filter looks for. */
  textChars: 200,
  /** Ranges and keys in one list. */
  listed: MANIFEST_LIMITS.storeNames,
  /** Items of a part of a list, when nothing is asked for and at most. */
  pageItems: 100,
  pageItemsMost: 1_000,
  /** Characters of a cursor. */
  cursorChars: 4 * KIB,
} as const;

/** Faults that one answer lists, and characters of its texts: an answer is read by people. The rest is left out. */
export const PROBLEM_LIMITS = { errors: 100, detailChars: 2 * KIB, errorChars: 300 } as const;

/** Spans of time that a request may ask for. */
export const SPAN_LIMITS = {
  /** For which an answer is kept for its idempotency key. */
  answerMs: 24 * 3_600_000,
  /** Life of a token: 90 days. A longer one is refused with 400. */
  tokenSeconds: MAX_TOKEN_TTL_S,
  /** Of usage in one answer: 92 days of hours. A longer one is refused with 400. */
  usageMs: 92 * 86_400_000,
  /** Of usage when nothing is asked for. */
  usageStandardMs: 86_400_000,
  /** Life of a key-value entry: ten years. */
  ttlSeconds: MAX_KV_TTL_SECONDS,
} as const;

/**
 * How the control port's `node:http` server has to be made for the API: room for a manifest in a header beside others (a larger head
 * gets 431), heads in 10 s, whole requests in two minutes (408), duplicate `Host` fields and bad framing refused (400).
 */
export const SERVER_OPTIONS = Object.freeze({
  maxHeaderSize: REQUEST_LIMITS.manifestChars + 16 * KIB,
  headersTimeout: 10_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 5_000,
  requireHostHeader: true,
  insecureHTTPParser: false,
});
