import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../../src/http/headers.ts';
import {
  acceptOf,
  asksForWebSocket,
  isHandshake,
  mayBeSent,
  offeredProtocols,
  switchFault,
} from '../../../src/http/websocket.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const FIELDS: readonly (readonly [string, string])[] = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', KEY],
];

/** The fields of a valid handshake, one of them with other values. */
function fields(name = '', ...values: string[]): HeaderList {
  const kept = FIELDS.filter(([own]) => own !== name);
  return HeaderList.from([...kept, ...values.map((value): [string, string] => [name, value])]);
}

describe('a handshake', () => {
  it('is valid as RFC 6455 section 1.2 has it, whatever else Connection says', () => {
    expect(isHandshake({ method: 'GET', headers: fields() })).toBe(true);
    expect(isHandshake({ method: 'GET', headers: fields('connection', 'keep-alive , uPGRADE') })).toBe(true);
    expect(isHandshake({ method: 'GET', headers: fields('connection', 'keep-alive', 'upgrade') })).toBe(true);
    expect(isHandshake({ method: 'GET', headers: fields('upgrade', 'WebSocket') })).toBe(true);
  });

  it.each(['POST', 'HEAD', 'get'])('is none with %s', (method) => {
    expect(isHandshake({ method, headers: fields() })).toBe(false);
  });

  it.each([
    ['connection', []],
    ['connection', ['keep-alive']],
    ['connection', ['upgrades']],
    ['upgrade', []],
    ['upgrade', ['h2c']],
    ['upgrade', ['websocket', 'websocket']],
    ['upgrade', ['websocket, h2c']],
    ['upgrade', ['websocket/13']],
    ['sec-websocket-version', []],
    ['sec-websocket-version', ['8']],
    ['sec-websocket-version', ['13', '13']],
    ['sec-websocket-version', ['013']],
    ['sec-websocket-key', []],
    ['sec-websocket-key', [KEY, KEY]],
    ['sec-websocket-key', ['']],
    ['sec-websocket-key', ['dGhlIHNhbXBsZSBub25jZR==']],
    ['sec-websocket-key', [`${KEY} `]],
    ['sec-websocket-key', ['dGhlIHNhbXBsZSBub25j']],
    ['sec-websocket-key', ['dGhlIHNhbXBsZSBub25jZSE=']],
    ['content-length', ['0']],
    ['content-length', ['5']],
    ['transfer-encoding', ['chunked']],
  ])('is none with %s: %j', (name, values) => {
    expect(isHandshake({ method: 'GET', headers: fields(name, ...values) })).toBe(false);
  });

  it('asks for WebSocket only when both fields do', () => {
    expect(asksForWebSocket(fields())).toBe(true);
    expect(asksForWebSocket(fields('upgrade', 'h2c, websocket'))).toBe(true);
    expect(asksForWebSocket(fields('upgrade', 'h2c'))).toBe(false);
    expect(asksForWebSocket(fields('connection'))).toBe(false);
  });

  it('is answered by the hash of its key', () => {
    expect(acceptOf(KEY)).toBe(ACCEPT);
  });

  it('offers subprotocols that are tokens', () => {
    const headers = fields('sec-websocket-protocol', 'chat, super.chat', 'a b, ,last');
    expect(offeredProtocols(headers)).toEqual(['chat', 'super.chat', 'last']);
    expect(offeredProtocols(fields())).toEqual([]);
  });
});

describe('a 101', () => {
  function switching(...more: (readonly [string, string])[]): HeaderList {
    return HeaderList.from([['Connection', 'upgrade'], ['Upgrade', 'websocket'], ...more]);
  }

  it('is sound with the hash of the key, and a subprotocol that was offered', () => {
    expect(switchFault(switching(['Sec-WebSocket-Accept', ACCEPT]), KEY, [])).toBeNull();
    const chosen = switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Protocol', 'b']);
    expect(switchFault(chosen, KEY, ['a', 'b'])).toBeNull();
  });

  it.each([
    [HeaderList.from([['Sec-WebSocket-Accept', ACCEPT]]), 'does not switch'],
    [switching(), 'Accept'],
    [switching(['Sec-WebSocket-Accept', KEY]), 'Accept'],
    [switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Accept', ACCEPT]), 'Accept'],
    [switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Extensions', 'x']), 'extension'],
    [switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Protocol', 'c']), 'subprotocol'],
    [switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Protocol', 'a, b']), 'subprotocol'],
    [
      switching(['Sec-WebSocket-Accept', ACCEPT], ['Sec-WebSocket-Protocol', 'a'], ['Sec-WebSocket-Protocol', 'b']),
      'subprotocol',
    ],
  ])('is refused otherwise: %#', (headers, fault) => {
    expect(switchFault(headers, KEY, ['a', 'b'])).toContain(fault);
  });
});

it.each([
  [999, false],
  [1000, true],
  [1003, true],
  [1004, false],
  [1005, false],
  [1006, false],
  [1007, true],
  [1014, true],
  [1015, false],
  [2999, false],
  [3000, true],
  [4999, true],
  [5000, false],
])('the close code %i may be sent: %s', (code, may) => {
  expect(mayBeSent(code)).toBe(may);
});
