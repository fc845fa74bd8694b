/**
 * JSON objects of which every reader sees the same: UTF-8 without replacement, no member twice (RFC 7515 section 4, RFC 7519
 * section 4), bounded depth.
 */
import { MAX_JSON_DEPTH } from './limits.ts';

/** A string, or a single character that opens, closes or separates. Everything else of a valid document is skipped. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads bytes as one JSON object, its members in a map; `null` when they are anything else, or ambiguous. */
export function readObject(bytes: Uint8Array): ReadonlyMap<string, unknown> | null {
  try {
    const text = DECODER.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (!isPlainObject(value) || !isUnambiguous(text)) return null;
    return new Map(Object.entries(value));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a valid document names no member twice, in whatever spelling, and is not too deep. */
function isUnambiguous(text: string): boolean {
  const open: Set<string>[] = [];
  let string = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':' && !isNew(string, open.at(-1))) return false;
    else if (token.startsWith('"')) string = token;
    if (open.length > MAX_JSON_DEPTH) return false;
  }
  return true;
}

/** Notes a member of the innermost object: `"\u0061"` is `"a"`. */
function isNew(string: string, members: Set<string> | undefined): boolean {
  const name: unknown = JSON.parse(string);
  if (typeof name !== 'string' || members === undefined || members.has(name)) return false;
  members.add(name);
  return true;
}
