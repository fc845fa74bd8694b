/** Limits of durable state, each with its reason. Reaching one is a KerbError `too_large` that names it, unless it says otherwise. */

/** Sizes of what is stored; bytes of text are its UTF-8 bytes. */
export const STORE_LIMITS = {
  /** Bytes of a kv key: what Cloudflare KV takes. */
  kvKeyBytes: 512,
  /** Bytes of a kv value: what Cloudflare KV takes. */
  kvValueBytes: 25 * 1024 * 1024,
  /** Bytes of the metadata beside a kv value: what Cloudflare KV takes. */
  kvMetadataBytes: 1_024,
  /** Bytes of keys, values and metadata of one tenant, with {@link KV_ENTRY_BYTES} for each entry: one disk serves all tenants. 1 GiB. */
  kvTenantBytes: 1024 * 1024 * 1024,
  /** Bytes of a key of a config store. */
  configKeyBytes: 256,
  /** Bytes of a config value. A config store is handed over whole, so its values are small. */
  configValueBytes: 64 * 1024,
  /** Entries in the config stores of one tenant, all together. */
  configEntries: 1_000,
  /** Bytes of a secret: certificates and keys, not documents. */
  secretBytes: 64 * 1024,
  /** Secrets of one tenant. */
  secrets: 1_000,
  /** Bytes of the name of a store, a secret or a setting: it is part of error messages and of addresses. */
  nameBytes: 256,
  /** Bytes of a host: RFC 1035 section 2.3.4, and two for a wildcard. */
  hostBytes: 257,
  /** Bytes of the texts of one version, all together: manifest, report, note, the list of its files. */
  versionTextBytes: 4 * 1024 * 1024,
  /** Bytes of what a tenant record holds in lists: keys, limits, address ranges. It is read with every look at the tenant. */
  tenantTextBytes: 256 * 1024,
  /** Bytes of the detail of an audit record: there are up to {@link AUDIT_ROWS} of them. */
  auditDetailBytes: 64 * 1024,
  /** Bytes of a setting. */
  settingBytes: 1024 * 1024,
  /** Bytes of a stored answer. The largest answers hold a version with its texts. */
  answerBytes: 8 * 1024 * 1024,
  /** Tokens of one tenant that have not expired: whoever may issue tokens could fill the disk with them. */
  tenantTokens: 10_000,
} as const;

/** What the database spends on a kv entry besides its bytes: counted, so that a million empty values are not free. */
export const KV_ENTRY_BYTES = 64;

/** Items of one page of a list: one page is built without letting anything else run. A larger request is a `bad_request`. */
export const PAGE_ITEMS = 1_000;

/** Bytes of texts in one page of versions; with more, the page has fewer items than were asked for. 16 MiB. */
export const PAGE_BYTES = 16 * 1024 * 1024;

/** Characters of a cursor: the longest key and its name. Longer ones are `bad_request` before they are decoded. */
export const CURSOR_CHARS = 1_024;

/** How long an audit record is kept; older ones are forgotten. 90 days. */
export const AUDIT_KEPT_MS = 90 * 24 * 3_600_000;

/** How long hours of usage are kept: a year can be compared with the one before. 800 days. */
export const USAGE_KEPT_MS = 800 * 24 * 3_600_000;

/** How many audit records are kept; the oldest beyond are forgotten. */
export const AUDIT_ROWS = 100_000;

/** How long the answer to an idempotency key is kept; older ones are forgotten. 24 hours. */
export const ANSWERS_KEPT_MS = 24 * 3_600_000;

/** Answers of one actor that are kept; older ones beyond are forgotten, so that nobody fills the disk with requests. */
export const ACTOR_ANSWERS = 10_000;

/** Rows of one kind that are forgotten at once: it blocks the control thread while it runs. The next call goes on. */
export const PRUNED_ROWS = 10_000;

/** How long a statement waits for another program (a backup, a shell) that writes to the database; then it is a `conflict`. */
export const BUSY_TIMEOUT_MS = 1_000;

/** How long the start waits for the process before it to be gone; then it is a `conflict`. */
export const OWNER_WAIT_MS = 1_000;

/** Bytes of the write-ahead log that stay on disk after a checkpoint: a burst of large values must not keep its room for ever. */
export const JOURNAL_BYTES = 64 * 1024 * 1024;

/** The longest life of an entry of a key-value store that has an end, in seconds: ten years. */
export const MAX_KV_TTL_SECONDS = 315_360_000;

/** Files up to so many bytes are read at once: handing them to a thread of the pool and back takes longer than the system does. 256 KiB. */
export const READ_AT_ONCE_BYTES = 256 * 1024;
