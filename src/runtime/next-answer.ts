/** A guest's reply as the answer of a next handler, and the other way round. */
import type { Reply } from '../abi/abi.ts';
import type { BackendResponse } from '../capability/backend.ts';
import { BytesSource, type BodySource } from '../http/body.ts';
import { HeaderList } from '../http/headers.ts';
import type { ResponseHead } from '../http/message.ts';
import { bodyAllowed } from '../http/response-rules.ts';

/** A head and a body. */
export function responseOf({ status, headers }: ResponseHead, body: BodySource): BackendResponse {
  return { status, headers, body, trailers: new HeaderList() };
}

/** What a guest has answered to a request with that method. The length of a whole body is its own, whatever the guest said. */
export function answerOf(reply: Exclude<Reply, { kind: 'streamed' }>, method: string): BackendResponse {
  if (reply.kind === 'relay') return responseOf(reply.head, reply.body);
  const { status } = reply.head;
  const headers = reply.head.headers.clone();
  if (bodyAllowed(method, status)) headers.set('content-length', String(reply.body.length));
  return responseOf({ status, headers }, new BytesSource(reply.body));
}

/** An answer that is handed on as it is. */
export function replyOf({ status, headers, body }: BackendResponse): Reply {
  return { kind: 'relay', head: { status, headers }, body };
}
