/** Limits on tokens, keys and signatures, each with its reason and what happens when it is reached. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// --- Tokens -----------------------------------------------------------------------------------------------------------

/** Characters of a token, which are all ASCII. 8 KiB: what proxies take of a header line. A longer one is refused unread. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** The shortest life of a token. One second: a shorter one can be over before it is sent. */
export const MIN_TOKEN_TTL_S = 1;

/** The longest life of a token that is asked for: 90 days. What needs one for longer renews it, and shows that it is still in use. */
export const MAX_TOKEN_TTL_S = 90 * 24 * 60 * 60;

/**
 * The life of the operator's token: a year. It lies in a file of the operator's own that is renewed at every start, so it need
 * not outlive a server that nobody restarts for a year; and a copy of it, in an old backup, has to end some day.
 */
export const OPERATOR_TOKEN_TTL_S = 365 * 24 * 60 * 60;

/** The operator's token is replaced when it has less left. More than {@link MAX_TOKEN_TTL_S}, or it could not ask for tokens of that life. */
export const OPERATOR_TOKEN_RENEWAL_MS = 100 * DAY_MS;

/** The longest life of a token of another issuer: a day. It cannot be revoked here. One that lives longer is refused. */
export const MAX_EXTERNAL_TTL_MS = DAY_MS;

/** How far another clock may be ahead: for `iat` and `nbf`. Nothing is given to `exp`: a token that is over is over. */
export const CLOCK_SKEW_MS = MINUTE_MS;

/** Levels of objects and lists in a token. Claims in use have two; a parser must not be driven into recursion. */
export const MAX_JSON_DEPTH = 8;

/** Characters of a `kid`. It is compared, never looked up anywhere else; longer ones are refused. */
export const MAX_KID_LENGTH = 256;

/** Characters of a `sub`: it is written to the audit log. */
export const MAX_SUBJECT_LENGTH = 256;

/** Characters of a `jti`, ASCII: with an issuer's name before it, it is a key in the store, which takes 256 bytes. */
export const MAX_ID_LENGTH = 200;

/** Entries of an `aud` list. */
export const MAX_AUDIENCES = 16;

/** Characters of `error_description` in a challenge. */
export const MAX_DESCRIPTION_LENGTH = 200;

// --- Keys -------------------------------------------------------------------------------------------------------------

/** Keys of the process that are in force at once. Beyond it rotation is refused until tokens of older keys are over. */
export const MAX_ISSUER_KEYS = 64;

/** The end of the last token of a key is kept in steps of a day, so that it is stored once a day and not with every token. */
export const KEY_USE_STEP_MS = DAY_MS;

/** Keys that are read of a key set. Issuers have two to four; every key costs an import. A larger set is refused. */
export const MAX_SET_KEYS = 64;

/** Keys that may sign the modules of a tenant: a signature without a `kid` is tried with each. */
export const MAX_SIGNING_KEYS = 32;

/** Characters of a module signature. One by Ed25519 or P-256 with a thumbprint has under 250. */
export const MAX_MODULE_SIGNATURE_LENGTH = 2 * 1024;

/** Bytes of a private key in a secret. A JWK of either kind has under 300. A larger one is not read. */
export const MAX_SIGNING_JWK_BYTES = 4 * 1024;

/** Bytes of claims that a guest has signed: the token stays under {@link MAX_TOKEN_BYTES}, and can be verified. A larger object is refused. */
export const MAX_SIGNED_CLAIMS_BYTES = 4 * 1024;

// --- Key sets of other issuers ----------------------------------------------------------------------------------------

/** How long a key set is used without asking again: the time that a withdrawn key is still believed. */
export const KEY_SET_FRESH_MS = 10 * MINUTE_MS;

/** How long a key set is used while the issuer cannot be asked; then its tokens are refused. */
export const KEY_SET_STALE_MS = HOUR_MS;

/** The least time between two questions to an issuer: whoever invents key ids must not make this server hammer it. */
export const KEY_SET_COOL_DOWN_MS = 30 * SECOND_MS;

/** How long an answer may take, body included: a request waits for it. */
export const KEY_SET_TIMEOUT_MS = 3 * SECOND_MS;

/** Bytes of a key set. Sets in use have under 10 KB. A larger one is refused. */
export const MAX_KEY_SET_BYTES = 64 * 1024;

/** Other issuers that can be configured. */
export const MAX_EXTERNAL_ISSUERS = 16;

/** Bytes of an RSA modulus of a tenant's issuer: 2,048 bits at least (RFC 7518 section 3.3). A shorter one is left out. */
export const MIN_RSA_BYTES = 256;

/** At most 8,192 bits: checking a signature takes longer with every bit. A longer one is left out. */
export const MAX_RSA_BYTES = 1_024;
