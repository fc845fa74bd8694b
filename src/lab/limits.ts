/** Limits of the lab, each with its reason. */

/** Tenants that are stocked in one change: their files are written side by side, and the disk is waited for once. */
export const STOCK_AT_ONCE = 256;

/** Connections of the load at most: beyond, requests wait in the generator, and their time runs. */
export const MAX_CONNECTIONS = 1_000;

/**
 * How long a connection may have been idle to be used again: Kerb's transport closes one after ten seconds, and a request that crosses
 * the closing is lost to nobody's fault. 4 s.
 */
export const MAX_IDLE_MS = 4_000;

/** Answers that should not have been, kept to be shown: one is enough to look into, and a broken server gives them by the thousand. */
export const KEPT_FAULTS = 20;

/** How long the answers to the last requests are waited for: twice the wall time that a hostile guest may take, and some. */
export const GRACE_MS = 10_000;

/** How often the load tells how it stands, and the server is looked at. */
export const TELL_MS = 1_000;

/** The share of its time that a server may spend on telling its metrics: with thousands of tenants they are megabytes. */
export const SCRAPE_SHARE = 0.05;

/** Lines of the server's log that are kept: they say why it ended. */
export const KEPT_LOG_LINES = 40;

/** How busy cores may be before requests wait for each other noticeably. */
export const BUSY_SHARE = 0.7;
