/**
 * Kerb's kerb_fetch for AssemblyScript guests: requests to the backends of the manifest.
 *
 * Every function answers 0 or more on success and one of the negative ERR_ values otherwise. Nothing waits but `wait`, `waitAny` and
 * `readInto`. Up to 16 requests are open at once; what is open when the guest's own request ends is closed.
 */

@external("kerb_fetch", "request")
declare function request(b: usize, bLength: u32, m: usize, mLength: u32, t: usize, tLength: u32): i32;
@external("kerb_fetch", "header")
declare function header(handle: i32, name: usize, nameLength: u32, value: usize, valueLength: u32): i32;
@external("kerb_fetch", "body")
declare function body(handle: i32, bytes: usize, length: u32): i32;
@external("kerb_fetch", "send")
declare function send_request(handle: i32): i32;
@external("kerb_fetch", "wait")
declare function wait_for(ticket: i32, timeoutMs: u32): i32;
@external("kerb_fetch", "wait_any")
declare function wait_any(tickets: usize, count: u32, timeoutMs: u32): i32;
@external("kerb_fetch", "response_header")
declare function response_header(handle: i32, name: usize, nameLength: u32, buf: usize, limit: u32): i32;
@external("kerb_fetch", "response_header_names")
declare function response_header_names(handle: i32, buf: usize, limit: u32): i32;
@external("kerb_fetch", "read")
declare function read(handle: i32, buf: usize, limit: u32): i32;
@external("kerb_fetch", "respond")
declare function respond_with(handle: i32): i32;
@external("kerb_fetch", "close")
declare function close_request(handle: i32): i32;

/** No handle or ticket of this request. */
export const ERR_BAD_HANDLE: i32 = -1;
/** Too early or too late for this call. */
export const ERR_WRONG_STATE: i32 = -2;
/** A malformed argument. */
export const ERR_INVALID: i32 = -3;
/** A field that the host writes. */
export const ERR_FORBIDDEN: i32 = -4;
/** No backend of that name in the manifest. */
export const ERR_NOT_GRANTED: i32 = -5;
/** Close one first. */
export const ERR_TOO_MANY: i32 = -6;
/** A field, target or body over its cap. */
export const ERR_TOO_LARGE: i32 = -7;
/** limits.subrequests are used up. */
export const ERR_BUDGET: i32 = -8;
/** The wait is over, the request goes on. */
export const ERR_TIMEOUT: i32 = -9;
/** No name, no address that may be reached, no connection. */
export const ERR_UNREACHABLE: i32 = -10;
/** The backend took too long. */
export const ERR_BACKEND_TIMEOUT: i32 = -11;
/** The answer is not HTTP. */
export const ERR_PROTOCOL: i32 = -12;
/** Too many requests wait, or it failed too often just now. */
export const ERR_OVERLOADED: i32 = -13;
/** The body broke off. */
export const ERR_BROKEN: i32 = -14;
/** The guest's own request has ended. */
export const ERR_CANCELLED: i32 = -15;
/** There is no request: a start function. */
export const ERR_NO_REQUEST: i32 = -16;

/** A timeout that stands for as long as the guest's own request may take. */
export const NO_TIMEOUT: u32 = u32.MAX_VALUE;

/** Begins a request; answers a handle. The target is a path and query, put after the backend's base path. */
export function begin(backend: string, method: string, target: string): i32 {
  const b = String.UTF8.encode(backend);
  const m = String.UTF8.encode(method);
  const t = String.UTF8.encode(target);
  return request(
    changetype<usize>(b), b.byteLength, changetype<usize>(m), m.byteLength, changetype<usize>(t), t.byteLength,
  );
}

/** Adds a field. */
export function addField(handle: i32, name: string, value: string): i32 {
  const n = String.UTF8.encode(name);
  const v = String.UTF8.encode(value);
  return header(handle, changetype<usize>(n), n.byteLength, changetype<usize>(v), v.byteLength);
}

/** Adds to the body. */
export function addBody(handle: i32, bytes: ArrayBuffer): i32 {
  return body(handle, changetype<usize>(bytes), bytes.byteLength);
}

/** Sends it without waiting; answers a ticket. */
export function send(handle: i32): i32 {
  return send_request(handle);
}

/** Waits for the head of an answer; answers the status. */
export function wait(ticket: i32, timeoutMs: u32 = NO_TIMEOUT): i32 {
  return wait_for(ticket, timeoutMs);
}

/** Waits until one of several tickets is ready; answers its index. */
export function waitAny(tickets: StaticArray<i32>, timeoutMs: u32 = NO_TIMEOUT): i32 {
  return wait_any(changetype<usize>(tickets), tickets.length, timeoutMs);
}

/** The texts of `length` bytes, each of which ends in a NUL. */
function texts(buffer: ArrayBuffer, length: i32): string[] {
  const found: string[] = [];
  const start = changetype<usize>(buffer);
  let from = 0;
  for (let i = 0; i < length; i++) {
    if (load<u8>(start + i) != 0) continue;
    found.push(String.UTF8.decodeUnsafe(start + from, i - from));
    from = i + 1;
  }
  return found;
}

/** Every value of a field of the answer. */
export function responseHeader(handle: i32, name: string): string[] {
  const n = String.UTF8.encode(name);
  const length = response_header(handle, changetype<usize>(n), n.byteLength, 0, 0);
  if (length <= 0) return [];
  const buffer = new ArrayBuffer(length);
  response_header(handle, changetype<usize>(n), n.byteLength, changetype<usize>(buffer), length);
  return texts(buffer, length);
}

/** Every name of a field of the answer, in lower case. */
export function responseHeaderNames(handle: i32): string[] {
  const length = response_header_names(handle, 0, 0);
  if (length <= 0) return [];
  const buffer = new ArrayBuffer(length);
  response_header_names(handle, changetype<usize>(buffer), length);
  return texts(buffer, length);
}

/** Reads on in the answer's body; answers how many bytes came, 0 at the end. */
export function readInto(handle: i32, buffer: ArrayBuffer): i32 {
  return read(handle, changetype<usize>(buffer), buffer.byteLength);
}

/** Makes the answer the guest's own response; its body goes to the client by itself. */
export function respond(handle: i32): i32 {
  return respond_with(handle);
}

/** Gives it up. */
export function close(handle: i32): i32 {
  return close_request(handle);
}
