/** What a route answers with, and how answers and refusals look on the wire. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROBLEM_TYPE } from '../http/problem.ts';
import { reasonPhrase } from '../http/status.ts';
import { clipped } from '../quoted.ts';
import { PROBLEM_LIMITS } from './limits.ts';
import type { Refusal } from './refusal.ts';

/** An answer that is whole. */
export interface Answer {
  readonly status: number;
  /** With names in lower case; the type and length of the body are in here, or follow from it. */
  readonly headers: Readonly<Record<string, string>>;
  /** `null`: none. */
  readonly body: string | Uint8Array | null;
}

/** Fields of every answer: nothing is kept by caches, guessed at, framed or run by browsers. */
const FIXED_FIELDS: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

/** JSON. `value` is plain data. */
export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** 204: done, nothing to say. */
export function done(headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 204, headers, body: null };
}

/** A revision or generation as an entity tag (RFC 9110 §8.8.3). */
export function etag(revision: number): Readonly<Record<string, string>> {
  return { etag: `"${revision}"` };
}

/** The problem document of a refusal (RFC 9457 §3): type `about:blank`, so the title is the status phrase. */
export function problem(refusal: Refusal): Answer {
  const { status, code, message, errors, headers } = refusal;
  const body = {
    type: 'about:blank',
    title: reasonPhrase(status),
    status,
    detail: clipped(message, PROBLEM_LIMITS.detailChars),
    code,
    errors:
      errors.length === 0
        ? undefined
        : errors.slice(0, PROBLEM_LIMITS.errors).map((error) => clipped(error, PROBLEM_LIMITS.errorChars)),
  };
  return { status, headers: { 'content-type': PROBLEM_TYPE, ...headers }, body: JSON.stringify(body) };
}

/** How an answer is handed over. */
export interface Sending {
  /** Milliseconds that the client may take to read it; then it is disconnected. */
  readonly answerMs: number;
  /** Milliseconds for which the rest of an unread request is read and thrown away. */
  readonly lingerMs: number;
}

/**
 * Writes an answer; a HEAD request gets its fields without the body (RFC 9110 §9.3.2). When the request has not been read to its end, the
 * connection is closed after it, and what still comes is thrown away for a while: closing at once would reset the connection under a
 * client that is still sending, before it has read the answer. Never throws.
 */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer, sending: Sending): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body, 'utf8') : answer.body;
  const unread = !request.complete;
  const length = answer.status === 204 || answer.status === 304 ? {} : { 'content-length': body?.byteLength ?? 0 };
  const closing = unread ? { connection: 'close' } : {};
  response.writeHead(answer.status, { ...FIXED_FIELDS, ...answer.headers, ...length, ...closing });
  if (request.method !== 'HEAD' && body !== null) response.write(body);
  else response.flushHeaders();
  if (unread) linger(request, response, sending.lingerMs);
  else response.end();
  const deadline = setTimeout(() => response.destroy(), sending.answerMs);
  response.once('close', () => clearTimeout(deadline));
}

/** The head of a stream of events (the HTML standard, §9.2), which the caller goes on with. */
export function sendStreamHead(response: ServerResponse): void {
  response.writeHead(200, { ...FIXED_FIELDS, 'content-type': 'text/event-stream', connection: 'close' });
  response.flushHeaders();
}

function linger(request: IncomingMessage, response: ServerResponse, lingerMs: number): void {
  const timer = setTimeout(over, lingerMs);
  function over(): void {
    clearTimeout(timer);
    response.end();
  }
  request.once('end', over);
  request.once('close', over);
  request.resume();
}

/** Calls back when a response has gone out, or its connection has ended. */
export function whenOver(response: ServerResponse, tell: () => void): void {
  if (response.closed || response.destroyed) tell();
  else response.once('close', tell);
}
