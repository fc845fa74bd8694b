/** Every cap on HTTP messages that does not depend on a tenant's plan. */

/**
 * Fields in one message head, repeated names counted each. Browsers send about 20 and applications rarely 60; the cap
 * bounds the work of every pass over a head. A guest's response or a backend's answer with more is refused.
 */
export const MAX_FIELDS = 200;

/**
 * Bytes of one message head from a guest or a backend: names and values as UTF-8 with 4 bytes of punctuation each. Common
 * clients and proxies stop reading between 16 KiB and 256 KiB, so a larger head would fail further on with a worse
 * explanation. A larger head is refused.
 */
export const MAX_HEAD_BYTES = 65_536;

/**
 * Bytes of a request target that a guest may send to a backend. RFC 9112 §3 recommends at least 8,000; a longer one is
 * refused before a connection is opened for it.
 */
export const MAX_TARGET_BYTES = 16_384;

/**
 * Digits of a Content-Length. 16 digits hold every exact integer of JavaScript (2^53 - 1), and no parser on the way can
 * overflow on fewer. A longer value is refused even when its leading digits are zeros.
 */
export const MAX_LENGTH_DIGITS = 16;

/** Characters of a host name without its trailing dot (RFC 1035 §2.3.4); a longer authority is refused. */
export const MAX_HOST_CHARS = 253;

/** Characters of one label of a host name (RFC 1035 §2.3.4); a longer one is refused. */
export const MAX_LABEL_CHARS = 63;
