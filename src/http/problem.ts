/** Bodies of the answers that Kerb gives in a guest's stead (RFC 9457). */
import { OUTCOMES } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { reasonPhrase } from './status.ts';

/** The media type of {@link problemJson} (RFC 9457 §3). */
export const PROBLEM_TYPE = 'application/problem+json';

/**
 * The body for a request that ended in `outcome`: type `about:blank`, for which RFC 9457 §4.2.1 wants the status phrase as
 * the title, the outcome's sentence as the detail, and the extension members `outcome` and, when one is given, `request_id`.
 * Says nothing that a guest, an exception or an origin wrote.
 *
 * @param requestId - Printed as it is, JSON-escaped; the caller checks whose it is.
 */
export function problemJson(outcome: Outcome, requestId?: string): string {
  const { status, title } = OUTCOMES[outcome];
  return JSON.stringify({
    type: 'about:blank',
    title: reasonPhrase(status),
    status,
    detail: title,
    outcome,
    request_id: requestId,
  });
}
