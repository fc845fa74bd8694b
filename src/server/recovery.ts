/** Answers in a failed guest's stead, as its app's rules say: from what is stored, by the origin itself, or with a page. */
import { InvalidResponse } from '../abi/abi.ts';
import { BackendError, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import type { FailurePage, Measure } from '../failure-rule.ts';
import { BodyError } from '../http/body.ts';
import { declaredLength } from '../http/framing.ts';
import { HeaderList } from '../http/headers.ts';
import type { Outcome } from '../outcome.ts';
import { carry } from './answering.ts';
import { recourseFor, type Recourse } from './failure-policy.ts';
import { RECOVERY_LEAST_MS } from './limits.ts';
import type { Visit } from './visit.ts';

/** What is tried for a failed visit; `null`: the error. Once its response has begun, or its client has left, nothing is. */
export function recourseOf(visit: Visit, outcome: Outcome): Recourse | null {
  const { deployment, request, body, writer, backends } = visit;
  if (deployment === null || deployment.onFailure.length === 0 || writer.started || writer.ended) return null;
  return recourseFor(deployment.onFailure, {
    outcome,
    method: request.method,
    target: request.target,
    body: body === null ? 'none' : body.untouched ? 'unread' : 'read',
    hasAsked: backends.hasAsked,
  });
}

/**
 * Tries the measures of a recourse one after the other, and answers whether the client got a whole response by one; the visit then
 * says by which. Otherwise the response has not begun, or it broke off, or the client has left.
 */
export async function recover(visit: Visit, { measures, rule }: Recourse): Promise<boolean> {
  const { writer, outcome } = visit;
  for (const served of measures) {
    if (writer.started || writer.ended) return false;
    [visit.served, writer.instead] = [served, { outcome, served }];
    try {
      if (await attempt(visit, served, rule.page)) return true;
    } finally {
      if (!writer.started) [visit.served, writer.instead] = [null, null];
    }
  }
  return false;
}

/** Whether a measure brought the client a whole response. */
async function attempt(visit: Visit, measure: Measure, page: FailurePage | null): Promise<boolean> {
  try {
    const response = measure === 'page' ? null : await answerBy(visit, measure);
    if (response !== null) await carry(visit, response, response.body);
    else if (measure === 'page' && page !== null) await show(visit, page);
    else return false;
    return !visit.gone;
  } catch (error) {
    // No answer, one that is no sound HTTP, one that broke off, or a client that has left or takes nothing.
    if (error instanceof BackendError || error instanceof InvalidResponse || error instanceof BodyError) return false;
    throw error;
  } finally {
    visit.recovery = null;
  }
}

/** Asks for an answer until the request's wall time is over, but at least for {@link RECOVERY_LEAST_MS}. */
async function answerBy(visit: Visit, measure: 'stale' | 'origin'): Promise<BackendResponse | null> {
  const recovery = new AbortController();
  visit.recovery = recovery;
  const leftMs = (visit.account?.deadlineMs ?? 0) - performance.now();
  const late = setTimeout(() => recovery.abort(), Math.max(RECOVERY_LEAST_MS, leftMs));
  try {
    const { backends } = visit;
    const request = requestOf(visit, recovery.signal);
    return (await (measure === 'stale' ? backends.stored(request) : backends.origin?.fetch(request))) ?? null;
  } finally {
    clearTimeout(late);
  }
}

/** The request as the client sent it, whatever its guest made of it. */
function requestOf({ request, body, forwarded, clientFields }: Visit, signal: AbortSignal): BackendRequest {
  const { method, target } = request;
  const contentLength = body === null ? undefined : (declaredLength(clientFields) ?? undefined);
  return { method, target, headers: clientFields.clone(), body, contentLength, forwarded, signal };
}

/**
 * Sends a page. It stands for no resource, so that conditions and ranges do not apply (RFC 9110 §13.2.1, §14.2), and nobody is to
 * keep it.
 */
async function show({ body, writer }: Visit, { bytes, type, status }: FailurePage): Promise<void> {
  // Before the response ends, or a paused client could not be resumed and its connection would hang.
  body?.cancel();
  const headers = HeaderList.from([
    ['content-type', type],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
  ]);
  await writer.whole({ status, headers }, bytes);
}
