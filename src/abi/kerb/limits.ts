/** Limits of the `kerb_*` modules, each with what happens when it is reached. Sizes are those of the store. */
import { STORE_LIMITS } from '../../store/limits.ts';

/** Questions to key-value stores of one request; further ones answer `quota`. What Cloudflare Workers allow. */
export const MAX_KV_OPERATIONS = 1_000;

/** Calls of `kerb_rate` by one request; further ones answer `quota`. A counter that others count up would time what they do. */
export const MAX_RATE_OPERATIONS = 1_000;

/** The longest window of a counter, and the longest penalty; longer: `bad_value`. One day. */
export const MAX_WINDOW_SECONDS = 86_400;

/** The longest line taken by one call of `kerb_log`; the rest is dropped. 8 KiB. */
export const MAX_LINE_BYTES = 8_192;

/** Stores that one request may have open; further ones answer `quota`. More than any app has use for. */
export const MAX_OPEN_STORES = 64;

/** The shortest and the longest life of an entry that has an end; others: `bad_value`. Ten years. */
export const TTL_SECONDS = { least: 1, most: 315_360_000 } as const;

/** Keys that one call lists at the most; the next call goes on. */
export const MAX_LISTED_KEYS = 1_000;

/** Bytes of a key, of a value, of metadata, and of the name of a store, a key of the config or a secret. Longer: `too_large`. */
export const SIZES = {
  key: STORE_LIMITS.kvKeyBytes,
  value: STORE_LIMITS.kvValueBytes,
  metadata: STORE_LIMITS.kvMetadataBytes,
  name: STORE_LIMITS.nameBytes,
} as const;
