/** What most handlers do, in one call each: who asks, may they, count them, and hand on. For AssemblyScript guests. */
import { DONE, REQUEST, RESPONSE, headerValues, setHeader, setStatus, sourceAddress, write } from "./http_handler";
import { ABSENT, CONFLICT, IF_GENERATION, count, generation, get, open, put } from "./kerb";
import { begin, respond, send, wait } from "./kerb_fetch";

/** Ends the request with a status and a line. */
export function refuse(status: u32, why: string): u64 {
  setStatus(status);
  setHeader(RESPONSE, "content-type", "text/plain; charset=utf-8");
  write(RESPONSE, why);
  return DONE;
}

/** The address that the request came from, without its port: two connections of one client are one client. */
export function clientAddress(): string {
  const source = sourceAddress();
  return source.substring(0, source.lastIndexOf(":"));
}

/** Whether a key has come at most so many times within a window of so many seconds. */
export function rateAllows(key: string, windowSeconds: u32, most: i32): bool {
  const times = count(key, windowSeconds);
  return times > 0 && times <= most;
}

/** What follows "Bearer " in the one Authorization field; empty when there is none. */
export function bearerToken(): string {
  const values = headerValues(REQUEST, "authorization");
  return values.length == 1 && values[0].startsWith("Bearer ") ? values[0].substring(7) : "";
}

function isBlank(code: i32): bool {
  return code == 0x20 || (code >= 0x09 && code <= 0x0d);
}

/** Where a JSON string ends that begins at `at` with its quote: behind the other one. */
function stringEnd(json: string, at: i32): i32 {
  for (at++; at < json.length && json.charCodeAt(at) != 0x22; at++) if (json.charCodeAt(at) == 0x5c) at++;
  return at + 1;
}

/** The text of a member of a JSON object that is valid, such as claims, as it is written there; empty when it is no string. */
export function jsonMember(json: string, name: string): string {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const c = json.charCodeAt(at);
    if (c == 0x7b || c == 0x5b) depth++;
    if (c == 0x7d || c == 0x5d) depth--;
    if (c != 0x22) continue;
    const end = stringEnd(json, at);
    const key = json.substring(at + 1, end - 1);
    at = end - 1;
    let next = end;
    while (next < json.length && isBlank(json.charCodeAt(next))) next++;
    if (depth != 1 || next >= json.length || json.charCodeAt(next) != 0x3a || key != name) continue;
    next++;
    while (next < json.length && isBlank(json.charCodeAt(next))) next++;
    if (next >= json.length || json.charCodeAt(next) != 0x22) return "";
    return json.substring(next + 1, stringEnd(json, next) - 1);
  }
  return "";
}

/** Adds one to the number of a key, also when others do so at once; answers what it is then, 0 when it cannot be had. */
export function countUp(store: string, key: string): i64 {
  const handle = open(store);
  const buffer = new ArrayBuffer(20);
  for (let attempt = 0; attempt < 16; attempt++) {
    const found = get(handle, key, buffer);
    if ((found < 0 && found != ABSENT) || found > buffer.byteLength) return 0;
    let number: i64 = 0;
    for (let i = 0; i < found; i++) number = number * 10 + <i64>(load<u8>(changetype<usize>(buffer) + i) - 0x30);
    const written = put(handle, key, String.UTF8.encode((number + 1).toString()), 0, IF_GENERATION, generation(handle, key));
    if (written > 0) return number + 1;
    if (written != <i64>CONFLICT) return 0;
  }
  return 0;
}

/** Makes a backend's answer to a GET the response; its body goes to the client by itself. An error: it gave none. */
export function respondFrom(backend: string, target: string): i32 {
  const handle = begin(backend, "GET", target);
  if (handle < 0) return handle;
  const ticket = send(handle);
  const status = ticket < 0 ? ticket : wait(ticket);
  return status < 0 ? status : respond(handle);
}
