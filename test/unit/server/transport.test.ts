/** The real transport: what Kerb relies on, over sockets. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ResponseWriter } from '../../../src/server/response-writer.ts';
import { relay } from '../../../src/server/relay.ts';
import { RequestBody } from '../../../src/server/request-body.ts';
import { Transport, type TransportRequest, type TransportResponse } from '../../../src/server/transport.ts';
import { BytesSource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { RawClient } from '../../e2e/raw-client.ts';

let transport: Transport | null = null;
afterEach(() => {
  transport?.close();
  transport = null;
});

function listen(handle: (response: TransportResponse, request: TransportRequest) => void): number {
  transport = new Transport(handle);
  const port = transport.listen('127.0.0.1', 0);
  if (port === null) throw new Error('the transport does not listen');
  return port;
}

async function answerOf(port: number, bytes: string, last: string): Promise<string> {
  const client = await RawClient.open({ port });
  client.send(bytes);
  const text = await client.until((all) => all.includes(last));
  client.leave();
  return text;
}

const END = 'GET /end HTTP/1.1\r\nHost: h\r\n\r\n';

/** Answers with a writer; `/end` says so. */
function writing(
  answer: (writer: ResponseWriter) => void,
): (response: TransportResponse, request: TransportRequest) => void {
  return (response, request) => {
    const writer = new ResponseWriter(response, request.getCaseSensitiveMethod(), () => 'keep');
    response.onAborted(() => writer.aborted());
    if (request.getUrl() === '/end')
      void writer.whole({ status: 200, headers: new HeaderList() }, Buffer.from('the end'));
    else answer(writer);
  };
}

describe('the transport', () => {
  it('listens on a free port, and has no other at the same address', () => {
    const port = listen(() => {});
    expect(port).toBeGreaterThan(0);
    expect(new Transport(() => {}).listen('192.0.2.1', 0)).toBeNull();
  });

  it('takes no more connections once it stops listening', async () => {
    const port = listen(
      writing((writer) => void writer.whole({ status: 200, headers: new HeaderList() }, Buffer.from('x'))),
    );
    const held = await RawClient.open({ port });
    transport?.stopListening();
    const refused = connect({ port, host: '127.0.0.1' });
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    held.send(END);
    await held.until((text) => text.endsWith('the end'));
    held.leave();
  });

  it('writes no length for 204 and 304, and frames the next response right', async () => {
    for (const status of [204, 304]) {
      const port = listen(
        writing((writer) => void writer.whole({ status, headers: new HeaderList() }, Buffer.from('body'))),
      );
      const text = await answerOf(port, `GET / HTTP/1.1\r\nHost: h\r\n\r\n${END}`, 'the end');
      expect(text.split('\r\n\r\n')[0]).not.toMatch(/content-length|transfer-encoding/i);
      expect(text.split('\r\n\r\n')[1]).toMatch(/^HTTP\/1\.1 200/);
      transport?.close();
    }
  });

  it.each([null, 400_000])('streams a relayed body of length %s to a slow reader', async (length) => {
    const body = Buffer.alloc(400_000, 'ghijklmnop');
    const headers = HeaderList.from(length === null ? [] : [['content-length', String(length)]]);
    const port = listen(writing((writer) => void relay(new BytesSource(body), writer.open({ status: 200, headers }))));
    const client = await RawClient.open({ port });
    client.get('h');
    client.socket.pause();
    await new Promise(setImmediate);
    client.socket.resume();
    const ending = length === null ? '0\r\n\r\n' : 'ghijklmnop';
    const text = await client.until((all) => all.length > body.length && all.endsWith(ending));
    const content = text.slice(text.indexOf('\r\n\r\n') + 4);
    const plain = length === null ? content.replace(/\r?\n?[0-9a-f]+\r\n/gi, '').replace(/\r\n/g, '') : content;
    expect(plain === body.toString()).toBe(true);
    client.leave();
  });

  it('hands over a paused body once it is resumed', async () => {
    let body: RequestBody | null = null;
    const port = listen((response) => {
      const own = new RequestBody(10_000_000, {
        pause: () => {
          response.pause();
          return true;
        },
        resume: () => response.resume(),
      });
      body = own;
      response.onAborted(() => own.fail('closed'));
      response.onData((chunk, last) => own.push(chunk, last));
      own.whenOver(() => response.cork(() => void response.end('over')));
    });
    const client = await RawClient.open({ port });
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n`);
    client.send(Buffer.alloc(3_000_000, 'x'));
    while (body === null) await new Promise(setImmediate);
    let total = 0;
    const own = body as RequestBody;
    for (let chunk = await own.read(100_000); chunk !== null; chunk = await own.read(100_000)) total += chunk.length;
    expect(total).toBe(3_000_000);
    await client.until((text) => text.endsWith('over'));
    client.leave();
  });

  it('keeps the case of the method, and gives repeated fields one by one', async () => {
    const seen: string[] = [];
    const port = listen((response, request) => {
      seen.push(request.getCaseSensitiveMethod());
      request.forEach((name, value) => void seen.push(`${name}=${value}`));
      response.end('seen');
    });
    await answerOf(port, 'GeT / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-A: 2\r\n\r\n', 'seen');
    expect(seen).toEqual(['GeT', 'host=h', 'x-a=1', 'x-a=2']);
  });
});
