import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/lab/exchange.ts';
import { ResponseParser } from '../../../src/lab/response-parser.ts';

/** What a parser makes of pieces of a connection. */
function parse(...pieces: string[]): Answer[] {
  const found: Answer[] = [];
  const parser = new ResponseParser((answer) => found.push(answer));
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'));
  return found;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nd\xf6ne\n';
const ENDED = 'HTTP/1.1 503 Service Unavailable\r\nkerb-outcome: cpu_limit\r\ncontent-length: 0\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nd\xf6\r\n3\r\nne\n\r\n0\r\n\r\n';

describe('ResponseParser', () => {
  it('reads status, outcome, head and every byte of the body', () => {
    expect(parse(OK + ENDED + CHUNKED)).toMatchObject([
      { status: 200, outcome: '', head: 'HTTP/1.1 200 OK\r\nContent-Length: 5', body: 'd\xf6ne\n' },
      { status: 503, outcome: 'cpu_limit', body: '' },
      { status: 200, body: 'd\xf6ne\n' },
    ]);
  });

  it.each([OK, ENDED, CHUNKED])('puts one together that comes byte by byte: %j', (text) => {
    expect(parse(...(text + text).split(''))).toEqual(parse(text, text));
  });

  it('waits for the rest', () => {
    expect(parse(OK.slice(0, -1))).toEqual([]);
    expect(parse(CHUNKED.slice(0, -2))).toEqual([]);
  });

  it('does not take a body that looks like a head for one', () => {
    const inner = 'HTTP/1.1 500 No\r\n\r\n';
    const [only, ...others] = parse(`HTTP/1.1 200 OK\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`);
    expect(only).toMatchObject({ status: 200, body: inner });
    expect(others).toEqual([]);
  });

  it('refuses an answer that says nothing of its length', () => {
    expect(() => parse('HTTP/1.1 200 OK\r\n\r\n')).toThrow('without a length');
  });
});
