/** One request and its response on their way through a filter: the order of its callbacks. */
import type { BackendResponse } from '../../capability/backend.ts';
import { BytesSource, type BodySource } from '../../http/body.ts';
import { declaredLength } from '../../http/framing.ts';
import type { ResponseHead } from '../../http/message.ts';
import { bodyAllowed } from '../../http/response-rules.ts';
import type { Exchange, GuestHost, Reply } from '../abi.ts';
import { GuestFault } from '../guest-fault.ts';
import type { Callbacks } from './callbacks.ts';
import { Direction } from './direction.ts';
import { Diversion } from './diversion.ts';
import { FieldMap } from './field-map.ts';
import { FilteredBody, FilteredSource } from './filtered-body.ts';
import type { Piece } from './lookahead.ts';
import { LocalResponse } from './local-response.ts';
import { OriginBody } from './origin-body.ts';
import { PropertyStore } from './property-store.ts';
import { ROOT_CONTEXT } from './types.ts';

/** What a stream is made with. */
export interface StreamParts {
  /** Its context. */
  readonly id: number;
  readonly exchange: Exchange;
  readonly host: GuestHost;
  readonly callbacks: Callbacks;
  /** Whether anything may still happen that could call the filter: a call, a tick, a message. */
  readonly underWay: () => boolean;
}

/** The callbacks that end a stream, in their order. */
const ENDING = ['proxy_on_done', 'proxy_on_log', 'proxy_on_delete'] as const;

/** The stream context of one instance. */
export class HttpStream {
  readonly id: number;
  readonly exchange: Exchange;
  readonly request: Direction;
  readonly response: Direction;
  readonly properties = new PropertyStore();
  #callbacks: Callbacks;
  /** Rejects when the stream goes another way than it was to: an answer of the filter's, a failure, the request's end. */
  #otherwise = new Diversion();
  readonly #abort = new AbortController();
  readonly #onEnd = (): void => this.fail(new GuestFault('the request has ended'));
  #local: LocalResponse | null = null;
  #isClosed = false;
  /** Whether the request's body goes through the filter while its next handler reads it. */
  #isUploading = false;
  /** Whether the response's body goes to the client without the filter, which does not look at bodies. */
  #isHandedOn = false;
  /** Whether what was under way is to be given up, and nobody has noticed yet. */
  #isDiverted = false;
  #upstream: BodySource | null = null;
  #done: PromiseWithResolvers<void> | null = null;
  /** Callbacks of {@link ENDING} that have been made. */
  readonly #told = new Set<string>();
  readonly #underWay: () => boolean;
  /** When it began, on the guest's monotonic clock. */
  readonly beganNs: bigint;
  /** Whether the guest knows the context. */
  created = false;

  constructor({ id, exchange, host, callbacks, underWay }: StreamParts) {
    this.id = id;
    this.exchange = exchange;
    this.#callbacks = callbacks;
    this.#underWay = underWay;
    this.beganNs = host.monotonicNs();
    // What still waits when the stream is over must not touch the account of the next request.
    const hold = (pages: number): void => {
      if (!this.#isClosed) host.hold(pages);
    };
    this.request = new Direction('request', this, hold);
    this.response = new Direction('response', this, hold);
    this.request.head = FieldMap.ofRequest(exchange.request);
    exchange.signal.addEventListener('abort', this.#onEnd, { once: true });
    if (exchange.signal.aborted) this.#onEnd();
  }

  /** Carries the exchange through the filter. Rejects when the filter fails, and with what its next handler rejects with. */
  async run(): Promise<Reply> {
    await this.call('proxy_on_context_create', ROOT_CONTEXT);
    // Also without that export, unless the request has ended before.
    if (!this.exchange.signal.aborted) this.created = true;
    const reply = await this.#reply();
    await this.#finish();
    return reply;
  }

  /**
   * Tells the filter, through other callbacks, of the end that has come early: what it has not been told. Nothing that it asks for is
   * waited for any more.
   */
  async part(callbacks: Callbacks): Promise<void> {
    this.#callbacks = callbacks;
    this.#isDiverted = false;
    for (const half of [this.request, this.response]) half.leave();
    for (const name of ENDING) if (!this.#told.has(name)) await this.#tell(name);
  }

  /** Gives up whatever is under way, also a request body that its next handler still reads. Nothing calls the guest any more. */
  close(): void {
    this.#isClosed = true;
    this.fail(new GuestFault('the stream is over'));
    this.exchange.signal.removeEventListener('abort', this.#onEnd);
    if (!this.#isHandedOn) this.#abort.abort();
    this.#upstream?.cancel();
  }

  /** Ends the stream with what a callback ended in. */
  fail(error: unknown): void {
    this.#otherwise.reject(error);
  }

  /** Answers with a response of the filter's, once it returns. Only the first counts; `false`: the head has been sent. */
  answer(local: LocalResponse): boolean {
    if (this.response.sent) return false;
    this.#local ??= local;
    if (this.#local !== local) return true;
    this.#isDiverted = true;
    this.#otherwise.reject(local);
    return true;
  }

  /** Lets the filter finish that answered `false` to `proxy_on_done`. Answers whether it had. */
  done(): boolean {
    this.#done?.resolve();
    return this.#done !== null;
  }

  /** Waits for what may never come: rejects when the stream goes another way. */
  unlessOver<T>(wait: Promise<T>): Promise<T> {
    return this.#otherwise.unless(wait);
  }

  /** Fails the stream if it waits for its filter, and nothing is under way that could call that. */
  reconsider(): void {
    const stuck = [this.request, this.response].find(({ waits, gate }) => waits && gate.paused);
    if (stuck === undefined || this.#underWay()) return;
    // A request that goes on to be sent may be let go by a callback of the response.
    if (stuck.name === 'request' && this.response.head !== null) return;
    const reason = `the filter pauses the ${stuck.name}, and nothing is under way that could let it go on`;
    this.fail(new GuestFault(reason, 'no_response'));
  }

  /** Calls an export in the stream's name, if there is one; `apply` is told the result. */
  async call(name: string, ...args: number[]): Promise<void> {
    await this.invoke(name, () => args);
  }

  /** The same, with arguments that are known when its turn has come. */
  invoke(name: string, args: () => readonly number[], apply?: (result: number) => void): Promise<void> {
    const prepare = (): [number, ...number[]] | null => {
      if (this.#isDiverted) return null;
      this.created = true;
      return [this.id, ...args()];
    };
    return this.#callbacks.call(apply === undefined ? { name, prepare } : { name, prepare, apply });
  }

  has(name: string): boolean {
    return this.#callbacks.has(name);
  }

  async #reply(): Promise<Reply> {
    try {
      return await this.#respond(await this.#ask());
    } catch (error) {
      if (!(error instanceof LocalResponse)) throw error;
      return await this.#answerLocally(error);
    }
  }

  /** The request's callbacks, and the next handler's answer. */
  async #ask(): Promise<BackendResponse> {
    const { exchange, request } = this;
    await request.headers(exchange.body === null);
    const { body, contentLength } = await this.#requestBody();
    if (exchange.origin === null) {
      throw new GuestFault('the filter lets the request go on, and its manifest names no origin', 'no_response');
    }
    request.sent = true;
    const { method, target, headers } = request.message.toRequest();
    const { forwarded } = exchange;
    const { signal } = this.#abort;
    const asking = exchange.origin.fetch({ method, target, headers, body, contentLength, forwarded, signal });
    try {
      return await this.unlessOver(asking);
    } catch (error) {
      // An answer that comes too late is given back, whatever the stream has ended by.
      asking.then(({ body: late }) => late.cancel()).catch(() => undefined);
      throw error;
    }
  }

  async #requestBody(): Promise<{ body: BodySource | null; contentLength?: number | undefined }> {
    const { body, request } = this.exchange;
    if (body === null) return { body };
    if (!this.has('proxy_on_request_body'))
      return { body, contentLength: declaredLength(request.headers) ?? undefined };
    const filtered = new FilteredBody(body, null, this.request);
    const first = await filtered.next();
    this.#isUploading = !first.last;
    if (!first.last) return { body: new FilteredSource(first.bytes, filtered, this) };
    const { length } = first.bytes;
    return length === 0 ? { body: null } : { body: new BytesSource(first.bytes), contentLength: length };
  }

  /** The response's callbacks, and the response on its way. */
  async #respond({ status, headers, body, trailers }: BackendResponse): Promise<Reply> {
    const { response, exchange } = this;
    this.#upstream = body;
    response.head = FieldMap.ofResponse(status, headers);
    response.trailers = new FieldMap('trailers', trailers);
    const bodiless = !bodyAllowed(exchange.request.method, status) || declaredLength(headers) === 0;
    await response.headers(bodiless);
    if (bodiless) return this.#whole(new Uint8Array(0));
    if (!this.#needsBodies()) return this.#handOn(body);
    const filtered = new FilteredBody(new OriginBody(body), trailers, response);
    const first = await filtered.next();
    return first.last ? this.#whole(first.bytes) : this.#stream(first, filtered);
  }

  /** Whether the filter has to stay: it looks at what follows the head, or the request's body still goes through it. */
  #needsBodies(): boolean {
    return this.#isUploading || this.has('proxy_on_response_body') || this.has('proxy_on_response_trailers');
  }

  #handOn(body: BodySource): Reply {
    const head = this.#head();
    this.#upstream = null;
    this.#isHandedOn = true;
    return { kind: 'relay', head, body };
  }

  #whole(body: Uint8Array): Reply {
    return { kind: 'whole', head: this.#head(), body };
  }

  /** Sends what the filter lets through. A length that it has made wrong is left out; one that it makes wrong later ends the body. */
  async #stream(first: Piece, filtered: FilteredBody): Promise<Reply> {
    const head = this.#head();
    if (this.response.buffer.resized) head.headers.delete('content-length');
    const sink = this.exchange.stream(head);
    for (let piece = first; ; piece = await filtered.next()) {
      const welcome = piece.bytes.length === 0 ? undefined : sink.write(piece.bytes);
      if (welcome !== undefined) await this.unlessOver(welcome);
      if (piece.last) return { kind: 'streamed' };
    }
  }

  #head(): ResponseHead {
    this.response.sent = true;
    return this.response.message.toResponse();
  }

  /** The filter's own response goes through its callbacks too, unless they have seen another before. */
  async #answerLocally(local: LocalResponse): Promise<Reply> {
    this.#upstream?.cancel();
    this.#abort.abort();
    this.request.sent = true;
    this.#isDiverted = false;
    this.#otherwise = new Diversion();
    if (this.exchange.signal.aborted) this.#onEnd();
    const answer = local.toResponse();
    if (this.response.head === null) return this.#respond(answer);
    this.response.head = FieldMap.ofResponse(answer.status, answer.headers);
    const body = answer.body.read(Number.MAX_SAFE_INTEGER);
    return this.#whole(body instanceof Uint8Array ? body : new Uint8Array(0));
  }

  async #finish(): Promise<void> {
    await this.#tell('proxy_on_done', (result) => {
      if (result === 0) this.#done = Promise.withResolvers();
    });
    if (this.#done !== null && this.#underWay()) await this.unlessOver(this.#done.promise);
    await this.#tell('proxy_on_log');
    await this.#tell('proxy_on_delete');
    // Those for which the request has ended too soon were not made.
    if (this.exchange.signal.aborted) throw new GuestFault('the request has ended');
  }

  async #tell(name: (typeof ENDING)[number], apply?: (result: number) => void): Promise<void> {
    const args = (): [] => {
      this.#told.add(name);
      return [];
    };
    await this.invoke(name, args, apply);
  }
}
