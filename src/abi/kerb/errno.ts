/** What functions of the `kerb_*` modules answer in place of a length, a handle or a status when they fail. */
import type { BackendFault } from '../../capability/backend.ts';
import type { SigningFault, TokenFault } from '../../capability/jwt.ts';
import { KvError, type KvFault } from '../../capability/kv.ts';
import { ObjectCacheError, type ObjectFault } from '../../capability/object-cache.ts';

/**
 * The closed list. Every member is negative, so that no length, handle, index or status is one of them. The numbers are part of the ABI:
 * none is ever changed or used again.
 */
export const ERRNO = {
  /** No handle or ticket of this request: never given, closed, of another kind, or of a request before. */
  bad_handle: -1,
  /** The call does not fit what has happened so far: a field after `send`, a response before `wait`. */
  wrong_state: -2,
  /**
   * An argument is malformed: a method, target or field that breaks HTTP, an empty buffer, a count of 0; a key that is empty or not
   * UTF-8, a number out of its range.
   */
  invalid: -3,
  /** The field is the host's to write: framing, `Host`, who asks, what ends at this hop; `iss`, `aud`, `iat`, `exp` of a token. */
  forbidden: -4,
  /** The manifest grants nothing of that name. */
  not_granted: -5,
  /** As many are open as may be: close one. */
  too_many: -6,
  /** A field, target or body is larger than its cap, or a key, value or text longer than may be stored. */
  too_large: -7,
  /** The request has made as many subrequests as it may. */
  budget: -8,
  /** The time that the call was given is over; what it waited for goes on. */
  timeout: -9,
  /** The backend's name cannot be resolved, its address is refused, or no connection could be made or kept. */
  unreachable: -10,
  /** The backend took too long to connect or to answer. */
  backend_timeout: -11,
  /** The backend's answer is not HTTP/1.1. */
  protocol: -12,
  /** Too many requests wait for the backend, or it failed so often that it is left alone for a while. */
  overloaded: -13,
  /** The body broke off before its end. */
  broken: -14,
  /** The request at hand has ended: the guest is about to. */
  cancelled: -15,
  /** There is no request: start functions have none. */
  no_request: -16,
  /** The token is none, was not signed by the issuer, or is not for this audience. */
  bad_token: -17,
  /** The token is over, or not valid yet. */
  expired: -18,
  /** The issuer's keys cannot be had now, or the key to sign with. */
  no_keys: -19,
  /** There is nothing of that key or name. */
  absent: -20,
  /** The condition of a write does not hold. */
  conflict: -21,
  /** The tenant stores, or the request has asked, as much as it may. */
  quota: -22,
  /** Too many calls of this tenant wait at once: try again. */
  busy: -23,
  /** The store did not answer in time, or failed: try again later. */
  unavailable: -24,
  /** Not even the first item fits in the buffer. */
  too_small: -25,
} as const;

/** The name of a member. */
export type ErrnoName = keyof typeof ERRNO;

/** A member. */
export type Errno = (typeof ERRNO)[ErrnoName];

/** What a guest learns of each way in which a backend fails. */
export const ERRNO_OF_FAULT = {
  refused_address: ERRNO.unreachable,
  dns: ERRNO.unreachable,
  connect: ERRNO.unreachable,
  timeout: ERRNO.backend_timeout,
  protocol: ERRNO.protocol,
  aborted: ERRNO.cancelled,
  overloaded: ERRNO.overloaded,
  resting: ERRNO.overloaded,
  budget: ERRNO.budget,
} as const satisfies Record<BackendFault, Errno>;

/** What a guest learns of each reason for which a token is not valid. */
export const ERRNO_OF_TOKEN_FAULT = {
  invalid: ERRNO.bad_token,
  expired: ERRNO.expired,
  no_keys: ERRNO.no_keys,
} as const satisfies Record<TokenFault, Errno>;

/** What a guest learns of each reason for which no token was signed. */
export const ERRNO_OF_SIGNING_FAULT = {
  claims: ERRNO.invalid,
  reserved: ERRNO.forbidden,
  lifetime: ERRNO.invalid,
  no_key: ERRNO.no_keys,
} as const satisfies Record<SigningFault, Errno>;

const OF_STORE_FAULT = {
  busy: ERRNO.busy,
  unavailable: ERRNO.unavailable,
  // The guest has ended: nobody reads it.
  aborted: ERRNO.unavailable,
} as const;

const OF_KV_FAULT = {
  ...OF_STORE_FAULT,
  conflict: ERRNO.conflict,
  full: ERRNO.quota,
} as const satisfies Record<KvFault, Errno>;

const OF_OBJECT_FAULT = {
  ...OF_STORE_FAULT,
  too_large: ERRNO.too_large,
  waited: ERRNO.timeout,
  too_many: ERRNO.too_many,
} as const satisfies Record<ObjectFault, Errno>;

/** The errno for what a port rejected with. Throws what is no error of a port, such as a fault of the guest's. */
export function errnoOf(error: unknown): Errno {
  if (error instanceof KvError) return OF_KV_FAULT[error.fault];
  if (error instanceof ObjectCacheError) return OF_OBJECT_FAULT[error.fault];
  throw error;
}
