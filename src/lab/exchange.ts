/** A request of the lab and the one right answer to it. Texts stand for bytes, one character each (Latin-1). */
import { createHash } from 'node:crypto';

/** A request, and what is right about its answer. */
export interface Exchange {
  /** As it goes over the wire. */
  readonly request: string;
  /** `null`: any below 500. */
  readonly status: number | null;
  /** A field that the answer must have, its name in lower case, with this value. */
  readonly field: readonly [name: string, value: string] | null;
  /** The whole body, or what is right about a long one; `null`: it is not known. */
  readonly body: string | LongBody | null;
}

/** A body that is known by its digest. */
export interface LongBody {
  /** In hex, with every occurrence of its own texts replaced by `*`. */
  readonly sha256: string;
  /**
   * Texts that only the answer to this request has, each once at least.
   *
   * @param from - Address and port that the request comes from.
   */
  readonly own: (from: string) => readonly string[];
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  /** The `kerb-outcome` field; empty: none. */
  readonly outcome: string;
  /** The head without its last line end. */
  readonly head: string;
  readonly body: string;
}

/** What a request is made from. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly type?: string;
  /** More field lines. */
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** A request as it goes over the wire (RFC 9112). */
export function requestText({ method, target, host, type, fields: more = [], body }: RequestParts): string {
  const fields = [`Host: ${host}`, ...more];
  if (type !== undefined) fields.push(`Content-Type: ${type}`);
  if (body !== undefined) fields.push(`Content-Length: ${body.length}`);
  return `${method} ${target} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** Whether a request may be sent twice for once (RFC 9110 §9.2.2). */
export function isIdempotent(request: string): boolean {
  return IDEMPOTENT.has(request.slice(0, request.indexOf(' ')));
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * What is wrong with an answer; `null`: nothing.
 *
 * @param from - Address and port that the request came from.
 */
export function faultIn(answer: Answer, right: Exchange, from: string): string | null {
  const isRight = right.status === null ? answer.status < 500 : answer.status === right.status;
  if (!isRight) return `the status is ${answer.status}, not ${right.status ?? 'below 500'}`;
  if (right.field !== null) {
    const [name, value] = right.field;
    const found = fieldOf(answer.head, name);
    if (found !== value) return `${name} is ${shown(found ?? '')}, not ${shown(value)}`;
  }
  return bodyFault(answer.body, right.body, from);
}

function bodyFault(body: string, right: Exchange['body'], from: string): string | null {
  if (right === null) return null;
  if (typeof right === 'string') return body === right ? null : `the body is ${shown(body)}, not ${shown(right)}`;
  let common = body;
  for (const text of right.own(from)) {
    if (!body.includes(text)) return `the body does not name ${text}: ${shown(body)}`;
    common = common.replaceAll(text, '*');
  }
  const digest = digestOf(common);
  return digest === right.sha256 ? null : `the body has another SHA-256, ${digest}: ${shown(body)}`;
}

/** The SHA-256 of a body, in hex. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body, 'latin1').digest('hex');
}

/** The first field of a head with that name, which is in lower case. */
function fieldOf(head: string, name: string): string | null {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    if (line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return null;
}

function shown(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 79)}…`);
}
