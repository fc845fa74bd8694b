/** One request in the data plane: its parts, its way to the client, and what the log will say of it. */
import type { Exchange } from '../abi/abi.ts';
import type { Backend, ForwardedFor } from '../capability/backend.ts';
import type { TokenIssuer, TokenSigner } from '../capability/jwt.ts';
import type { Measure } from '../failure-rule.ts';
import type { BodySink, BodySource } from '../http/body.ts';
import type { HeaderList } from '../http/headers.ts';
import type { ResponseHead } from '../http/message.ts';
import type { Outcome } from '../outcome.ts';
import type { Deployment, Route } from '../runtime/deployment.ts';
import { NO_COST, type Cost } from '../runtime/cost.ts';
import type { Task } from '../runtime/task.ts';
import type { AccessRecord, WebSocketRecord } from '../telemetry/access-log.ts';
import { loopOf } from '../upstream/loop.ts';
import type { Arrival } from './arrival.ts';
import type { Reach } from './failure-policy.ts';
import type { RequestBody } from './request-body.ts';
import type { ResponseStream } from './response-stream.ts';
import type { ResponseWriter } from './response-writer.ts';
import { NO_BACKENDS } from './subrequests.ts';
import type { PendingWebSocket } from './websockets.ts';

/** A request on its way, from its handler to its end. */
export class Visit implements Exchange {
  readonly request: Arrival;
  readonly writer: ResponseWriter;
  /** Set while the guest has it. */
  task: Task | null = null;
  /** Its task also after the guest is done: what the host keeps for the response is on its account until the end. */
  account: Task | null = null;
  body: RequestBody | null = null;
  /** The next handler's body while it is carried to the client. */
  relayed: BodySource | null = null;
  /** The route to a tenant that it has waited for. */
  route: Route | null = null;
  deployment: Deployment | null = null;
  backends: Reach = NO_BACKENDS;
  outcome: Outcome = 'ok';
  detail: string | null = null;
  /** What answers in the failed guest's stead; `null`: nothing does. */
  served: Measure | null = null;
  /** Gives up what is asked in its stead. */
  recovery: AbortController | null = null;
  cost: Cost = NO_COST;
  /** Its handshake, where it is one that the origin may accept. */
  webSocket: PendingWebSocket | null = null;
  /** What went through the WebSocket that it became. */
  figures: WebSocketRecord | null = null;
  /** Whether it keeps its deployment from being closed when another replaces it. */
  holds = false;
  /** Whether it holds a place in its tenant's concurrency. */
  counted = false;
  /** Whether the client has closed the connection before the response was complete. */
  gone = false;
  /** Whether it is over and logged. */
  finished = false;
  #stream: ResponseStream | null = null;
  // Of the head as it came: a guest may change the fields, and neither whom it is for nor the marks of its way.
  readonly #host: string;
  readonly #cdnLoop: string | undefined;
  #clientFields: HeaderList | null = null;

  constructor(request: Arrival, writer: ResponseWriter) {
    this.request = request;
    this.writer = writer;
    this.#host = request.headers.get('host') ?? '';
    this.#cdnLoop = loopOf(request.headers);
  }

  /** The fields as the client sent them, where they were kept; otherwise a guest may have changed them. */
  get clientFields(): HeaderList {
    return this.#clientFields ?? this.request.headers;
  }

  /** Keeps the client's address and its fields as they are now: for an origin that may be asked in the guest's stead. */
  keepAsSent(): void {
    this.request.client.fix();
    this.#clientFields = this.request.headers.clone();
  }

  /** Whose request it is; `null`: it has reached no tenant. */
  get tenant(): string | null {
    return (this.deployment ?? this.route)?.tenant ?? null;
  }

  /** The stream that the guest opened. */
  get guestStream(): ResponseStream | null {
    return this.#stream;
  }

  get origin(): Backend | null {
    const { origin } = this.backends;
    return origin === null || this.webSocket === null ? origin : this.webSocket.through(origin);
  }

  backend(name: string): Backend | null {
    return this.backends.backend(name);
  }

  issuer(name: string): TokenIssuer | null {
    return this.backends.issuer(name);
  }

  signer(name: string): TokenSigner | null {
    return this.backends.signer(name);
  }

  get signal(): AbortSignal {
    if (this.task === null) throw new TypeError('an exchange without a task');
    return this.task.signal;
  }

  get forwarded(): ForwardedFor {
    return { for: this.request.client.ip, proto: 'http', host: this.#host, cdnLoop: this.#cdnLoop };
  }

  stream(head: ResponseHead): BodySink {
    // A response may be complete before its guest is: the transport tells nothing about the client from then on.
    this.request.client.fix();
    this.#stream = this.writer.open(head);
    return this.#stream;
  }

  /** Notes why it fails, for its log, its tenant's counters and its client. */
  failed(outcome: Outcome, detail: string | null): void {
    this.outcome = outcome;
    this.detail = detail === '' ? null : detail;
  }

  /** The client has closed the connection: nothing more can be sent or received. */
  clientGone(): void {
    this.gone = true;
    // Before anything that may end the visit and log it: the connection can tell nothing any more.
    this.request.client.forget();
    this.writer.aborted();
    this.body?.fail('closed');
    this.relayed?.cancel();
    this.recovery?.abort();
  }

  /** What the access log says, now that it is over. */
  record(): AccessRecord {
    const { request, tenant, deployment } = this;
    return {
      timeMs: request.timeMs,
      tenant,
      version: deployment?.version ?? null,
      client: request.client.ip,
      method: request.method,
      host: this.#host,
      target: request.target,
      status: this.writer.status,
      outcome: this.outcome,
      detail: this.detail,
      served: this.served,
      wallMs: performance.now() - request.startMs,
      webSocket: this.figures,
      ...this.cost,
    };
  }
}
