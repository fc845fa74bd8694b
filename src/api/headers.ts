/** Reads the request fields that the API knows: each once, each by its grammar, or refused. */
import type { IncomingMessage } from 'node:http';
import { badRequest, Refusal } from './refusal.ts';
import { REQUEST_LIMITS } from './limits.ts';

/** A field that may come once; `null`: it is not there. Throws 400 when it is repeated: two readers would take two values. */
export function single(request: IncomingMessage, name: string): string | null {
  const values = request.headersDistinct[name] ?? [];
  if (values.length > 1) throw badRequest(`the header ${name} comes ${values.length} times; send it once`);
  return values[0] ?? null;
}

/** An entity tag list as in `If-Match` (RFC 9110 §13.1.1). */
export type TagList = '*' | readonly { readonly weak: boolean; readonly tag: string }[];

const TAG = /^[ \t]*(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?:,|$)/;

/** Reads `*` or a list of entity tags; `null`: it is neither. */
export function tagList(text: string): TagList | null {
  if (text.trim() === '*') return '*';
  const tags: { weak: boolean; tag: string }[] = [];
  let rest = text;
  while (rest !== '') {
    const match = TAG.exec(rest);
    if (match === null) return null;
    tags.push({ weak: match[1] !== undefined, tag: match[2] ?? '' });
    rest = rest.slice(match[0].length);
  }
  return tags.length === 0 ? null : tags;
}

/** What `If-Match` asks for: revisions of which the resource must be at one; `null`: any, also when it is absent. */
export function ifMatch(request: IncomingMessage): readonly number[] | null {
  const text = single(request, 'if-match');
  if (text === null) return null;
  const tags = tagList(text);
  if (tags === null) throw badRequest('the header if-match is not a list of entity tags; write If-Match: "7", or *');
  if (tags === '*') return null;
  if (tags.some(({ weak }) => weak)) {
    throw badRequest('the header if-match has a weak entity tag, which never matches; write If-Match: "7"');
  }
  return tags.map(({ tag }) => (/^(?:0|[1-9][0-9]{0,14})$/.test(tag) ? Number(tag) : -1));
}

/** Whether `If-None-Match` is `*`: only when there is nothing yet. Throws 400 for anything else on a change. */
export function ifNone(request: IncomingMessage): boolean {
  const text = single(request, 'if-none-match');
  if (text === null) return false;
  if (text.trim() !== '*') throw badRequest('the header if-none-match of a change can only be *');
  return true;
}

/** Whether a reader has what `etag` names (RFC 9110 §13.1.2: the comparison is weak). */
export function hasAlready(request: IncomingMessage, etag: string): boolean {
  const text = single(request, 'if-none-match');
  const tags = text === null ? null : tagList(text);
  if (tags === null) return false;
  return tags === '*' || tags.some(({ tag }) => `"${tag}"` === etag);
}

/** The `Idempotency-Key`; `null`: none. Visible ASCII only; quotes around it, as a structured field has them, are part of it. */
export function idempotencyKey(request: IncomingMessage): string | null {
  const key = single(request, 'idempotency-key');
  if (key === null) return null;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > REQUEST_LIMITS.idempotencyKeyChars) {
    throw badRequest('the header idempotency-key is not 1 to 255 visible ASCII characters; send a UUID');
  }
  return key;
}

/** A media type without its parameters, in lower case. */
export function mediaType(text: string): string {
  return (text.split(';')[0] ?? '').trim().toLowerCase();
}

/**
 * Throws 406 unless `Accept` takes one of `types` (RFC 9110 §12.5.1): the most specific range that fits a type decides, and a weight
 * of 0 refuses. Parameters of ranges other than the weight are not looked at.
 */
export function checkAccept(request: IncomingMessage, types: readonly string[]): void {
  const accept = request.headers.accept;
  if (accept === undefined || accept.trim() === '' || types.length === 0) return;
  const ranges = accept.split(',').map((part) => ({ range: mediaType(part), refused: isRefused(part) }));
  if (types.some((type) => accepts(ranges, type))) return;
  const message = `the header accept takes none of what there is: ${types.join(', ')}; ask for that, or for */*`;
  throw new Refusal(406, 'bad_request', message);
}

function accepts(ranges: readonly { range: string; refused: boolean }[], type: string): boolean {
  for (const wanted of [type, `${type.split('/')[0] ?? ''}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === wanted);
    if (found !== undefined) return !found.refused;
  }
  return false;
}

function isRefused(part: string): boolean {
  return /;[ \t]*q[ \t]*=[ \t]*0(?:\.0{0,3})?[ \t]*(?:;|$)/i.test(part);
}
