/** The response encoder: the only place where a response is written, and everything that a guest set is checked before. */
import { InvalidResponse } from '../abi/abi.ts';
import type { Measure } from '../failure-rule.ts';
import { trimFieldValue } from '../http/fields.ts';
import { declaredLength } from '../http/framing.ts';
import type { ResponseHead } from '../http/message.ts';
import { PROBLEM_TYPE, problemJson } from '../http/problem.ts';
import { bodyAllowed, checkFieldList, checkResponse, HOST_FIELDS } from '../http/response-rules.ts';
import { statusLine } from '../http/status.ts';
import { OUTCOMES, RETRYABLE, type Outcome } from '../outcome.ts';
import { SENT_AT_ONCE_BYTES } from './limits.ts';
import { ResponseStream } from './response-stream.ts';
import type { TransportResponse } from './transport.ts';

/** What becomes of the connection after a response. */
export type Connection = 'keep' | 'close';

/** Writes one response to one request. After the client has gone every call does nothing. */
export class ResponseWriter {
  readonly #response: TransportResponse;
  readonly #method: string;
  readonly #connection: () => Connection;
  #stream: ResponseStream | null = null;
  #status = 0;
  #ended = false;

  /** @param connection - Asked when a whole response ends, and when a streamed one begins. */
  constructor(response: TransportResponse, method: string, connection: () => Connection) {
    this.#response = response;
    this.#method = method;
    this.#connection = connection;
  }

  /** What the request cost so far, for the client to see in `kerb-receipt`; `null`: it is not told. */
  receipt: string | null = null;

  /** Who answers in a failed guest's stead, and why, for the client to see in `kerb-served` and `kerb-outcome`; `null`: the guest. */
  instead: { readonly outcome: Outcome; readonly served: Measure } | null = null;

  /** Whether the head is on its way: another response is then impossible. */
  get started(): boolean {
    return this.#status !== 0;
  }

  /** Whether the response is complete, or the client gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a write waits for the client: pausing it now would make the transport forget to say when there is room. */
  get waits(): boolean {
    return this.#stream?.waits ?? false;
  }

  /** The status that was sent; 0: none. */
  get status(): number {
    return this.#status;
  }

  /** Called by the transport's abort: the response channel is no longer valid. */
  aborted(): void {
    this.#ended = true;
    this.#stream?.abandon();
  }

  /**
   * Sends a whole response. Throws {@link InvalidResponse}, before anything is sent, when the head breaks HTTP. Answers a
   * promise when the client is slow to take a large one: the transport would hold it for as long as the client likes.
   */
  whole(head: ResponseHead, body: Uint8Array): void | Promise<void> {
    check(head);
    if (this.#ended) return undefined;
    const withBody = bodyAllowed(this.#method, head.status);
    if (withBody && body.length > SENT_AT_ONCE_BYTES) return this.#open(head, body.length).write(body);
    this.#ended = true;
    this.#response.cork(() => {
      this.#writeHead(head);
      if (withBody) this.#response.end(body, this.#connection() === 'close');
      else this.#endBodiless(this.#bodilessLength(head, body));
    });
    return undefined;
  }

  /**
   * Sends the head and opens the body, which has a Content-Length when the head declares one, and is chunked otherwise.
   * Throws {@link InvalidResponse} as {@link whole}. The body of a response that may not have one is swallowed.
   */
  open(head: ResponseHead): ResponseStream {
    check(head);
    return this.#open(head, declaredLength(head.headers));
  }

  #open(head: ResponseHead, length: number | null): ResponseStream {
    const withBody = bodyAllowed(this.#method, head.status);
    const stream = new ResponseStream(this.#response, withBody ? length : 0, () => {
      this.#ended = true;
    });
    this.#stream = stream;
    if (this.#ended) stream.abandon();
    else if (withBody) this.#response.cork(() => this.#beginBody(head));
    else this.#openBodiless(head, stream);
    return stream;
  }

  #beginBody(head: ResponseHead): void {
    this.#writeHead(head);
    if (this.#connection() === 'close') this.#response.writeHeader('connection', 'close');
  }

  /** Answers in the guest's stead: the outcome's status with a problem body (RFC 9457) that tells nothing of the inside. */
  problem(outcome: Outcome, connection: Connection = 'keep'): void {
    if (this.#ended) return;
    this.#ended = true;
    const { status } = OUTCOMES[outcome];
    this.#status = status;
    this.#response.cork(() => {
      this.#response.writeStatus(statusLine(status));
      this.#response.writeHeader('kerb-outcome', outcome);
      if (this.receipt !== null) this.#response.writeHeader('kerb-receipt', this.receipt);
      this.#response.writeHeader('cache-control', 'no-store');
      if (RETRYABLE.has(outcome)) this.#response.writeHeader('retry-after', '1');
      this.#response.writeHeader('content-type', PROBLEM_TYPE);
      const body = problemJson(outcome);
      const close = connection === 'close' || this.#connection() === 'close';
      if (this.#method === 'HEAD') this.#response.endWithoutBody(Buffer.byteLength(body), close);
      else this.#response.end(body, close);
    });
  }

  /**
   * Sends the head of a 101 and hands the connection over with `accept`, which is called corked. Throws as {@link whole}. What the
   * handshake itself says is the transport's.
   */
  switchProtocols(head: ResponseHead, accept: () => void): void {
    const fault = checkFieldList(head.headers);
    if (fault !== null) throw new InvalidResponse(fault.detail);
    if (this.#ended) return;
    this.#ended = true;
    const headers = head.headers.clone();
    for (const name of ['sec-websocket-protocol', 'sec-websocket-version']) headers.delete(name);
    this.#response.cork(() => {
      this.#writeHead({ status: head.status, headers });
      accept();
    });
  }

  /** Gives up on a response that has begun: the connection is cut, so that the client sees that it is not whole. */
  cut(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.close();
  }

  /** A body that would have been streamed has a length only when its head says so (RFC 9110 §8.6). */
  #openBodiless(head: ResponseHead, stream: ResponseStream): void {
    stream.swallow();
    this.#ended = true;
    this.#response.cork(() => {
      this.#writeHead(head);
      this.#endBodiless(head.status === 204 ? undefined : (declaredLength(head.headers) ?? undefined));
    });
  }

  /**
   * Ends a response that has no content. Without a length the transport must not be given any argument at all: it writes a
   * Content-Length of 2^63 for `undefined`. It then keeps its side of the connection open, for the client to close.
   */
  #endBodiless(length: number | undefined): void {
    const close = this.#connection() === 'close';
    if (length !== undefined) return void this.#response.endWithoutBody(length, close);
    if (close) this.#response.writeHeader('connection', 'close');
    this.#response.endWithoutBody();
  }

  #writeHead({ status, headers }: ResponseHead): void {
    this.#status = status;
    // The transport writes 200 of itself, which saves a call on most responses.
    if (status !== 200) this.#response.writeStatus(statusLine(status));
    if (this.receipt !== null) this.#response.writeHeader('kerb-receipt', this.receipt);
    if (this.instead !== null) {
      this.#response.writeHeader('kerb-outcome', this.instead.outcome);
      this.#response.writeHeader('kerb-served', this.instead.served);
    }
    headers.forEach((name, value, lowerName) => {
      if (!HOST_FIELDS.has(lowerName)) this.#response.writeHeader(name, trimFieldValue(value));
    });
  }

  /** The Content-Length of a response without content: what GET would have had for HEAD and 304, none for 204. */
  #bodilessLength({ status, headers }: ResponseHead, body: Uint8Array): number | undefined {
    if (status === 204) return undefined;
    if (status === 205) return 0; // RFC 9110 §15.3.6
    if (body.length > 0 && status !== 304) return body.length;
    const declared = declaredLength(headers);
    if (declared !== null) return declared;
    return status === 304 ? undefined : body.length;
  }
}

function check({ status, headers }: ResponseHead): void {
  const fault = checkResponse(status, headers);
  if (fault !== null) throw new InvalidResponse(fault.detail);
}
