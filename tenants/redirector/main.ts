/**
 * Redirects by rules from the tenant's config, one line each: from, to, status. The first match wins; a request that no
 * rule matches goes on to the origin.
 *
 * The query of the request is kept. A rule's target decides the host: nothing a client sends can turn a redirect to a path
 * into one to another site.
 */
import {
  DONE,
  ERROR,
  RESPONSE,
  config,
  logLine,
  next,
  setHeader,
  setStatus,
  uri,
  write,
} from '../bindings/http_handler';

const SPACE: i32 = 0x20;
const REST = ':rest';

/** The words of a line, at most three. */
function words(line: string): string[] {
  const found: string[] = [];
  let start = -1;
  for (let i = 0; i <= line.length; i++) {
    const blank = i == line.length || line.charCodeAt(i) <= SPACE;
    if (!blank && start < 0) start = i;
    if (blank && start >= 0) {
      found.push(line.substring(start, i));
      start = -1;
    }
  }
  return found;
}

/** 301, 302 or 308; 0 for anything else. */
function statusOf(word: string): u32 {
  if (word == '301') return 301;
  if (word == '302') return 302;
  return word == '308' ? 308 : 0;
}

/** `text` without the slashes and backslashes it begins with: "//evil.example" must not become a host. */
function withoutSlashes(text: string): string {
  let start = 0;
  while (start < text.length && (text.charCodeAt(start) == 0x2f || text.charCodeAt(start) == 0x5c)) start++;
  return text.substring(start);
}

/** What the `*` of `from` stands for in `path`, "" for a rule without one, or null when the rule does not match. */
function match(from: string, path: string): string | null {
  if (!from.endsWith('*')) return from == path ? '' : null;
  const prefix = from.substring(0, from.length - 1);
  return path.startsWith(prefix) ? path.substring(prefix.length) : null;
}

/** The target with the rest and the query of the request put in. */
function locationOf(to: string, rest: string, query: string): string {
  const at = to.indexOf(REST);
  let location = to;
  if (at >= 0) location = to.substring(0, at) + withoutSlashes(rest) + to.substring(at + REST.length);
  if (query.length == 0) return location;
  return location + (location.includes('?') ? '&' : '?') + query;
}

function redirect(status: u32, location: string): u64 {
  setStatus(status);
  setHeader(RESPONSE, 'location', location);
  setHeader(RESPONSE, 'content-type', 'text/plain; charset=utf-8');
  write(RESPONSE, 'Moved to ' + location + '\n');
  return DONE;
}

export function handle_request(): u64 {
  const target = uri();
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.substring(0, mark);
  const query = mark < 0 ? '' : target.substring(mark + 1);
  const lines = config().split('\n');
  for (let i = 0; i < lines.length; i++) {
    const rule = words(lines[i]);
    if (rule.length == 0 || rule[0].startsWith('#')) continue;
    const status = rule.length == 3 ? statusOf(rule[2]) : 302;
    if (rule.length < 2 || rule.length > 3 || status == 0) {
      logLine(ERROR, 'redirects: a line must read: from to [301|302|308]: ' + lines[i]);
      continue;
    }
    const rest = match(rule[0], path);
    if (rest !== null) return redirect(status, locationOf(rule[1], rest, query));
  }
  return next();
}

export function handle_response(_context: u32, _isError: u32): void {}
