/** One request to a backend and its answer, as undici calls back about it. */
import type { Duplex, Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { BackendError, type BackendRequest, type BackendResponse } from '../capability/backend.ts';
import { BytesSource } from '../http/body.ts';
import { fromBytes, stripHopByHop } from '../http/fields.ts';
import { HeaderList } from '../http/headers.ts';
import { checkFieldList, checkResponse } from '../http/response-rules.ts';
import type { Progress } from './circuit-breaker.ts';
import { toBackendError } from './faults.ts';
import { MAX_INFORMATIONAL, REQUEST_CHUNK_BYTES } from './limits.ts';
import { ResponseBody } from './response-body.ts';
import { OriginWebSocket } from './websocket.ts';
import type { Handshake } from './websocket-handshake.ts';

/** Fields that a trailer may not bring (RFC 9110 §6.5.1): they were needed before the content. In lower case. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'location',
  'set-cookie',
  'vary',
]);

/**
 * Carries one exchange from dispatch to its end. Every way in which it can end leads through one of `onResponseEnd` and
 * `onResponseError`, exactly once; `response` settles at the latest then, and afterwards nothing of the caller's is held.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** The answer. Rejects with {@link BackendError} alone. */
  readonly response: Promise<BackendResponse>;
  readonly #request: BackendRequest;
  readonly #authority: string;
  readonly #handshake: Handshake | null;
  readonly #onOver: () => void;
  readonly #clock: () => number;
  readonly #settle: PromiseWithResolvers<BackendResponse>;
  readonly #onAbort = (): void => this.#giveUp();
  #controller: Dispatcher.DispatchController | null = null;
  #body: ResponseBody | null = null;
  readonly #trailers = new HeaderList();
  #informational = 0;
  /** When the request was written whole; `null`: it was not. */
  #sentMs: number | null = null;
  #isGivenUp = false;
  #isOver = false;

  /**
   * @param authority - The backend's host and port, for messages.
   * @param handshake - What was sent to have the backend switch to WebSocket; `null`: nothing.
   * @param onOver - Called once, when the transport is done with the exchange.
   * @param clock - Milliseconds of a clock that only goes forward.
   */
  constructor(
    request: BackendRequest,
    authority: string,
    handshake: Handshake | null,
    onOver: () => void,
    clock: () => number,
  ) {
    this.#clock = clock;
    this.#request = request;
    this.#authority = authority;
    this.#handshake = handshake;
    this.#onOver = onOver;
    this.#settle = Promise.withResolvers();
    this.response = this.#settle.promise;
    request.signal.addEventListener('abort', this.#onAbort);
  }

  /**
   * The request's body as the transport pulls it, or `null`. undici takes any async iterable and waits for the socket between
   * chunks, but its types know streams alone.
   */
  requestBody(): Readable | null {
    const { body, contentLength } = this.#request;
    if (body === null || contentLength === 0) return null;
    return readAll(body, () => (this.#sentMs = this.#clock())) as unknown as Readable;
  }

  /** How far it came before an answer. */
  get progress(): Progress {
    const unansweredMs = this.#sentMs === null ? 0 : this.#clock() - this.#sentMs;
    return { wasBegun: this.#controller !== null, unansweredMs };
  }

  /** Whether the request was begun to be written to a connection, and nothing has come back. */
  get unanswered(): boolean {
    return this.#controller !== null && this.#body === null && this.#informational === 0;
  }

  /** Throwing here, unlike aborting, spares the connection: nothing was written to it. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isGivenUp) throw this.#aborted();
    this.#controller = controller;
    if (this.#request.body === null || this.#request.contentLength === 0) this.#sentMs = this.#clock();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return this.#countInformational();
    const headers = fieldsOf(controller.rawHeaders);
    const fault = checkResponse(status, headers);
    if (fault !== null) throw this.#malformed(fault.detail);
    if (hasForeignCoding(headers)) throw this.#malformed('its transfer coding is not exactly chunked');
    const body = new ResponseBody({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort: () => controller.abort(this.#aborted()),
    });
    this.#body = body;
    this.#settle.resolve({ status, headers: stripHopByHop(headers), body, trailers: this.#trailers });
  }

  /** The backend switches protocols: the connection has left the pool, and is the exchange's to hand on or to break off. */
  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    const headers = fieldsOf(controller.rawHeaders);
    const fault =
      status === 101 && !this.#isGivenUp && this.#handshake !== null
        ? (checkFieldList(headers)?.detail ?? this.#handshake.fault(headers))
        : 'nobody asked it to switch protocols';
    if (fault !== null) {
      socket.on('error', () => {}).destroy();
      return this.onResponseError(controller, this.#malformed(fault));
    }
    this.#request.onSwitch?.(new OriginWebSocket(socket, headers.get('sec-websocket-protocol') ?? null));
    const body = new BytesSource(new Uint8Array(0));
    this.#settle.resolve({ status, headers: stripHopByHop(headers), body, trailers: this.#trailers });
    this.#finish();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = fieldsOf(controller.rawTrailers);
    const fault = checkFieldList(trailers);
    if (fault !== null) return this.onResponseError(controller, this.#malformed(fault.detail));
    this.#body?.end(() => this.#fillTrailers(trailers));
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: unknown): void {
    const known = toBackendError(error, this.#authority);
    this.#settle.reject(known);
    this.#body?.fail(known);
    this.#finish();
  }

  #fillTrailers(received: HeaderList): void {
    stripHopByHop(received).forEach((name, value, lowerName) => {
      if (!NOT_IN_TRAILERS.has(lowerName)) this.#trailers.append(name, value);
    });
  }

  /** The caller's abort: what waits on the exchange fails now, and the transport lets go when it next can. */
  #giveUp(): void {
    const error = this.#aborted();
    this.#isGivenUp = true;
    this.#settle.reject(error);
    this.#body?.abort(error);
    this.#request.body?.cancel();
    this.#controller?.abort(error);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#request.body?.cancel();
    this.#onOver();
  }

  #countInformational(): void {
    this.#informational += 1;
    if (this.#informational > MAX_INFORMATIONAL)
      throw this.#malformed(`more than ${MAX_INFORMATIONAL} informational answers`);
  }

  #malformed(detail: string): BackendError {
    return new BackendError('protocol', `${this.#authority}: the answer is refused: ${detail}`);
  }

  #aborted(): BackendError {
    return new BackendError('aborted', `${this.#authority}: the exchange was given up`);
  }
}

/** The chunks of a source. Ends it when the transport stops early, and says when the transport has taken everything. */
async function* readAll(
  source: NonNullable<BackendRequest['body']>,
  onEnd: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (;;) {
      const chunk = await readOnce(source);
      if (chunk === null) return onEnd();
      yield chunk;
    }
  } finally {
    source.cancel();
  }
}

async function readOnce(source: NonNullable<BackendRequest['body']>): Promise<Uint8Array | null> {
  try {
    return await source.read(REQUEST_CHUNK_BYTES);
  } catch (cause) {
    throw new BackendError('aborted', 'the body of the request broke off', { cause });
  }
}

/**
 * Whether the answer was framed in a way that was not asked for (RFC 9112 §7.4): the parser undoes chunks alone, and what is
 * left of another coding would be taken for the content once the field is gone.
 */
function hasForeignCoding(headers: HeaderList): boolean {
  const codings = headers.getAll('transfer-encoding');
  return codings.length > 1 || codings.some((coding) => !/^chunked$/i.test(coding));
}

/** Raw names and values in turn, as undici keeps them, as a list. */
function fieldsOf(raw: Dispatcher.DispatchController['rawHeaders']): HeaderList {
  const list = new HeaderList();
  if (!Array.isArray(raw)) return list;
  for (let i = 0; i + 1 < raw.length; i += 2) list.append(textOf(raw[i]), textOf(raw[i + 1]));
  return list;
}

function textOf(part: Buffer | string | undefined): string {
  return part instanceof Uint8Array ? fromBytes(part) : (part ?? '');
}
