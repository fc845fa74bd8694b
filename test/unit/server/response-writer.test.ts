import { beforeEach, describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../../src/abi/abi.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { OUTCOME_NAMES, OUTCOMES, RETRYABLE } from '../../../src/outcome.ts';
import { ResponseWriter, type Connection } from '../../../src/server/response-writer.ts';
import { FakeTransport } from './fake-transport.ts';

let fake: FakeTransport;
let connection: Connection;

beforeEach(() => {
  fake = new FakeTransport();
  connection = 'keep';
});

function writer(method = 'GET'): ResponseWriter {
  const made = new ResponseWriter(fake.response, method, () => connection);
  fake.onAborted(() => made.aborted());
  return made;
}

function head(status = 200, ...fields: [string, string][]): { status: number; headers: HeaderList } {
  return { status, headers: HeaderList.from(fields) };
}

const BODY = Buffer.from('body');

describe('a whole response', () => {
  it('has its status, fields and body', () => {
    const one = writer();
    expect([one.started, one.ended, one.status]).toEqual([false, false, 0]);
    void one.whole(head(201, ['X-A', ' trimmed\t'], ['x-a', '2']), BODY);
    expect(fake).toMatchObject({
      status: '201 Created',
      fields: [
        ['X-A', 'trimmed'],
        ['x-a', '2'],
      ],
      body: 'body',
    });
    expect(fake.ended).toEqual({ length: undefined, close: false });
    expect([one.started, one.ended, one.status]).toEqual([true, true, 201]);
  });

  it("leaves out every field that is the host's", () => {
    const hosts = [
      'Connection',
      'CONTENT-LENGTH',
      'Date',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
      'Sec-WebSocket-Accept',
      'Sec-WebSocket-Extensions',
    ];
    void writer().whole(head(200, ...hosts.map((name): [string, string] => [name, 'x']), ['kept', '1']), BODY);
    expect(fake.fields).toEqual([['kept', '1']]);
  });

  it('of a switch of protocols has the fields of the origin, and none of the handshake', () => {
    const one = writer();
    const calls: string[] = [];
    const fields: [string, string][] = [
      ['x-a', '1'],
      ['Upgrade', 'x'],
      ['Sec-WebSocket-Protocol', 'x'],
      ['Sec-WebSocket-Version', 'x'],
    ];
    one.switchProtocols(head(101, ...fields), () => calls.push('accepted'));
    expect([fake.status, fake.fields, calls]).toEqual(['101 Switching Protocols', [['x-a', '1']], ['accepted']]);
    expect([one.status, one.ended]).toEqual([101, true]);
    expect(() => writer().switchProtocols(head(101, ['a', 'b\r\nc: d']), () => {})).toThrow('control character');
  });

  it('closes the connection when asked to', () => {
    connection = 'close';
    void writer().whole(head(), BODY);
    expect(fake.ended?.close).toBe(true);
  });

  it.each([
    ['a status below 200', head(199)],
    ['a status above 599', head(600)],
    ['a status that is no integer', head(200.5)],
    ['a name that is no token', head(200, ['a b', 'c'])],
    ['a value that splits the response', head(200, ['a', 'b\r\nc: d'])],
    ['too many fields', head(200, ...Array.from({ length: 201 }, (): [string, string] => ['a', 'b']))],
    ['a head that is too large', head(200, ['a', 'x'.repeat(65_536)])],
  ])('with %s is refused before anything is sent', (_, bad) => {
    const one = writer();
    expect(() => one.whole(bad, BODY)).toThrow(InvalidResponse);
    expect(() => one.open(bad)).toThrow(InvalidResponse);
    expect([fake.calls, one.started]).toEqual([[], false]);
  });

  it('that is large waits for a slow client, with its length', async () => {
    const large = Buffer.alloc(100_000, 'l');
    fake.room = 10;
    const sent = writer().whole(head(), large);
    expect(sent).toBeInstanceOf(Promise);
    expect(fake.drain(large.length)).toBe(true);
    await sent;
    expect(fake.body).toBe(large.toString());
    expect(fake.ended).toEqual({ length: 100_000, close: false });
  });
});

describe('a response without content', () => {
  it.each([
    ['HEAD', 200, [], 'body', 4],
    ['HEAD', 200, [['content-length', '99']], '', 99],
    ['HEAD', 200, [], '', 0],
    ['GET', 204, [['content-length', '99']], 'body', undefined],
    ['HEAD', 204, [], 'body', undefined],
    ['GET', 304, [['content-length', '99']], 'body', 99],
    ['GET', 304, [], 'body', undefined],
  ] as const)('%s %i with %j and the body %j says the length %s', (method, status, fields, body, length) => {
    void writer(method).whole(
      head(status, ...fields.map(([name, value]): [string, string] => [name, value])),
      Buffer.from(body),
    );
    expect([fake.body, fake.ended]).toEqual(['', { length, close: false }]);
  });

  it.each([
    ['HEAD', 200, [['content-length', '7']], 7],
    ['HEAD', 200, [], undefined],
    ['GET', 204, [['content-length', '7']], undefined],
    ['GET', 304, [], undefined],
  ] as const)('that is streamed: %s %i with %j ends at once with the length %s', (method, status, fields, length) => {
    const one = writer(method);
    const stream = one.open(head(status, ...fields.map(([name, value]): [string, string] => [name, value])));
    expect(fake.ended).toEqual({ length, close: false });
    expect([one.ended, stream.swallows]).toEqual([true, true]);
    expect(stream.write(BODY)).toBeUndefined();
    stream.end();
    expect(fake.body).toBe('');
  });

  it('asks the client to close where there is no length to end it with', () => {
    connection = 'close';
    void writer().whole(head(204), BODY);
    expect(fake.fields).toContainEqual(['connection', 'close']);
    expect(fake.ended?.length).toBeUndefined();
  });
});

describe('a streamed response', () => {
  it('is chunked without a declared length, and sized with one', () => {
    void writer().open(head(200)).write(BODY);
    expect(fake.calls).toContain('write');
    fake = new FakeTransport();
    void writer()
      .open(head(200, ['content-length', '4']))
      .write(BODY);
    expect(fake.ended).toEqual({ length: 4, close: false });
  });

  it('is started with its head, and ended with its end', () => {
    const one = writer();
    const stream = one.open(head(200));
    expect([one.started, one.ended]).toEqual([true, false]);
    stream.end();
    expect(one.ended).toBe(true);
  });

  it('that is given up is cut', () => {
    const one = writer();
    const stream = one.open(head(200));
    void stream.write(BODY);
    one.cut();
    expect([fake.closed, fake.ended, one.ended]).toEqual([true, null, true]);
    one.cut();
  });
});

describe('a streamed response on a connection that is to close', () => {
  it('says so in its head', () => {
    connection = 'close';
    writer().open(head());
    expect(fake.fields).toEqual([['connection', 'close']]);
  });
});

describe('a problem', () => {
  it.each(OUTCOME_NAMES)('for %s has its status, its outcome and no more', (outcome) => {
    const one = writer();
    one.problem(outcome);
    expect(fake.status.startsWith(String(OUTCOMES[outcome].status))).toBe(true);
    expect(fake.fields).toContainEqual(['kerb-outcome', outcome]);
    expect(fake.fields).toContainEqual(['cache-control', 'no-store']);
    expect(fake.fields.some(([name]) => name === 'retry-after')).toBe(RETRYABLE.has(outcome));
    expect(JSON.parse(fake.body)).toMatchObject({ outcome });
    expect(one.status).toBe(OUTCOMES[outcome].status);
  });

  it('closes the connection when the request was at fault, or the edge drains', () => {
    writer().problem('bad_request', 'close');
    expect(fake.ended?.close).toBe(true);
    fake = new FakeTransport();
    connection = 'close';
    writer().problem('guest_trap');
    expect(fake.ended?.close).toBe(true);
  });

  it('answers HEAD with the length of its body alone', () => {
    writer('HEAD').problem('guest_trap');
    expect(fake.body).toBe('');
    expect(fake.ended?.length).toBeGreaterThan(50);
  });
});

describe('after the client has gone', () => {
  it('nothing touches the response any more', async () => {
    const one = writer();
    fake.abort();
    void one.whole(head(), BODY);
    one.problem('guest_trap');
    one.cut();
    const stream = one.open(head());
    await expect(stream.write(BODY)).rejects.toMatchObject({ fault: 'closed' });
    stream.end();
    expect(fake.calls).toEqual([]);
  });

  it('the stream that was open rejects', async () => {
    const one = writer();
    const stream = one.open(head());
    fake.abort();
    await expect(stream.write(BODY)).rejects.toMatchObject({ fault: 'closed' });
    expect(one.ended).toBe(true);
  });
});
