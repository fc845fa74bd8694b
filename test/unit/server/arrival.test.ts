import { describe, expect, it } from 'vitest';
import { addressText, Arrival } from '../../../src/server/arrival.ts';
import type { TransportRequest, TransportResponse } from '../../../src/server/transport.ts';

/** A request as the transport lends it: valid until `expire`. */
function lent(
  query?: string,
  fields: [string, string][] = [],
): {
  request: TransportRequest;
  response: TransportResponse;
  asked: string[];
  expire: () => void;
} {
  let valid = true;
  const asked: string[] = [];
  const use = <T>(what: string, value: T): T => {
    if (!valid) throw new Error(`${what} after the handler returned`);
    asked.push(what);
    return value;
  };
  const request = {
    getCaseSensitiveMethod: () => use('method', 'GeT'),
    getUrl: () => use('url', '/a'),
    getQuery: () => use('query', query),
    forEach: (visit: (name: string, value: string) => void) => {
      for (const [name, value] of use('fields', fields)) visit(name, value);
    },
  };
  const response = {
    getRemoteAddress: () => use('address', new Uint8Array([192, 0, 2, 1]).buffer),
    getRemotePort: () => use('port', 4321),
  };
  return {
    request: request as unknown as TransportRequest,
    response: response as unknown as TransportResponse,
    asked,
    expire: () => {
      valid = false;
    },
  };
}

describe('an arrival', () => {
  it('copies what is lent: nothing is asked after the handler', () => {
    const { request, response, expire } = lent('b=c', [
      ['host', 'h'],
      ['x', '1'],
      ['x', '2'],
    ]);
    const arrival = new Arrival(request, response);
    expire();
    expect([arrival.method, arrival.target]).toEqual(['GeT', '/a?b=c']);
    expect([arrival.headers.get('Host'), arrival.headers.getAll('X')]).toEqual(['h', ['1', '2']]);
    expect(arrival.protocol).toBe('HTTP/1.1');
  });

  it.each([undefined, ''])('with the query %j has none', (query) => {
    const { request, response } = lent(query);
    expect(new Arrival(request, response).target).toBe('/a');
  });

  it("reads the client's address when somebody asks, and once", () => {
    const { request, response, asked } = lent();
    const { client } = new Arrival(request, response);
    expect(asked).not.toContain('address');
    expect([client.ip, client.port, client.ip]).toEqual(['192.0.2.1', 4321, '192.0.2.1']);
    expect(asked.filter((what) => what === 'address')).toHaveLength(1);
  });

  it('keeps an address that was fixed in time, and has none of a connection that is gone', () => {
    const fixed = lent();
    const one = new Arrival(fixed.request, fixed.response).client;
    one.fix();
    fixed.expire();
    expect(one.ip).toBe('192.0.2.1');
    const gone = lent();
    const other = new Arrival(gone.request, gone.response).client;
    other.forget();
    gone.expire();
    expect([other.ip, other.port]).toEqual(['', 0]);
  });
});

describe('the text of an address', () => {
  it.each([
    [[127, 0, 0, 1], '127.0.0.1'],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7], '192.0.2.7'],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], '::1'],
    [[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xca, 0xfe, 0, 1], '2001:db8::cafe:1'],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 192, 0, 2, 7], '::1:ffff:c000:207'],
    [[], ''],
    [[1, 2, 3], ''],
  ])('of %j is %s', (bytes, text) => {
    expect(addressText(Uint8Array.from(bytes))).toBe(text);
  });
});
