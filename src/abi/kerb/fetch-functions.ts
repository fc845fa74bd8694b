/** The import module `kerb_fetch`: requests to the backends that the manifest grants. */
import type { BackendResponse } from '../../capability/backend.ts';
import { isToken } from '../../http/fields.ts';
import { MAX_HEAD_BYTES, MAX_TARGET_BYTES } from '../../http/limits.ts';
import { isSendableMethod, targetFault } from '../../http/request-rules.ts';
import type { HostModule } from '../host-function.ts';
import { ERRNO, type Errno } from './errno.ts';
import type { Fetch } from './fetch.ts';
import type { FetchTable } from './fetch-table.ts';
import { FetchRead } from './fetch-read.ts';
import type { KerbGuest } from './guest.ts';
import {
  MAX_FIELD_NAME_BYTES,
  MAX_GRANT_NAME_BYTES,
  MAX_METHOD_BYTES,
  MAX_OPEN_FETCHES,
  MAX_READ_BYTES,
} from './limits.ts';

/** Texts, each with a NUL after it. */
function terminated(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `${texts.join('\0')}\0`;
}

/** What there is to wait for behind a ticket: the status or why there is none; `bad_handle` when it is no ticket. */
function outcomeOf(fetches: FetchTable, ticket: number): number | null {
  const fetch = fetches.ticketed(ticket);
  return fetch === null ? ERRNO.bad_handle : fetch.outcome;
}

/** The place of the first ticket that needs no wait. */
function firstSettled(fetches: FetchTable, tickets: readonly number[]): number | null {
  const place = tickets.findIndex((ticket) => outcomeOf(fetches, ticket) !== null);
  return place < 0 ? null : place;
}

/** The fetch of a handle and its answer; `bad_handle`, or `wrong_state` without an answer. */
function answerOf(fetches: FetchTable, handle: number): Answered | Errno {
  const fetch = fetches.find(handle);
  if (fetch === null) return ERRNO.bad_handle;
  const { response } = fetch;
  return response === null ? ERRNO.wrong_state : { fetch, response };
}

interface Answered {
  readonly fetch: Fetch;
  readonly response: BackendResponse;
}

/**
 * Every function answers an i32: 0 or more on success, a member of {@link ERRNO} otherwise. Only memory out of bounds ends the guest.
 * Texts are UTF-8. Lengths and timeouts are unsigned.
 */
export const FETCH_FUNCTIONS: HostModule<KerbGuest> = {
  /**
   * Begins a request to a backend of the manifest. Parameters: the backend's name, the method, and the target, a path and query from
   * `/` on that is put after the backend's base path, each as pointer and length. Nothing is sent yet. Result: a handle.
   * Errors: `not_granted`; `invalid` for a method that is no token, or CONNECT, and for a target that is not an encoded path and
   * query; `too_large` for a target over 16 KiB; `too_many`; `no_request`.
   */
  request: {
    signature: 'iiiiii->i',
    bind:
      ({ host: { memory }, fetches }) =>
      (name: number, nameLength: number, verb: number, verbLength: number, target: number, targetLength: number) => {
        if (nameLength >>> 0 > MAX_GRANT_NAME_BYTES) return ERRNO.not_granted;
        if (verbLength >>> 0 > MAX_METHOD_BYTES) return ERRNO.invalid;
        if (targetLength >>> 0 > MAX_TARGET_BYTES) return ERRNO.too_large;
        const backend = memory.readText(name, nameLength);
        const [method, path] = [memory.readText(verb, verbLength), memory.readText(target, targetLength)];
        if (!isSendableMethod(method) || targetFault(path) !== null) return ERRNO.invalid;
        return fetches.begun(backend, method, path);
      },
  },
  /**
   * Adds a field to a request that was not sent. Parameters: the handle; name and value, each as pointer and length. Result: 0.
   * Errors: `bad_handle`; `wrong_state` after `send`; `invalid` for a name that is no token and a value with CR, LF, NUL or another
   * control; `forbidden` for `Host`, `Content-Length`, `CDN-Loop`, `Expect`, `Forwarded`, `X-Forwarded-For`, `-Host`, `-Proto` and
   * hop-by-hop fields; `too_large` for more than 200 fields or 64 KiB of them.
   */
  header: {
    signature: 'iiiii->i',
    bind:
      ({ host: { memory }, fetches }) =>
      (handle: number, name: number, nameLength: number, value: number, valueLength: number) => {
        const fetch = fetches.find(handle);
        if (fetch === null) return ERRNO.bad_handle;
        if (nameLength >>> 0 > MAX_FIELD_NAME_BYTES || valueLength >>> 0 > MAX_HEAD_BYTES) return ERRNO.too_large;
        return fetch.addField(memory.readText(name, nameLength), memory.readText(value, valueLength));
      },
  },
  /**
   * Adds bytes to the body of a request that was not sent; they are copied. It goes out with a Content-Length. Parameters: the handle;
   * pointer and length. Result: 0. Errors: `bad_handle`; `wrong_state` after `send`; `too_large` beyond 16 MiB in all.
   */
  body: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, fetches }) =>
      (handle: number, pointer: number, length: number) => {
        const fetch = fetches.find(handle);
        if (fetch === null) return ERRNO.bad_handle;
        const refusal = fetch.hasRoomFor(length >>> 0);
        if (refusal === 0) fetch.addBody(memory.read(pointer, length));
        return refusal;
      },
  },
  /**
   * Sends a request and does not wait: what fails, fails in `wait`. Result: a ticket, which lives as long as the handle.
   * Errors: `bad_handle`; `wrong_state` when it was sent before.
   */
  send: {
    signature: 'i->i',
    bind:
      ({ fetches }) =>
      (handle: number) =>
        fetches.send(handle),
  },
  /**
   * Waits for the head of an answer, at most `timeout_ms`: 0 looks without waiting, 2^31 - 1 and more wait for as long as the
   * request may take. Asked again, it answers the same at once. Result: the status, 200 to 599.
   * Errors: `bad_handle`; `timeout`, after which the request goes on; `budget`, `unreachable`, `backend_timeout`, `protocol`,
   * `overloaded`: why there is no answer; `cancelled`.
   */
  wait: {
    signature: 'ii->i',
    suspends: true,
    bind:
      ({ fetches }) =>
      (ticket: number, timeoutMs: number) =>
        fetches.wait(() => outcomeOf(fetches, ticket), timeoutMs >>> 0),
  },
  /**
   * Waits until one of several requests has an answer or has failed; `wait` then tells which, at once. Parameters: where the tickets
   * are, u32 little-endian each; how many, 1 to 16; `timeout_ms` as for `wait`. Result: the index of the first in the list that is
   * ready. Errors: `invalid` for another count; `bad_handle` when one is no ticket; `timeout`; `cancelled`.
   */
  wait_any: {
    signature: 'iii->i',
    suspends: true,
    bind:
      ({ host: { memory }, fetches }) =>
      (pointer: number, count: number, timeoutMs: number) => {
        const size = count >>> 0;
        if (size === 0 || size > MAX_OPEN_FETCHES) return ERRNO.invalid;
        const list = Buffer.from(memory.read(pointer, 4 * size));
        const tickets = Array.from({ length: size }, (_, place) => list.readInt32LE(4 * place));
        if (tickets.some((ticket) => fetches.ticketed(ticket) === null)) return ERRNO.bad_handle;
        return fetches.wait(() => firstSettled(fetches, tickets), timeoutMs >>> 0);
      },
  },
  /**
   * Writes every value of a field of the answer to `buf`, each with a NUL after it, if they fit in `limit` bytes. Result: their length
   * in bytes with the NULs, 0 when there is no such field. Errors: `bad_handle`; `wrong_state` without an answer; `invalid` for a
   * name that is no token.
   */
  response_header: {
    signature: 'iiiii->i',
    bind:
      ({ host: { memory }, fetches }) =>
      (handle: number, name: number, nameLength: number, buf: number, limit: number) => {
        const found = answerOf(fetches, handle);
        if (typeof found === 'number') return found;
        if (nameLength >>> 0 > MAX_FIELD_NAME_BYTES) return ERRNO.invalid;
        const field = memory.readText(name, nameLength);
        if (!isToken(field)) return ERRNO.invalid;
        return memory.writeText(buf, limit, terminated(found.response.headers.getAll(field)));
      },
  },
  /**
   * Writes the names of the answer's fields to `buf`, in lower case, once each, with a NUL after each, if they fit in `limit` bytes.
   * Result: their length in bytes with the NULs. Errors: `bad_handle`; `wrong_state` without an answer.
   */
  response_header_names: {
    signature: 'iii->i',
    bind:
      ({ host: { memory }, fetches }) =>
      (handle: number, buf: number, limit: number) => {
        const found = answerOf(fetches, handle);
        if (typeof found === 'number') return found;
        return memory.writeText(buf, limit, terminated(found.response.headers.names()));
      },
  },
  /**
   * Reads on in the body of an answer; waits while there is nothing to read. Content codings are not undone. Result: how many bytes
   * were written to `buf`, from 1 to `limit` and to 1 MiB; 0 at the end. Errors: `bad_handle`; `wrong_state` without an answer;
   * `invalid` for a `limit` of 0; `broken` when the body breaks off; `cancelled`.
   */
  read: {
    signature: 'iii->i',
    suspends: true,
    bind:
      ({ host: { memory }, fetches }) =>
      (handle: number, buf: number, limit: number) => {
        const found = answerOf(fetches, handle);
        if (typeof found === 'number') return found;
        if (limit === 0) return ERRNO.invalid;
        const most = Math.min(limit >>> 0, MAX_READ_BYTES);
        memory.checkRange(buf, most);
        return new FetchRead(memory, found.fetch, buf).run(found.response.body.read(most));
      },
  },
  /**
   * Makes an answer the guest's own response, as the http-handler ABI's "next" does: its status and fields, and its body, which goes to
   * the client without passing the guest. Fields that the guest has set stay where the answer has none of the name; what it has
   * written stays before the body. What it writes afterwards replaces the body. The handle can only be closed then. Result: 0.
   * Errors: `bad_handle`; `wrong_state` without an answer, after "next", and once the guest's own response is on its way.
   */
  respond: {
    signature: 'i->i',
    bind:
      ({ fetches }) =>
      (handle: number) =>
        fetches.respond(handle),
  },
  /**
   * Gives up a request, in whatever state: its handle and ticket name nothing any more. Whatever is open when the request ends is
   * closed then. Result: 0. Errors: `bad_handle`.
   */
  close: {
    signature: 'i->i',
    bind:
      ({ fetches }) =>
      (handle: number) =>
        fetches.close(handle),
  },
};
