/** What a request that a guest makes may be: the same checks where a guest writes it and where it goes out. */
import { HOP_BY_HOP, isToken } from './fields.ts';
import { MAX_TARGET_BYTES } from './limits.ts';
import { checkTarget } from './request-gate.ts';
import { WEBSOCKET_HOP_FIELDS } from './websocket.ts';

/**
 * Fields of a request to a backend that the host alone writes: who asks, framing, loop marks (RFC 8586), the handshake of a WebSocket,
 * and `Expect`, whose promise the transport cannot keep. In lower case.
 */
export const HOST_REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'cdn-loop',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  ...WEBSOCKET_HOP_FIELDS,
]);

/** Whether a field, given in lower case, is none that a guest may send: the host's own, or one that ends at this hop. */
export function isHostRequestField(lowerName: string): boolean {
  return HOST_REQUEST_FIELDS.has(lowerName) || HOP_BY_HOP.has(lowerName);
}

/** Whether a method may be sent: a token (RFC 9110 §9.1), and not CONNECT, which makes a tunnel. */
export function isSendableMethod(method: string): boolean {
  return isToken(method) && method !== 'CONNECT';
}

/**
 * What speaks against a target, or `null`: it must be in origin form, of visible ASCII, and of at most {@link MAX_TARGET_BYTES}. A
 * target such as `//host/x` is a path like any other: it is put after the backend's base path and never joined as a URL.
 */
export function targetFault(target: string): 'too_long' | 'malformed' | null {
  if (target.length > MAX_TARGET_BYTES) return 'too_long';
  return checkTarget(target) === null ? null : 'malformed';
}
