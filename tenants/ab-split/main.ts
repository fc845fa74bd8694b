/**
 * An A/B test in front of an origin. A visitor's variant follows from a hash of the address, is kept in a cookie, and
 * decides which pages of the origin are shown: variant B is what the origin has under /b.
 */
import {
  BUFFER_RESPONSE,
  DONE,
  ERROR,
  REQUEST,
  RESPONSE,
  addHeader,
  config,
  enableFeatures,
  headerValues,
  logLine,
  next,
  setHeader,
  setStatus,
  setUri,
  sourceAddress,
  uri,
  write,
} from '../bindings/http_handler';

const COOKIE = 'variant=';
const A: u32 = 0x61;
const B: u32 = 0x62;
/** Set in the context of a request whose answer must bring the cookie. */
const NEW: u32 = 0x100;

/** The share of variant B from "percent = 50"; -1 when the config says something else. */
function percentOf(text: string): i32 {
  const mark = text.indexOf('=');
  if (mark < 0 || text.substring(0, mark).trim() != 'percent') return -1;
  const digits = text.substring(mark + 1).trim();
  if (digits.length == 0 || digits.length > 3) return -1;
  let value = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value > 100 ? -1 : value;
}

/** The variant that the request's cookie names, or 0. */
function variantOfCookie(): u32 {
  const fields = headerValues(REQUEST, 'cookie');
  for (let i = 0; i < fields.length; i++) {
    const pairs = fields[i].split(';');
    for (let k = 0; k < pairs.length; k++) {
      const pair = pairs[k].trim();
      if (pair == COOKIE + 'a') return A;
      if (pair == COOKIE + 'b') return B;
    }
  }
  return 0;
}

/** The address without its port, which differs from connection to connection. */
function hostOf(address: string): string {
  return address.substring(0, address.lastIndexOf(':'));
}

/** FNV-1a, with the bits mixed once more: neighbouring addresses must not fall into the same variant. */
function hash(text: string): u32 {
  let h: u32 = 2166136261;
  for (let i = 0; i < text.length; i++) h = (h ^ (<u32>text.charCodeAt(i))) * 16777619;
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

function misconfigured(): u64 {
  logLine(ERROR, 'ab-split: the config must read: percent = 0 to 100');
  setStatus(500);
  setHeader(RESPONSE, 'content-type', 'text/plain; charset=utf-8');
  write(RESPONSE, '500 Internal Server Error\n');
  return DONE;
}

export function handle_request(): u64 {
  const percent = percentOf(config());
  if (percent < 0) return misconfigured();
  let variant = variantOfCookie();
  let context = variant;
  if (variant == 0) {
    variant = hash(hostOf(sourceAddress())) % 100 < <u32>percent ? B : A;
    context = variant | NEW;
    // Only a first answer needs a cookie, and so to be held back until handle_response has run: later ones stream through.
    enableFeatures(BUFFER_RESPONSE);
  }
  if (variant == B) setUri('/b' + uri());
  return next(context);
}

export function handle_response(context: u32, isError: u32): void {
  if (isError != 0 || (context & NEW) == 0) return;
  const name = (context & 0xff) == B ? 'b' : 'a';
  addHeader(RESPONSE, 'set-cookie', COOKIE + name + '; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax');
  // The answer belongs to this visitor alone.
  setHeader(RESPONSE, 'cache-control', 'private');
}
