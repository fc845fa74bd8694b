/** What of a request goes to a backend. */
import { BackendError, type BackendRequest, type ForwardedFor } from '../capability/backend.ts';
import { stripHopByHop, toByteString } from '../http/fields.ts';
import { MAX_TARGET_BYTES } from '../http/limits.ts';
import { HOST_REQUEST_FIELDS, isSendableMethod, targetFault } from '../http/request-rules.ts';
import { checkFieldList } from '../http/response-rules.ts';
import { LOOP_TOKEN, loopOf, withPass } from './loop.ts';

/**
 * Checks what a guest asks to send, since nothing checked it before.
 *
 * @throws {BackendError} `protocol` for a method that is no token, or CONNECT; a target that is not in origin form or
 *   longer than {@link MAX_TARGET_BYTES}; fields that are malformed, too many or too large; a length that is not a whole number.
 */
export function checkOutgoing({ method, target, headers, contentLength }: BackendRequest): void {
  if (!isSendableMethod(method)) throw unsendable('the method is not one that may be sent');
  const wrong = targetFault(target);
  if (wrong === 'too_long') throw unsendable(`the target is longer than ${MAX_TARGET_BYTES} bytes`);
  if (wrong !== null) throw unsendable('the target is not a path of visible ASCII');
  const fault = checkFieldList(headers);
  if (fault !== null) throw unsendable(fault.detail);
  if (contentLength !== undefined && !(Number.isSafeInteger(contentLength) && contentLength >= 0)) {
    throw unsendable('the content length is not a whole number');
  }
}

function unsendable(why: string): BackendError {
  return new BackendError('protocol', `the request cannot be sent: ${why}`);
}

/**
 * The fields that go out, names and values in turn, values as byte strings: the request's without hop-by-hop and
 * {@link HOST_REQUEST_FIELDS} ones, then `Via` (RFC 9110 §7.6.3), `CDN-Loop` (RFC 8586), who the request is for, and the length of its body.
 * `Host` is the connection's: the transport takes it from the URL.
 */
export function outgoingFields(request: BackendRequest): string[] {
  const fields: string[] = [];
  stripHopByHop(request.headers).forEach((name, value, lowerName) => {
    if (!HOST_REQUEST_FIELDS.has(lowerName)) fields.push(name, toByteString(value));
  });
  const passes = request.forwarded?.cdnLoop ?? loopOf(request.headers);
  fields.push('Via', `1.1 ${LOOP_TOKEN}`, 'CDN-Loop', toByteString(withPass(passes)));
  if (request.forwarded !== undefined) fields.push(...forwardedFields(request.forwarded));
  if (request.body !== null && request.contentLength !== undefined) {
    fields.push('Content-Length', String(request.contentLength));
  }
  return fields;
}

/** The de-facto fields and the standard one (RFC 7239). They replace what came in: a client's claims about itself are none. */
function forwardedFields({ for: address, proto, host }: ForwardedFor): string[] {
  const node = address.includes(':') ? `"[${address}]"` : address;
  const standard = `for=${node};host="${host}";proto=${proto}`;
  return ['X-Forwarded-For', address, 'X-Forwarded-Proto', proto, 'X-Forwarded-Host', host, 'Forwarded', standard];
}
