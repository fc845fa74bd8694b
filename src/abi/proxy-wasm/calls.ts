/** HTTP calls of one instance: sent, answered, told to the guest. */
import { BackendError, type Backend, type BackendResponse } from '../../capability/backend.ts';
import { BytesSource } from '../../http/body.ts';
import { HeaderList } from '../../http/headers.ts';
import type { Exchange, GuestHost } from '../abi.ts';
import { CollectedBytes } from '../collected-bytes.ts';
import { FieldMap } from './field-map.ts';
import { CALL_PAGES, CHUNK_BYTES, MAX_CALL_BODY_BYTES, MAX_CALL_MS, MAX_CALLS } from './limits.ts';

const PAGE_BYTES = 65_536;

/** A call as the guest asks for it, checked. */
export interface CallRequest {
  readonly upstream: string;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  /** Milliseconds; 0: as long as the request may take. */
  readonly timeoutMs: number;
}

/** What became of a call. */
export interface CallAnswer {
  readonly call: number;
  /** 0 when the call failed. */
  readonly status: number;
  /** Empty when the call failed. */
  readonly headers: FieldMap;
  readonly body: Uint8Array;
  readonly trailers: FieldMap;
}

/** Who hears of calls. */
export interface CallListener {
  /** Told of each answer, once. The call is under way until this settles; it never rejects. */
  onAnswer(answer: CallAnswer): Promise<void>;
  /** Told when a call is no longer under way. */
  onSettled(): void;
}

/** The request at hand. */
interface Turn {
  readonly exchange: Exchange;
  readonly listener: CallListener;
}

/** One call under way. */
interface Call {
  readonly number: number;
  readonly request: CallRequest;
  readonly turn: Turn;
  readonly abort: AbortController;
  readonly body: CollectedBytes;
}

/** Calls that are made before there is a request, by start-up code, are sent when one begins. */
export class CallTable {
  readonly #host: GuestHost;
  readonly #underWay = new Map<number, Call>();
  #drafts: { readonly number: number; readonly request: CallRequest }[] = [];
  #turn: Turn | null = null;
  #last = 0;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(host: GuestHost) {
    this.#host = host;
  }

  /** Calls that have not been answered. */
  get size(): number {
    return this.#underWay.size + this.#drafts.length;
  }

  /** Takes on a request, and sends what waits for one. */
  begin(exchange: Exchange, listener: CallListener): void {
    this.#turn = { exchange, listener };
    for (const { number, request } of this.#drafts.splice(0)) this.#send(number, request, this.#turn);
  }

  /** Gives up whatever is under way. */
  end(): void {
    this.#turn = null;
    for (const { abort } of this.#underWay.values()) abort.abort();
    this.#underWay.clear();
    this.#drafts = [];
  }

  /** Settles when no call is under way. */
  whenIdle(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Makes a call; answers its number, or why there is none. */
  start(request: CallRequest): number | 'no_such_upstream' | 'too_many' {
    if (this.#turn?.exchange.backend(request.upstream) === null) return 'no_such_upstream';
    if (this.size >= MAX_CALLS) return 'too_many';
    this.#last = (this.#last % 0x7fff_ffff) + 1;
    if (this.#turn === null) this.#drafts.push({ number: this.#last, request });
    else this.#send(this.#last, request, this.#turn);
    return this.#last;
  }

  #send(number: number, request: CallRequest, turn: Turn): void {
    const body = new CollectedBytes((pages) => this.#hold(turn, pages));
    const call = { number, request, turn, abort: new AbortController(), body };
    this.#underWay.set(number, call);
    void this.#carry(call);
  }

  async #carry(call: Call): Promise<void> {
    const { number, turn, request, abort } = call;
    const timer = setTimeout(() => abort.abort(), Math.min(request.timeoutMs || MAX_CALL_MS, MAX_CALL_MS));
    timer.unref();
    const answer = await this.#answerTo(call).catch((error: unknown) => this.#failed(call, error));
    clearTimeout(timer);
    // The request that it was made for may be over, and its instance serve another.
    if (this.#turn !== turn) return;
    await turn.listener.onAnswer(answer);
    if (this.#turn !== turn) return;
    call.body.clear();
    this.#underWay.delete(number);
    if (this.size === 0) this.#idle?.resolve();
    if (this.size === 0) this.#idle = null;
    turn.listener.onSettled();
  }

  async #answerTo(call: Call): Promise<CallAnswer> {
    const { request, turn } = call;
    const backend: Backend | null = turn.exchange.backend(request.upstream);
    if (backend === null)
      throw new BackendError('refused_address', `the manifest grants no backend ${request.upstream}`);
    const pages = CALL_PAGES + Math.floor(request.body.length / PAGE_BYTES);
    this.#hold(turn, pages);
    try {
      return await ask(backend, call);
    } finally {
      this.#hold(turn, -pages);
    }
  }

  #failed({ number, turn }: Call, error: unknown): CallAnswer {
    if (this.#turn === turn) {
      this.#host.log('warn', `http_call: ${error instanceof Error ? error.message : 'it failed'}`);
    }
    const nothing = new FieldMap('trailers', new HeaderList());
    return { call: number, status: 0, headers: nothing, body: new Uint8Array(0), trailers: nothing };
  }

  /** The account of a request that is over is settled as a whole. */
  #hold(turn: Turn, pages: number): void {
    if (this.#turn === turn) this.#host.hold(pages);
  }
}

/** Asks, and reads the answer. Rejects with {@link BackendError}, or as the answer's body does. */
async function ask(backend: Backend, call: Call): Promise<CallAnswer> {
  const { number, request, turn, abort } = call;
  const { method, target, headers, body } = request;
  const response = await backend.fetch({
    method,
    target,
    headers,
    body: body.length === 0 ? null : new BytesSource(body),
    contentLength: body.length === 0 ? undefined : body.length,
    forwarded: turn.exchange.forwarded,
    signal: abort.signal,
  });
  await readBody(response, call);
  return {
    call: number,
    status: response.status,
    headers: FieldMap.ofResponse(response.status, response.headers),
    body: call.body.bytes,
    trailers: new FieldMap('trailers', response.trailers),
  };
}

/** Reads an answer's body whole. Rejects with {@link BackendError}, or as the body does. */
async function readBody({ body }: BackendResponse, { abort: { signal }, body: into, request }: Call): Promise<void> {
  const onAbort = (): void => body.cancel();
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  for (;;) {
    const piece = await body.read(CHUNK_BYTES);
    if (signal.aborted) throw new BackendError('timeout', `no whole answer in ${request.timeoutMs} ms`);
    if (piece === null) break;
    if (into.length + piece.length > MAX_CALL_BODY_BYTES) {
      body.cancel();
      throw new BackendError('protocol', `the answer has more than ${MAX_CALL_BODY_BYTES} bytes`);
    }
    into.add(piece);
  }
  signal.removeEventListener('abort', onAbort);
}
