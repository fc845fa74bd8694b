import { describe, expect, it } from 'vitest';
import { ResponseParser, type Response } from '../../../bench/response-parser.ts';

/** What a parser makes of pieces of a connection. */
function parse(...pieces: string[]): Pick<Response, 'status' | 'outcome'>[] {
  const found: Pick<Response, 'status' | 'outcome'>[] = [];
  const parser = new ResponseParser(({ status, outcome }) => found.push({ status, outcome }));
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'));
  return found;
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndone\n';
const ENDED = 'HTTP/1.1 503 Service Unavailable\r\nkerb-outcome: cpu_limit\r\ncontent-length: 0\r\n\r\n';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndone\n\r\n0\r\n\r\n';

describe('ResponseParser', () => {
  it('reads status and outcome', () => {
    expect(parse(OK, ENDED)).toEqual([
      { status: 200, outcome: '' },
      { status: 503, outcome: 'cpu_limit' },
    ]);
  });

  it('finds several responses in one piece', () => {
    expect(parse(OK + ENDED + OK).map(({ status }) => status)).toEqual([200, 503, 200]);
  });

  it.each([OK, ENDED, CHUNKED])('puts one together that comes byte by byte: %j', (text) => {
    expect(parse(...text.split(''))).toHaveLength(1);
    expect(parse(...(text + OK).split(''))).toHaveLength(2);
  });

  it('has the content, also of chunks, and the head', () => {
    const found: Response[] = [];
    const parser = new ResponseParser((response) => found.push(response));
    const chunks = '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n';
    parser.push(Buffer.from(`${OK}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`, 'latin1'));
    expect(found.map(({ body }) => body)).toEqual(['done\n', 'abcde']);
    expect(found[0]?.head).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5');
  });

  it('waits for the rest of a body', () => {
    expect(parse(OK.slice(0, -1))).toEqual([]);
    expect(parse(CHUNKED.slice(0, -2))).toEqual([]);
  });

  it('does not take a body that looks like a head for one', () => {
    const inner = 'HTTP/1.1 500 No\r\n\r\n';
    expect(parse(`HTTP/1.1 200 OK\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`)).toEqual([
      { status: 200, outcome: '' },
    ]);
  });

  it('refuses a response that says nothing of its length', () => {
    expect(() => parse('HTTP/1.1 200 OK\r\n\r\n')).toThrow('without a length');
  });
});
