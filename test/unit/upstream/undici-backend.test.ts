import { once } from 'node:events';
import { type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { BodyError, BytesSource, type BodySource } from '../../../src/http/body.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { AddressPolicy } from '../../../src/upstream/address-policy.ts';
import { HIGH_WATER_BYTES } from '../../../src/upstream/limits.ts';
import { backendAt, errorOf, requestOf, serveHttp, serveSocket, serveText, textOf } from './origin.ts';

/** A source whose chunks the test hands over one by one. */
class HandFedSource implements BodySource {
  cancelled = 0;
  reads = 0;
  #waiting: PromiseWithResolvers<Uint8Array | null> | null = null;

  read(): Promise<Uint8Array | null> {
    this.reads += 1;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  give(text: string | null): void {
    this.#waiting?.resolve(text === null ? null : Buffer.from(text));
  }

  breakOff(): void {
    this.#waiting?.reject(new BodyError('closed'));
  }

  cancel(): void {
    this.cancelled += 1;
    this.#waiting?.resolve(null);
  }
}

/** A source of `total` bytes in chunks of 16 KiB. */
function bigSource(total: number): BodySource & { given: number } {
  return {
    given: 0,
    read() {
      const chunk = Buffer.alloc(Math.min(16_384, total - this.given), 'x');
      this.given += chunk.length;
      return chunk.length === 0 ? null : chunk;
    },
    cancel() {},
  };
}

describe('what goes out', () => {
  test('is the method, target, fields and Host of the URL, with the marks of this hop', async () => {
    const url = await serveHttp((request, response) =>
      response.end(JSON.stringify([request.method, request.url, request.rawHeaders])),
    );
    const headers = HeaderList.from([
      ['Host', 'evil.example'],
      ['X-Name', 'Zürich'],
      ['Connection', 'close, X-Private'],
      ['X-Private', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['Content-Length', '99'],
      ['Upgrade', 'websocket'],
      ['Expect', '100-continue'],
      ['x-forwarded-for', '127.0.0.1'],
      ['Forwarded', 'for=127.0.0.1'],
      ['Via', '1.0 front'],
      ['CDN-Loop', 'other'],
      ['X-Name', 'second'],
    ]);
    const forwarded = { for: '2001:db8::7', proto: 'https', host: 'app.example:8443' } as const;
    const { body } = await backendAt(`${url}/base/`).fetch(
      requestOf({ method: 'DELETE', target: '//a?b=%20', headers, forwarded }),
    );
    const [method, target, fields] = JSON.parse(await textOf(body)) as [string, string, string[]];
    expect([method, target]).toEqual(['DELETE', '/base//a?b=%20']);
    expect(fields).toEqual([
      'host',
      new URL(url).host,
      'connection',
      'keep-alive',
      'X-Name',
      Buffer.from('Zürich').toString('latin1'),
      'Via',
      '1.0 front',
      'X-Name',
      'second',
      'Via',
      '1.1 kerb',
      'CDN-Loop',
      'other, kerb',
      'X-Forwarded-For',
      '2001:db8::7',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'app.example:8443',
      'Forwarded',
      'for="[2001:db8::7]";host="app.example:8443";proto=https',
    ]);
  });

  test('names from the prototype chain are fields like any other, both ways', async () => {
    const url = await serveText('HTTP/1.1 200 OK\r\n__proto__: 1\r\nconstructor: 2\r\nContent-Length: 0\r\n\r\n');
    const headers = HeaderList.from([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ]);
    const answer = await backendAt(url).fetch(requestOf({ headers }));
    expect(answer.headers.names()).toEqual(['__proto__', 'constructor', 'content-length']);
  });

  test('request splitting: characters whose low byte is CR or LF arrive as UTF-8', async () => {
    const url = await serveHttp((request, response) => response.end(JSON.stringify(request.headers)));
    const headers = HeaderList.from([['x-any', '\u010D\u010AEvil: 1']]);
    const { body } = await backendAt(url).fetch(requestOf({ headers }));
    const seen = JSON.parse(await textOf(body)) as Record<string, string>;
    expect(seen).not.toHaveProperty('evil');
    expect(Buffer.from(seen['x-any'] ?? '', 'latin1').toString()).toBe('\u010D\u010AEvil: 1');
  });

  test.each([
    ['a method with a blank', { method: 'GET /evil HTTP/1.1\r\n' }],
    ['no method', { method: '' }],
    ['CONNECT', { method: 'CONNECT' }],
    ['a target with a line break', { target: '/ HTTP/1.1\r\nEvil: 1' }],
    ['an absolute target', { target: 'http://evil.example/' }],
    ['a target without a slash', { target: '@evil.example/' }],
    ['an endless target', { target: `/${'a'.repeat(20_000)}` }],
    ['a value with a line break', { headers: HeaderList.from([['x', 'a\r\nEvil: 1']]) }],
    ['a name with a colon', { headers: HeaderList.from([['x: y\r\nz', 'a']]) }],
    ['too many fields', { headers: HeaderList.from(Array.from({ length: 300 }, () => ['x', 'y'] as const)) }],
    ['a fractional length', { body: new BytesSource(Buffer.from('a')), contentLength: 0.5 }],
  ])('%s is refused before a connection is made', async (_, parts) => {
    let connections = 0;
    const url = await serveSocket(() => (connections += 1));
    expect((await errorOf(backendAt(url).fetch(requestOf(parts)))).fault).toBe('protocol');
    expect(connections).toBe(0);
  });
});

describe('answers', () => {
  test('have status, fields without hop-by-hop ones, and body', async () => {
    const url = await serveText(
      'HTTP/1.1 207 Whatever\r\nX-A: 1\r\nConnection: x-gone\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\nx-a: caf\xc3\xa9\r\nContent-Length: 5\r\n\r\nhello',
    );
    const { status, headers, body } = await backendAt(url).fetch(requestOf());
    const seen: string[] = [];
    headers.forEach((name, value) => seen.push(`${name}: ${value}`));
    expect(status).toBe(207);
    expect(seen).toEqual(['X-A: 1', 'x-a: café', 'Content-Length: 5']);
    expect(await textOf(body)).toBe('hello');
  });

  test('redirects are answers, not orders', async () => {
    const url = await serveHttp((_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end('moved'),
    );
    const { status, headers, body } = await backendAt(url).fetch(requestOf());
    expect([status, headers.get('location'), await textOf(body)]).toEqual([302, 'http://169.254.169.254/', 'moved']);
  });

  test('content codings are left alone', async () => {
    const url = await serveHttp((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip at all'),
    );
    expect(await textOf((await backendAt(url).fetch(requestOf())).body)).toBe('not gzip at all');
  });

  test.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
  ])('%s %d has no body, and the next request is answered too', async (method, status) => {
    const url = await serveHttp((_, response) => response.writeHead(status, { 'x-n': '1' }).end());
    const backend = backendAt(url);
    for (let round = 0; round < 2; round++) {
      const answer = await backend.fetch(requestOf({ method }));
      expect([answer.status, await textOf(answer.body)]).toEqual([status, '']);
    }
  });

  test('the length that HEAD declares is kept', async () => {
    const url = await serveHttp((_, response) => response.writeHead(200, { 'content-length': '1234' }).end());
    const { headers, body } = await backendAt(url).fetch(requestOf({ method: 'HEAD' }));
    expect([headers.get('content-length'), await textOf(body)]).toEqual(['1234', '']);
  });

  test('trailers are there when the body has ended, without those that may not be', async () => {
    const url = await serveText(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\nSet-Cookie: a=b\r\nconnection: x\r\nContent-Type: a/b\r\n\r\n',
    );
    const { body, trailers } = await backendAt(url).fetch(requestOf());
    expect(trailers.size).toBe(0);
    expect(await textOf(body)).toBe('abc');
    expect(trailers.names()).toEqual(['x-sum']);
  });

  test('informational answers are passed over', async () => {
    const url = await serveText(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    const { status, headers, body } = await backendAt(url).fetch(requestOf());
    expect([status, headers.has('link'), await textOf(body)]).toEqual([200, false, 'ok']);
  });

  test('a body that is delimited by the end of the connection', async () => {
    const url = await serveText('HTTP/1.1 200 OK\r\n\r\nuntil the end');
    expect(await textOf((await backendAt(url).fetch(requestOf())).body)).toBe('until the end');
  });

  test('a read gives at most what is asked for', async () => {
    const url = await serveHttp((_, response) => response.end('abcdefgh'));
    const { body } = await backendAt(url).fetch(requestOf());
    const sizes: number[] = [];
    for (let chunk = await body.read(3); chunk !== null; chunk = await body.read(3)) sizes.push(chunk.length);
    expect(sizes).toEqual([3, 3, 2]);
  });
});

describe('broken framing is an error, not an answer', () => {
  test.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.0\r\n\r\n'],
    ['a bad status', 'HTTP/1.1 20x OK\r\n\r\n'],
    ['a status beyond 599', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    [
      'a coding that was not asked for',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    ],
    ['a coding that looks like chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
    ['two codings', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['a NUL in a value', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
    ['an escape in a value', 'HTTP/1.1 200 OK\r\nX: \x1b[31m\r\nContent-Length: 0\r\n\r\n'],
    ['a blank in a name', 'HTTP/1.1 200 OK\r\nX y: a\r\nContent-Length: 0\r\n\r\n'],
    ['a head of 100 KB', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['300 fields', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(300)}\r\n`],
    ['an endless row of informational answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)],
  ])('%s', async (_, text) => {
    const error = await errorOf(backendAt(await serveText(text)).fetch(requestOf()));
    expect(error.fault).toBe('protocol');
  });

  test.each([
    ['a body shorter than its length', 'Content-Length: 10\r\n\r\nabc'],
    ['chunks without an end', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
    ['a chunk size that is no number', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n'],
  ])('%s breaks off after what came', async (_, rest) => {
    const { body } = await backendAt(await serveText(`HTTP/1.1 200 OK\r\n${rest}`)).fetch(requestOf());
    expect(Buffer.from((await body.read(99)) ?? []).toString()).toBe('abc');
    await expect(body.read(99)).rejects.toMatchObject({ name: 'BodyError', fault: 'closed' });
    await expect(body.read(99)).rejects.toBeInstanceOf(BodyError);
  });

  test('an upgrade that was asked for, without the right proof', async () => {
    const url = await serveText(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
      'stay',
    );
    const sockets: unknown[] = [];
    const error = await errorOf(backendAt(url).fetch(requestOf({ onSwitch: (socket) => sockets.push(socket) })));
    expect([error.fault, sockets]).toEqual(['protocol', []]);
    expect(error.message).toContain('Sec-WebSocket-Accept');
  });

  test('an upgrade that was asked for, and is an ordinary answer', async () => {
    const url = await serveText('HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nno');
    const answer = await backendAt(url).fetch(requestOf({ onSwitch: () => expect.unreachable() }));
    expect([answer.status, await textOf(answer.body)]).toEqual([200, 'no']);
  });

  test('an upgrade that nobody asked for', async () => {
    const url = await serveText(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
      'stay',
    );
    expect((await errorOf(backendAt(url).fetch(requestOf()))).fault).toBe('connect');
  });

  test('a body that the end of the connection delimits and a reset cuts off', async () => {
    const url = await serveSocket((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\n\r\nabc', () => setImmediate(() => socket.resetAndDestroy())),
      );
    });
    const result = await backendAt(url)
      .fetch(requestOf())
      .then(({ body }) => textOf(body))
      .catch((error: Error) => error.name);
    expect(result).toBe('BodyError');
  });

  test('a connection that is closed without an answer, or reset', async () => {
    const closing = await serveSocket((socket) => socket.once('data', () => socket.end()));
    expect((await errorOf(backendAt(closing).fetch(requestOf()))).fault).toBe('connect');
    const resetting = await serveSocket((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect((await errorOf(backendAt(resetting).fetch(requestOf()))).fault).toBe('connect');
  });

  test('response queue poisoning: bytes after an answer do not answer the next request', async () => {
    const url = await serveSocket((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
      );
    });
    const backend = backendAt(url, { firstByteTimeoutMs: 200 });
    expect(await textOf((await backend.fetch(requestOf())).body)).toBe('a');
    const second = await backend.fetch(requestOf()).then(
      ({ body }) => textOf(body),
      () => 'failed',
    );
    expect(second).not.toBe('evil');
  });
});

describe('request bodies', () => {
  test('of known length go with Content-Length, others in chunks, none with neither', async () => {
    const url = await serveHttp((request, response) => {
      request.resume().on('end', () => {
        response.end(JSON.stringify([request.headers['content-length'], request.headers['transfer-encoding']]));
      });
    });
    const backend = backendAt(url);
    const framing = async (parts: object): Promise<unknown> =>
      JSON.parse(await textOf((await backend.fetch(requestOf(parts))).body));
    const body = (): BodySource => new BytesSource(Buffer.from('hello'));
    expect(await framing({ method: 'POST', body: body(), contentLength: 5 })).toEqual(['5', null]);
    expect(await framing({ method: 'POST', body: body() })).toEqual([null, 'chunked']);
    expect(await framing({ method: 'GET', body: new BytesSource(new Uint8Array(0)) })).toEqual([null, null]);
    expect(await framing({ method: 'POST', body: null })).toEqual(['0', null]);
    expect(await framing({ method: 'PUT', body: body(), contentLength: 0 })).toEqual(['0', null]);
  });

  test('request smuggling: a body that is longer than announced never gets past its length', async () => {
    const { promise: seen, resolve } = Promise.withResolvers<string>();
    const url = await serveSocket((socket) => {
      const parts: Buffer[] = [];
      socket
        .on('data', (part) => parts.push(Buffer.from(part)))
        .on('close', () => resolve(Buffer.concat(parts).toString()));
    });
    const body = new BytesSource(Buffer.from('abcGET /evil HTTP/1.1\r\nHost: x\r\n\r\n'));
    const error = await errorOf(backendAt(url).fetch(requestOf({ method: 'POST', body, contentLength: 3 })));
    expect(error.fault).toBe('protocol');
    expect(await seen).not.toContain('evil');
  });

  test('a body that is shorter than announced fails the exchange', async () => {
    const url = await serveSocket((socket) => socket.resume());
    const body = new BytesSource(Buffer.from('ab'));
    expect((await errorOf(backendAt(url).fetch(requestOf({ method: 'POST', body, contentLength: 3 })))).fault).toBe(
      'protocol',
    );
  });

  test('stream while the answer streams', async () => {
    const url = await serveHttp((request, response) => void request.pipe(response));
    const source = new HandFedSource();
    const pending = backendAt(url).fetch(requestOf({ method: 'POST', body: source }));
    await expect.poll(() => source.reads).toBe(1);
    source.give('one');
    const { body } = await pending;
    expect(Buffer.from((await body.read(99)) ?? []).toString()).toBe('one');
    source.give('two');
    expect(Buffer.from((await body.read(99)) ?? []).toString()).toBe('two');
    source.give(null);
    expect(await body.read(99)).toBeNull();
  });

  test('wait for a backend that does not read', async () => {
    const sockets: Socket[] = [];
    const url = await serveSocket((socket) => sockets.push(socket.pause()));
    const total = 64 * 1024 * 1024;
    const source = bigSource(total);
    const abort = new AbortController();
    const pending = errorOf(backendAt(url).fetch(requestOf({ method: 'POST', body: source, signal: abort.signal })));
    let last = -1;
    await expect
      .poll(() => [source.given > 0, last === (last = source.given)], { interval: 100 })
      .toEqual([true, true]);
    expect(source.given).toBeLessThan(total / 2);
    abort.abort();
    expect((await pending).fault).toBe('aborted');
  });

  test('that break off half-way abort the exchange, and the backend sees no end', async () => {
    const { promise: ended, resolve } = Promise.withResolvers<string>();
    const url = await serveHttp((request) => {
      request
        .on('end', () => resolve('complete'))
        .on('error', () => resolve('broken'))
        .resume();
    });
    const source = new HandFedSource();
    const pending = errorOf(backendAt(url).fetch(requestOf({ method: 'POST', body: source })));
    await expect.poll(() => source.reads).toBe(1);
    source.give('half');
    await expect.poll(() => source.reads).toBe(2);
    source.breakOff();
    expect((await pending).fault).toBe('aborted');
    expect(await ended).toBe('broken');
  });

  test('are cancelled when the backend answers without reading them', async () => {
    const url = await serveText('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n', 'stay');
    const source = new HandFedSource();
    const pending = backendAt(url).fetch(requestOf({ method: 'POST', body: source }));
    await expect.poll(() => source.reads).toBe(1);
    source.give('some');
    const { status, body } = await pending;
    expect([status, await textOf(body)]).toEqual([413, '']);
    expect(source.cancelled).toBeGreaterThan(0);
  });

  test('are cancelled when there is no connection', async () => {
    const source = new HandFedSource();
    const policy = new AddressPolicy();
    expect(
      (await errorOf(backendAt('http://127.0.0.1:1', { policy }).fetch(requestOf({ method: 'POST', body: source }))))
        .fault,
    ).toBe('refused_address');
    expect(source.cancelled).toBeGreaterThan(0);
  });
});

describe('backpressure', () => {
  test('a slow reader stops the backend, and gets everything in the end', async () => {
    const total = 32 * 1024 * 1024;
    let written = 0;
    const url = await serveHttp((_, response) => {
      const chunk = Buffer.alloc(65_536, 'x');
      const write = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    });
    const { body } = await backendAt(url).fetch(requestOf());
    let last = -1;
    await expect
      .poll(() => [written > HIGH_WATER_BYTES, last === (last = written)], { interval: 100 })
      .toEqual([true, true]);
    expect(written).toBeLessThan(total);
    let got = 0;
    for (let chunk = await body.read(1 << 20); chunk !== null; chunk = await body.read(1 << 20)) got += chunk.length;
    expect(got).toBe(total);
  });

  test('a paused body is not taken for a slow backend', async () => {
    const url = await serveHttp((_, response) => response.end(Buffer.alloc(4 * 1024 * 1024, 'x')));
    const { body } = await backendAt(url, { betweenBytesTimeoutMs: 50 }).fetch(requestOf());
    const silent = await serveSocket((socket) => socket.resume());
    const other = backendAt(silent, { firstByteTimeoutMs: 200 });
    expect((await errorOf(other.fetch(requestOf()))).fault).toBe('timeout');
    expect((await textOf(body)).length).toBe(4 * 1024 * 1024);
  });
});

describe('timeouts', () => {
  test('the first byte', async () => {
    const url = await serveSocket((socket) => socket.resume());
    expect((await errorOf(backendAt(url, { firstByteTimeoutMs: 50 }).fetch(requestOf()))).fault).toBe('timeout');
  });

  test('slow loris: a head that comes byte by byte does not push the deadline', async () => {
    const url = await serveSocket((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const timer = setInterval(() => socket.write('a'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await errorOf(backendAt(url, { firstByteTimeoutMs: 100 }).fetch(requestOf()))).fault).toBe('timeout');
  });

  test('between bytes', async () => {
    const url = await serveText('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'stay');
    const { body } = await backendAt(url, { betweenBytesTimeoutMs: 50 }).fetch(requestOf());
    await body.read(99);
    await expect(body.read(99)).rejects.toMatchObject({ fault: 'closed', cause: { fault: 'timeout' } });
  });

  test('connecting, the name server included', async () => {
    const lookup = (): Promise<string[]> => Promise.withResolvers<string[]>().promise;
    const error = await errorOf(backendAt('http://slow.example/', { connectTimeoutMs: 50, lookup }).fetch(requestOf()));
    expect(error.fault).toBe('timeout');
  });
});

describe('aborts', () => {
  test('before the request', async () => {
    const source = new HandFedSource();
    const error = await errorOf(
      backendAt('http://127.0.0.1:1').fetch(requestOf({ body: source, signal: AbortSignal.abort() })),
    );
    expect([error.fault, source.cancelled]).toEqual(['aborted', 1]);
  });

  test('while the answer is awaited: the connection is given up', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
    const url = await serveSocket((socket) => socket.on('close', () => resolve()).once('data', () => onAsked()));
    const abort = new AbortController();
    const pending = errorOf(backendAt(url).fetch(requestOf({ signal: abort.signal })));
    await asked;
    abort.abort();
    expect((await pending).fault).toBe('aborted');
    await closed;
  });

  test('while the body is read: the pending read rejects and what was queued is gone', async () => {
    const url = await serveText('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'stay');
    const abort = new AbortController();
    const { body } = await backendAt(url).fetch(requestOf({ signal: abort.signal }));
    await body.read(1);
    await body.read(2);
    const pending = body.read(1);
    abort.abort();
    await expect(pending).rejects.toMatchObject({ fault: 'closed' });
  });

  test('a cancelled body gives up the connection, and its pending read answers null', async () => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const url = await serveSocket((socket) => {
      socket
        .on('close', () => resolve())
        .once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'));
    });
    const { body } = await backendAt(url).fetch(requestOf());
    const pending = body.read(1);
    body.cancel();
    body.cancel();
    expect(await pending).toBeNull();
    expect(await body.read(1)).toBeNull();
    await closed;
  });

  test('of a request that waits for a connection spare the connection it waits for', async () => {
    const answers: (() => void)[] = [];
    const ports = new Set<number | undefined>();
    const url = await serveHttp((request, response) => {
      ports.add(request.socket.remotePort);
      answers.push(() => response.end(request.url));
    });
    const backend = backendAt(url, { maxConnections: 1 });
    const first = backend.fetch(requestOf({ target: '/1' }));
    await expect.poll(() => answers.length).toBe(1);
    const abort = new AbortController();
    const second = errorOf(backend.fetch(requestOf({ target: '/2', signal: abort.signal })));
    const third = backend.fetch(requestOf({ target: '/3' }));
    abort.abort();
    expect((await second).fault).toBe('aborted');
    answers[0]?.();
    expect(await textOf((await first).body)).toBe('/1');
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.();
    expect(await textOf((await third).body)).toBe('/3');
    expect(ports.size).toBe(1);
  });
});

describe('capacity', () => {
  test('as many connections as allowed, as many waiting, and then refusal', async () => {
    const open = new Set<Socket>();
    const url = await serveSocket((socket) => open.add(socket.resume()));
    const backend = backendAt(url, { maxConnections: 2, maxWaiting: 1 });
    const abort = new AbortController();
    const pending = [1, 2, 3].map(() => errorOf(backend.fetch(requestOf({ signal: abort.signal }))));
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('overloaded');
    await expect.poll(() => open.size).toBe(2);
    abort.abort();
    expect((await Promise.all(pending)).map(({ fault }) => fault)).toEqual(['aborted', 'aborted', 'aborted']);
  });

  test('connections are used again', async () => {
    const ports = new Set<number | undefined>();
    const url = await serveHttp((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    const backend = backendAt(url);
    for (let i = 0; i < 5; i++) await textOf((await backend.fetch(requestOf())).body);
    expect(ports.size).toBeLessThanOrEqual(2); // A connection rests for one turn of the event loop.
  });

  test('closing ends what is under way, and nothing starts afterwards', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<Socket>();
    const url = await serveSocket((socket) => socket.once('data', () => resolve(socket)));
    const backend = backendAt(url);
    const pending = errorOf(backend.fetch(requestOf()));
    const socket = await asked;
    await Promise.all([backend.close(), once(socket.resume(), 'close')]);
    expect((await pending).fault).toBe('aborted');
    expect((await errorOf(backend.fetch(requestOf()))).fault).toBe('aborted');
    await backend.close();
  });
});
