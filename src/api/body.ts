/** The kinds of request bodies: what media type they have, how long they may be, what their bytes mean. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { mediaType, single } from './headers.ts';
import { BODY_LIMITS } from './limits.ts';
import { badRequest, Refusal } from './refusal.ts';
import { parsedJson, utf8, validated } from './validation.ts';

/** A kind of body, read to a `T`. */
export interface BodyOf<T> {
  /** Media types that are taken. Empty: the request has no body. */
  readonly types: readonly string[];
  readonly maxBytes: number;
  /** Whether nothing at all stands for something: an empty value, or `{}`. */
  readonly empty: 'allowed' | 'refused';
  /** Of JSON, for the document. */
  readonly schema?: z.ZodType;
  /** Checks what the head says, before the body is read. Throws. */
  inspect?(request: IncomingMessage): void;
  /** Throws 400 for bytes that mean nothing. */
  read(bytes: Uint8Array<ArrayBuffer>, request: IncomingMessage): T;
}

/** A request without a body. */
export const noBody: BodyOf<null> = { types: [], maxBytes: 0, empty: 'allowed', read: () => null };

/** JSON that fits a schema. When `{}` does, the body may be left out. */
export function jsonBody<S extends z.ZodType>(schema: S): BodyOf<z.output<S>> {
  return {
    types: ['application/json'],
    maxBytes: BODY_LIMITS.json,
    empty: schema.safeParse({}).success ? 'allowed' : 'refused',
    schema,
    read: (bytes) => validated(schema, bytes.byteLength === 0 ? {} : parsedJson(bytes), 'body'),
  };
}

/** Bytes as they are. */
export function bytesBody(maxBytes: number): BodyOf<Uint8Array<ArrayBuffer>> {
  return { types: ['application/octet-stream'], maxBytes, empty: 'allowed', read: (bytes) => bytes };
}

/** Text in UTF-8. */
export function textBody(maxBytes: number): BodyOf<string> {
  return { types: ['text/plain'], maxBytes, empty: 'allowed', read: (bytes) => utf8(bytes, 'body') };
}

/**
 * Checks what the head says of the body, before any of it is read; answers its length in bytes. Throws 400 for a body where none is
 * taken or one is missing, 411 without `Content-Length` (RFC 9110 §15.5.12), 413, and 415 with what would be taken (§15.5.16).
 */
export function checkedLength(request: IncomingMessage, body: BodyOf<unknown>): number {
  if (request.headers['transfer-encoding'] !== undefined) {
    throw new Refusal(411, 'bad_request', 'the body comes without its length; send Content-Length');
  }
  const length = Number(single(request, 'content-length') ?? '0');
  if (length > 0 && body.types.length === 0) throw badRequest('this request takes no body; send none');
  if (length > body.maxBytes) throw tooLarge(body.maxBytes);
  if (length === 0 && body.empty === 'refused') throw badRequest('the body is missing; see /v1/openapi.json');
  if (length > 0) checkType(request, body.types);
  body.inspect?.(request);
  return length;
}

/** 413 (RFC 9110 §15.5.14). */
export function tooLarge(maxBytes: number): Refusal {
  return new Refusal(413, 'too_large', `the body is larger than the ${maxBytes} bytes that are taken; send less`);
}

function checkType(request: IncomingMessage, types: readonly string[]): void {
  const coding = single(request, 'content-encoding');
  if (coding !== null && coding.trim().toLowerCase() !== 'identity') {
    const headers = { 'accept-encoding': 'identity' };
    throw new Refusal(415, 'bad_request', 'the body has a content-encoding; send it as it is', { headers });
  }
  const type = single(request, 'content-type');
  if (type !== null && types.includes(mediaType(type))) return;
  const wanted = types.join(' or ');
  const message = `the content-type is ${type === null ? 'missing' : 'not taken here'}; send ${wanted}`;
  throw new Refusal(415, 'bad_request', message, { headers: { accept: types.join(', ') } });
}
