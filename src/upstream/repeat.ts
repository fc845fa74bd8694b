/** Which requests are sent a second time. */
import type { BackendError, BackendRequest } from '../capability/backend.ts';

/** Methods whose effect is the same however often a request is received (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * Whether a request that failed may be sent once more (RFC 9110 §9.2.2): it was written to a connection that was lost before a byte of
 * an answer came, as happens where a backend closes an idle connection at that moment; its method is idempotent, and it has no body,
 * which would be used up. The transport repeats by itself only what it has not begun to write.
 *
 * @param lost - Whether the request was begun to be written, and nothing came back.
 */
export function mayRepeat({ method, body, signal }: BackendRequest, { fault }: BackendError, lost: boolean): boolean {
  return lost && fault === 'connect' && body === null && IDEMPOTENT.has(method) && !signal.aborted;
}
