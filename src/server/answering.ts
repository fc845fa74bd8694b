/** A guest's reply on its way to the client. */
import { InvalidResponse, type Reply } from '../abi/abi.ts';
import { BodyError, type BodySource } from '../http/body.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Outcome } from '../outcome.ts';
import { relay } from './relay.ts';
import type { Visit } from './visit.ts';

/** Why a reply did not reach its client whole. */
export interface Unanswered {
  readonly outcome: Outcome;
  readonly detail: string | null;
}

const GONE: Unanswered = { outcome: 'client_closed', detail: null };

/** Sends a reply; `null` when it has been sent whole, or what broke it: the guest, the origin, or the client's leaving. */
export async function answer(visit: Visit, reply: Reply): Promise<Unanswered | null> {
  // Before the response ends, or a paused client could not be resumed and its connection would hang.
  if (reply.kind !== 'relay') visit.body?.cancel();
  try {
    if (reply.kind === 'whole') await visit.writer.whole(reply.head, reply.body);
    else if (reply.kind === 'streamed') visit.guestStream?.end();
    else await carry(visit, reply.head, reply.body);
  } catch (error) {
    return unanswered(visit, error);
  }
  return visit.gone ? GONE : null;
}

/** Carries the body of another's answer to the client. Rejects as {@link relay} and the writer's `open`; the body is then given up. */
export async function carry(visit: Visit, head: ResponseHead, body: BodySource): Promise<void> {
  visit.relayed = body;
  try {
    await relay(body, visit.writer.open(head));
  } catch (error) {
    body.cancel();
    throw error;
  }
}

/** What an error of a response that was being sent comes to. Throws it on when it is none of those that guest, origin or client can cause. */
export function unanswered({ writer }: Visit, error: unknown): Unanswered {
  if (error instanceof InvalidResponse) return { outcome: 'no_response', detail: error.message };
  if (writer.ended) return GONE;
  if (error instanceof BodyError) return { outcome: 'backend_error', detail: 'the origin broke off its response' };
  throw error;
}
