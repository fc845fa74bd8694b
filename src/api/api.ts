/** The admin API `/v1`: takes requests from the control port's listener through every check to their route, and answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { admitted, callerOf, type AdmissionParts, type Admitted } from './admission.ts';
import { json, problem, send, sendStreamHead, type Answer, whenOver } from './answer.ts';
import { checkedLength, noBody } from './body.ts';
import { BodyReader, type Hold } from './body-reader.ts';
import { EventStreams } from './event-stream.ts';
import { checkAccept, hasAlready, idempotencyKey, ifMatch } from './headers.ts';
import { fingerprintOf, Idempotency } from './idempotency.ts';
import { API_LIMITS, COUNTED_ANSWER_BYTES, type ApiLimits } from './limits.ts';
import { nothing } from './names.ts';
import { openApiDocument } from './openapi.ts';
import { checkOrigin } from './origin-gate.ts';
import { RateLimit } from './rate-limit.ts';
import { badRequest, Refusal, refusalOf, tooMany } from './refusal.ts';
import { route, type Arrived, type Route, type Stream } from './route.ts';
import { Router } from './router.ts';
import { routesOf, type RouteParts } from './routes/table.ts';
import { UnderWay, type Place } from './under-way.ts';
import type { LedgerStore } from '../store/store.ts';

/** What the API is made from. */
export interface ApiParts extends RouteParts {
  readonly ledger: Pick<LedgerStore, 'audit' | 'answer' | 'putAnswer'>;
  /** Names, besides `localhost` and addresses, under which web pages of the control port itself are served; in lower case. */
  readonly names: readonly string[];
  /** Hears of every error that is the server's fault; its client hears `internal`. */
  readonly onFault: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly limits?: Partial<ApiLimits>;
}

/** The API as the listener sees it. */
export interface Api {
  /** Answers a request whose path is `/v1` or begins with `/v1/`. Never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Refuses what comes from now on with 503 `draining`, ends the streams, and settles when everything else is answered. */
  close(): Promise<void>;
}

/** Makes the API. */
export function createApi(parts: ApiParts): Api {
  return new AdminApi(parts);
}

/** Every route with the one of the document about them. */
export function allRoutes(parts: RouteParts): readonly Route[] {
  const others = routesOf(parts);
  const about: Route = route({
    method: 'GET',
    path: '/v1/openapi.json',
    id: 'getOpenApi',
    chapter: 'openapi',
    need: 'public',
    summary: 'This document.',
    params: nothing,
    query: nothing,
    body: noBody,
    answers: { 200: { description: 'OpenAPI 3.1.', type: 'application/json' } },
    handle: () => document,
  });
  const routes = [about, ...others];
  const document = json(200, openApiDocument(routes));
  return routes;
}

class AdminApi implements Api {
  readonly #parts: ApiParts;
  readonly #limits: ApiLimits;
  readonly #admission: AdmissionParts;
  readonly #bodies: BodyReader;
  readonly #streams: EventStreams;
  readonly #idempotency: Idempotency;
  readonly #streaming = new WeakSet<ServerResponse>();
  readonly #underWay: UnderWay;
  #closing = false;

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#limits = { ...API_LIMITS, ...parts.limits };
    this.#underWay = new UnderWay(this.#limits.refusals);
    this.#bodies = new BodyReader(this.#limits);
    this.#streams = new EventStreams(this.#limits);
    this.#idempotency = new Idempotency(parts.ledger, parts.nowMs, parts.onFault);
    this.#admission = {
      router: new Router(allRoutes(parts)),
      authority: parts.authority,
      rate: new RateLimit(this.#limits, parts.clock),
      nowMs: parts.nowMs,
    };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const place = this.#underWay.enter();
    void this.#answered(request, response)
      .then((answer) => this.#send(request, response, answer, place))
      .catch((error: unknown) => {
        this.#parts.onFault(error);
        response.destroy();
      })
      .finally(() => {
        if (this.#streaming.delete(response)) place.over();
        else whenOver(response, () => place.over());
      });
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#streams.close();
    return this.#underWay.idle();
  }

  /** `null`: a stream has taken the response. */
  #answered(request: IncomingMessage, response: ServerResponse): Promise<Answer | null> {
    return this.#settled(async () => {
      this.#checkRoom();
      checkOrigin(request, this.#parts.names);
      const entry = await admitted(request, this.#admission);
      const done = await this.#performed(request, response, entry);
      if (!('follow' in done)) return unchanged(request, done);
      this.#stream(request, response, done, entry);
      return null;
    });
  }

  /** Refusals become answers, and faults become one that tells nothing. */
  async #settled<T>(work: () => Promise<T>): Promise<T | Answer> {
    try {
      return await work();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null) return problem(refusal);
      this.#parts.onFault(error);
      return problem(new Refusal(500, 'internal', 'the server failed; its log says why'));
    }
  }

  #checkRoom(): void {
    if (this.#closing) throw draining();
    if (this.#underWay.working > this.#limits.requests)
      throw tooMany('too many requests at once; come again in a second');
  }

  async #performed(
    request: IncomingMessage,
    response: ServerResponse,
    { route: chosen, who, params, query }: Admitted,
  ): Promise<Answer | Stream> {
    checkAccept(request, typesOf(chosen));
    const arrived = { who, params, query, request, ifMatch: condition(request, chosen) };
    const key = chosen.method === 'GET' ? null : idempotencyKey(request);
    const read = chosen.prepare(arrived);
    const length = checkedLength(request, chosen.body);
    const incoming = { request, response, length, caller: callerOf(request, who) };
    return this.#bodies.with<Answer | Stream>(incoming, async (bytes, hold) => {
      const work = read(bytes);
      const repeated = chosen.repeated ?? 'replay';
      if (chosen.method === 'GET') return held(await work(), hold);
      if (key === null || repeated === 'again') return work();
      const fingerprint = fingerprintOf(partsOf(chosen, arrived, bytes));
      const actor = `${who.tenant ?? ''}/${who.subject}`;
      return this.#idempotency.once({ actor, key, fingerprint, repeated }, () => this.#settled(() => whole(work())));
    });
  }

  #stream(request: IncomingMessage, response: ServerResponse, stream: Stream, { who, token }: Admitted): void {
    if (request.method === 'HEAD') {
      sendStreamHead(response);
      response.end();
      return;
    }
    if (this.#closing) throw draining();
    const { authority, nowMs } = this.#parts;
    this.#streams.open(response, stream, {
      remainingMs: who.expiresMs - nowMs(),
      stillValid: () => (who.once ? Promise.resolve() : authority.verify(token)),
      onFault: this.#parts.onFault,
    });
    this.#streaming.add(response);
  }

  /** A refusal gives its room to others at once: whoever has no token must not keep those out who have one. */
  #send(request: IncomingMessage, response: ServerResponse, answer: Answer | null, place: Place): void {
    if (answer === null) return;
    if (answer.status >= 400 && !place.refuse()) response.destroy();
    else send(request, response, answer, this.#limits);
  }
}

/** An answer to a reader who may take long to read it. What a change answers is small, and is not refused once it is done. */
function held(answer: Answer | Stream, hold: Hold): Answer | Stream {
  if ('follow' in answer || answer.body === null) return answer;
  if (answer.body.length > COUNTED_ANSWER_BYTES) hold(answer.body.length);
  return answer;
}

/** Only changes have keys, and no change is a stream. */
async function whole(work: Promise<Answer | Stream>): Promise<Answer> {
  const answer = await work;
  if ('follow' in answer) throw new TypeError('a change cannot be answered by a stream');
  return answer;
}

function draining(): Refusal {
  return new Refusal(503, 'draining', 'the server is shutting down', { headers: { 'retry-after': '5' } });
}

function typesOf({ answers }: Route): readonly string[] {
  return Object.values(answers).flatMap(({ type, schema }) => type ?? (schema === undefined ? [] : 'application/json'));
}

/** Throws 400 for a condition that the route would not look at: to do a change whatever its condition says would be worse. */
function condition(request: IncomingMessage, chosen: Route): readonly number[] | null {
  const unheard = [
    ...(chosen.precondition === undefined ? ['if-match'] : []),
    ...(chosen.method === 'GET' || (chosen.method === 'PUT' && chosen.precondition === 'generation')
      ? []
      : ['if-none-match']),
    'if-unmodified-since',
  ].find((name) => request.headers[name] !== undefined);
  if (unheard !== undefined) throw badRequest(`this request takes no ${unheard}; leave it out`);
  return ifMatch(request);
}

/** Everything that a request says: method, target, fields that matter, body. */
function partsOf(chosen: Route, { request }: Arrived, body: Uint8Array): (string | Uint8Array)[] {
  const names = ['content-type', 'if-match', 'if-none-match', ...(chosen.headers ?? []).map(({ name }) => name)];
  const fields = names.map((name) => JSON.stringify(request.headersDistinct[name] ?? []));
  return [request.method ?? '', request.url ?? '', ...fields, body];
}

/** 304 in place of what the reader has already (RFC 9110 §15.4.5). */
function unchanged(request: IncomingMessage, answer: Answer): Answer {
  const tag = answer.headers['etag'];
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads || answer.status !== 200 || tag === undefined || !hasAlready(request, tag)) return answer;
  return { status: 304, headers: { etag: tag }, body: null };
}
