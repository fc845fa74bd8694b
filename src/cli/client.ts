/** The client of the control API: requests with a token, a time limit and an idempotency key; answers that are checked. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import type * as z from 'zod';
import { KerbError } from '../errors.ts';
import { AnswerError, ProblemError, isLoss, networkError, problemOf } from './problem.ts';
import { followEvents, type ServerEvent } from './sse.ts';

/** Milliseconds for a request without an upload, answer included. */
const REQUEST_MS = 30_000;
/** Milliseconds for an upload and its admission: ten minutes cover a large module on a slow line. */
const UPLOAD_MS = 600_000;
/** Milliseconds before a request is sent again whose connection broke. */
const RETRY_MS = 200;
/** Milliseconds of silence after which a stream counts as broken: the server sends a sign of life every 15 s. */
const SILENCE_MS = 60_000;
/** The longest answer that is read: more than any value of a key-value store. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Bytes of an upload between two reports of progress. */
const CHUNK_BYTES = 64 * 1024;

/** Where the server is, and who asks. */
export interface ClientSetup {
  /** Without query and fragment; its path is a prefix. Without a slash at its end. */
  readonly base: string;
  /** The bearer token; `null`: none was found. */
  readonly token: string | null;
  /** What to do when the server does not take the token: one sentence. */
  readonly tokenRemedy: string;
  /** Aborts everything in flight. */
  readonly signal: AbortSignal;
}

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Segments after the base, unencoded: `['v1', 'tenants', name]`. */
  readonly path: readonly string[];
  /** What is `undefined` is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes as they are, or a value that is sent as JSON. */
  readonly body?: Uint8Array | { readonly json: unknown };
  /** The revision of the tenant that this change is based on (`If-Match`). */
  readonly ifMatch?: number | undefined;
  /** Makes it an upload: a longer time limit, and told how many bytes are sent. */
  readonly onSent?: (bytes: number) => void;
}

/** An answer of 2xx. */
export interface Reply {
  readonly status: number;
  /** In lower case; of several fields of one name the first. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/**
 * Every method rejects with a `ProblemError` when the server refuses, an `UnreachableError` when it does not answer, an `AnswerError` when
 * what answers is no control API, and the signal's reason once that aborts.
 */
export class Client {
  readonly #setup: ClientSetup;

  constructor(setup: ClientSetup) {
    this.#setup = setup;
  }

  /** Where the server is. */
  get base(): string {
    return this.#setup.base;
  }

  /**
   * Sends a request and reads its answer whole. When the connection breaks it is sent once more; changes carry the same
   * `Idempotency-Key` both times, so that they happen once.
   */
  async send(call: Call): Promise<Reply> {
    const url = this.#urlOf(call);
    const headers = this.#headersOf(call);
    try {
      return await this.#attempt(call, url, headers);
    } catch (error) {
      if (!isLoss(error)) throw this.#explained(error);
    }
    await pause(RETRY_MS, undefined, { signal: this.#setup.signal });
    try {
      return await this.#attempt(call, url, headers);
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** Sends a request and checks its JSON answer. */
  async ask<T>(schema: z.ZodType<T>, call: Call): Promise<T> {
    const reply = await this.send(call);
    return this.#checked(schema, reply.body);
  }

  /** The items of a list, page by page, as many as `most`. */
  async *list<T>(
    schema: z.ZodType<{ items: T[]; next: string | null }>,
    call: Call,
    most = Infinity,
  ): AsyncGenerator<T> {
    let [left, cursor] = [most, undefined as string | undefined];
    while (left > 0) {
      const limit = String(Math.min(left, 1_000));
      const page = await this.ask(schema, { ...call, query: { ...call.query, limit, cursor } });
      yield* page.items.slice(0, left);
      left -= page.items.length;
      if (page.next === null) return;
      if (page.next === cursor) throw this.#notKerb('its list does not end');
      cursor = page.next;
    }
  }

  /** Server-sent events until the signal aborts, over as many connections as it takes. */
  events(call: Call, onReconnect: (pauseMs: number) => void): AsyncGenerator<ServerEvent> {
    const { signal } = this.#setup;
    return followEvents({ open: async (lastId) => this.#stream(call, lastId), signal, onReconnect });
  }

  async #stream(call: Call, lastId: string): Promise<AsyncIterable<Uint8Array>> {
    const resume: Record<string, string> = lastId === '' ? {} : { 'last-event-id': lastId };
    const headers = { ...this.#headersOf(call), ...resume, accept: 'text/event-stream' };
    try {
      const { signal } = this.#setup;
      const options = { method: call.method, headers, signal, headersTimeout: REQUEST_MS, bodyTimeout: SILENCE_MS };
      const { statusCode, headers: fields, body } = await request(this.#urlOf(call), options);
      if (statusCode !== 200) throw problemOf(statusCode, await wholeBody(body));
      if (String(fields['content-type']).startsWith('text/event-stream')) return this.#chunks(body);
      // Given up on: that it breaks off then is no news.
      body.on('error', () => undefined).destroy();
      throw this.#notKerb('it sends no events');
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** The chunks of a stream; what breaks it is a network error like any other. */
  async *#chunks(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async #attempt({ method, body, onSent }: Call, url: string, headers: Record<string, string>): Promise<Reply> {
    const timeout = AbortSignal.timeout(onSent === undefined ? REQUEST_MS : UPLOAD_MS);
    const signal = AbortSignal.any([this.#setup.signal, timeout]);
    const bytes = bytesOf(body);
    const sent = bytes === null || onSent === undefined ? bytes : Readable.from(chunksOf(bytes, onSent));
    // The signal is the only clock: it covers the whole exchange.
    const options = { method, headers, body: sent, signal, headersTimeout: 0, bodyTimeout: 0 };
    const answer = await request(url, options);
    const reply = {
      status: answer.statusCode,
      headers: firstFields(answer.headers),
      body: await wholeBody(answer.body),
    };
    if (reply.status >= 200 && reply.status < 300) return reply;
    const place = reply.headers.get('location');
    if (place !== undefined && reply.status < 400) throw this.#notKerb(`it redirects to ${place}`);
    throw problemOf(reply.status, reply.body);
  }

  #urlOf({ path, query = {} }: Call): string {
    const parameters = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const search = new URLSearchParams(parameters).toString();
    return `${this.base}/${path.map(encodedSegment).join('/')}${search === '' ? '' : `?${search}`}`;
  }

  #headersOf(call: Call): Record<string, string> {
    const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
    const { body, ifMatch } = call;
    if (this.#setup.token !== null) headers['authorization'] = `Bearer ${this.#setup.token}`;
    if (call.method !== 'GET') headers['idempotency-key'] = randomUUID();
    if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`;
    if (body instanceof Uint8Array) headers['content-length'] = String(body.length);
    else if (body !== undefined) headers['content-type'] = 'application/json';
    return headers;
  }

  #checked<T>(schema: z.ZodType<T>, body: Uint8Array): T {
    const read = schema.safeParse(jsonOf(body));
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    throw this.#notKerb(`${issue?.path.join('.') || 'its answer'}: ${issue?.message ?? 'is malformed'}`);
  }

  #notKerb(what: string): AnswerError {
    return new AnswerError(`what answers at ${this.base} is not this Kerb's control API (${what}); check --control`);
  }

  #explained(error: unknown): Error {
    if (error instanceof ProblemError && error.status === 401) {
      const { status, title, code, errors } = error;
      const detail = [error.detail, this.#setup.tokenRemedy].filter((text) => text !== '').join('; ');
      return new ProblemError(status, { title, detail, code, errors });
    }
    return networkError(error, this.base);
  }
}

/** A path segment as it is sent. The dot segments of RFC 3986 §3.3 would be taken out on the way, encoded or not. */
function encodedSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..') {
    throw new KerbError('bad_request', `${JSON.stringify(segment)} cannot be part of an address; choose another name`);
  }
  // A lone surrogate has no bytes in UTF-8.
  return encodeURIComponent(segment.toWellFormed());
}

function bytesOf(body: Call['body']): Uint8Array | null {
  if (body === undefined) return null;
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body.json));
}

/** The bytes in pieces; each is reported when the connection asks for the next. */
async function* chunksOf(bytes: Uint8Array, onSent: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    onSent(at);
    yield bytes.subarray(at, at + CHUNK_BYTES);
  }
  onSent(bytes.length);
}

function firstFields(fields: Readonly<Record<string, string | string[] | undefined>>): Map<string, string> {
  const pairs = Object.entries(fields).map(
    ([name, value]) => [name, (Array.isArray(value) ? value[0] : value) ?? ''] as const,
  );
  return new Map(pairs);
}

async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES)
      throw new AnswerError(`the answer is larger than ${MAX_ANSWER_BYTES} bytes; it was not read`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
