/** The WebSocket handshake and its close codes as RFC 6455 writes them: pure rules, for both sides of a relay. */
import { createHash } from 'node:crypto';
import { isToken, trimFieldValue } from './fields.ts';
import { announcesBody } from './framing.ts';
import type { HeaderList } from './headers.ts';

/** The one version there is (RFC 6455 §4.1, item 9). */
export const WEBSOCKET_VERSION = '13';

/** What is hashed behind a key (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** 16 bytes in base64: the last of 22 digits has four bits that mean nothing and are zero in the one canonical spelling. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Fields of a handshake that speak to the next hop only, and that nobody but the host writes: they prove that a hop understands
 * WebSocket, and name what it can do. In lower case.
 */
export const WEBSOCKET_HOP_FIELDS: ReadonlySet<string> = new Set([
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
]);

/** A request as far as a handshake goes. */
export interface HandshakeHead {
  readonly method: string;
  readonly headers: HeaderList;
}

/** Whether `Connection` and `Upgrade` together ask for WebSocket (RFC 9110 §7.8). */
export function asksForWebSocket(headers: HeaderList): boolean {
  return hasMember(headers, 'connection', 'upgrade') && hasMember(headers, 'upgrade', 'websocket');
}

/**
 * Whether a request past the gate is a client's valid handshake (RFC 6455 §4.2.1): GET over HTTP/1.1, which the transport alone takes,
 * `Upgrade: websocket` and nothing beside it, `Connection: upgrade`, version 13, one key of 16 bytes, and no content, not even one of
 * length 0: a proxy in front that does not know WebSocket could be led to see another request in what follows.
 */
export function isHandshake({ method, headers }: HandshakeHead): boolean {
  if (method !== 'GET' || !asksForWebSocket(headers)) return false;
  if (headers.has('content-length') || announcesBody(headers)) return false;
  const [keys, versions, upgrades] = ['sec-websocket-key', 'sec-websocket-version', 'upgrade'].map((name) =>
    headers.getAll(name),
  );
  if (keys?.length !== 1 || versions?.length !== 1 || upgrades?.length !== 1) return false;
  return KEY.test(keys[0] ?? '') && versions[0] === WEBSOCKET_VERSION && /^websocket$/i.test(upgrades[0] ?? '');
}

/** The `Sec-WebSocket-Accept` that answers a key (RFC 6455 §4.2.2, item 5.4). */
export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** The subprotocols that a handshake offers, in order; members that are no tokens are left out (RFC 6455 §4.1, item 10). */
export function offeredProtocols(headers: HeaderList): readonly string[] {
  return headers.getAll('sec-websocket-protocol').flatMap(membersOf).filter(isToken);
}

/** What is wrong with the head of a 101 that answers `key` and `offered` (RFC 6455 §4.1, last list), or `null`. */
export function switchFault(headers: HeaderList, key: string, offered: readonly string[]): string | null {
  if (!asksForWebSocket(headers)) return 'it does not switch to WebSocket';
  const accepts = headers.getAll('sec-websocket-accept');
  if (accepts.length !== 1 || accepts[0] !== acceptOf(key)) return 'its Sec-WebSocket-Accept is not that of the key';
  if (headers.has('sec-websocket-extensions')) return 'it chose an extension, and none was offered';
  const chosen = headers.getAll('sec-websocket-protocol');
  const isOffered = chosen.length === 0 || (chosen.length === 1 && offered.includes(chosen[0] ?? ''));
  return isOffered ? null : 'it chose a subprotocol that was not offered';
}

/** Close codes that mean something beside those of {@link mayBeSent}, and are never on the wire (RFC 6455 §7.4.1). */
export const CLOSE = {
  /** The endpoint goes away: a server that shuts down, a browser that leaves the page. */
  goingAway: 1001,
  /** A close frame without a code. */
  noCode: 1005,
  /** The connection was lost without a close frame. */
  lost: 1006,
  /** A message breaks a rule of whoever receives it. */
  policy: 1008,
  /** Whoever closes has no room; the peer may come back later (IANA registry). */
  tryAgain: 1013,
  /** A gateway, and the server behind it failed (IANA registry). */
  badGateway: 1014,
} as const;

/** Whether a code may stand in a close frame (RFC 6455 §7.4, IANA registry of close codes). */
export function mayBeSent(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== CLOSE.noCode && code !== CLOSE.lost;
}

function hasMember(headers: HeaderList, name: string, member: string): boolean {
  return headers
    .getAll(name)
    .flatMap(membersOf)
    .some((one) => one.toLowerCase() === member);
}

function membersOf(value: string): string[] {
  return value.split(',').map(trimFieldValue);
}
