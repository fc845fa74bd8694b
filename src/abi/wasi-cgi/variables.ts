/** The request as environment variables: RFC 3875 section 4.1, and what WAGI and common servers add. */
import { Buffer } from 'node:buffer';
import { parseAuthority } from '../../http/authority.ts';
import { HOP_BY_HOP } from '../../http/fields.ts';
import { announcesBody, declaredLength } from '../../http/framing.ts';
import type { HeaderList } from '../../http/headers.ts';
import type { RequestHead } from '../../http/message.ts';

/** A request's path, taken apart. */
export interface RequestPath {
  /** The prefix that the app is deployed under, as SCRIPT_NAME has it: empty, or without a slash at its end. */
  readonly script: string;
  /** What follows it in the path, decoded: empty, or from its slash on. */
  readonly info: string;
  /** The same as the client wrote it. */
  readonly rawInfo: string;
  /** What follows `?`, as the client wrote it. */
  readonly query: string;
}

const GATEWAY = 'CGI/1.1';
const SOFTWARE = 'Kerb';
const STANDARD_PORT = 80;

/** Names of fields that become variables: with `_` in one, two fields would be the same variable. */
const PLAIN_FIELD = /^[a-z0-9-]+$/;

/**
 * Fields that no variable is made of: of the connection (section 4.1.18), those that have variables of their own, and `proxy`, whose
 * variable HTTP clients in the program would obey.
 */
const LEFT_OUT: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'content-length', 'content-type', 'proxy']);

/** Takes a target apart that begins with the app's prefix. */
export function pathOf(target: string, prefix: string): RequestPath {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const script = prefix === '/' ? '' : prefix;
  const rawInfo = path.slice(script.length);
  return { script, info: decoded(rawInfo), rawInfo, query: mark === -1 ? '' : target.slice(mark + 1) };
}

/**
 * Percent-encoded bytes decoded as UTF-8; ill-formed sequences become U+FFFD. What encodes nothing, and `%00`, which no variable can
 * hold, stay as they are.
 */
export function decoded(text: string): string {
  return text.replace(/(?:%(?!00)[0-9A-Fa-f]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

/** Every variable of a request. A name stands once; `own` are the tenant's, which win. */
export function variablesOf(
  request: RequestHead,
  path: RequestPath,
  own: Readonly<Record<string, string>>,
): Map<string, string> {
  const variables = new Map<string, string>();
  addFields(variables, request.headers);
  for (const [name, value] of metaVariables(request, path)) variables.set(name, value);
  for (const [name, value] of Object.entries(own)) variables.set(name, value);
  return variables;
}

/** `HTTP_*`. Values of one name are joined, those of cookies as cookies are (RFC 6265 section 5.4). */
function addFields(variables: Map<string, string>, headers: HeaderList): void {
  headers.forEach((_name, value, lowerName) => {
    if (LEFT_OUT.has(lowerName) || !PLAIN_FIELD.test(lowerName)) return;
    const name = `HTTP_${lowerName.toUpperCase().replaceAll('-', '_')}`;
    const before = variables.get(name);
    const separator = lowerName === 'cookie' ? '; ' : ', ';
    variables.set(name, before === undefined ? value : `${before}${separator}${value}`);
  });
}

function* metaVariables(
  { method, target, protocol, headers, client }: RequestHead,
  { script, info, rawInfo, query }: RequestPath,
): Generator<readonly [string, string]> {
  const host = headers.get('host') ?? '';
  const authority = parseAuthority(host);
  const length = declaredLength(headers);
  const type = headers.get('content-type');
  if (length !== null && announcesBody(headers)) yield ['CONTENT_LENGTH', String(length)];
  if (type !== undefined) yield ['CONTENT_TYPE', type];
  yield ['GATEWAY_INTERFACE', GATEWAY];
  yield ['PATH_INFO', info];
  // Section 4.1.6: programs see a tree of their own, whose root is where documents begin. No path of the machine is in it.
  yield ['PATH_TRANSLATED', info];
  yield ['QUERY_STRING', query];
  yield ['REMOTE_ADDR', client.ip];
  yield ['REMOTE_HOST', client.ip];
  yield ['REMOTE_PORT', String(client.port)];
  yield ['REQUEST_METHOD', method];
  yield ['REQUEST_SCHEME', 'http'];
  yield ['REQUEST_URI', target];
  yield ['SCRIPT_NAME', script];
  yield ['SERVER_NAME', authority?.host ?? ''];
  yield ['SERVER_PORT', String(authority?.port ?? STANDARD_PORT)];
  yield ['SERVER_PROTOCOL', protocol];
  yield ['SERVER_SOFTWARE', SOFTWARE];
  yield ['X_FULL_URL', `http://${host}${target}`];
  yield ['X_MATCHED_ROUTE', `${script}/...`];
  yield ['X_RAW_PATH_INFO', rawInfo];
}
