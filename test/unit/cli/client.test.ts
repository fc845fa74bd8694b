import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pageOf } from '../../../src/cli/answers.ts';
import { Client } from '../../../src/cli/client.ts';
import { AnswerError, ProblemError, UnreachableError } from '../../../src/cli/problem.ts';
import { FakeControl, TOKEN, refuse, respond } from './fake-control.ts';

let server: FakeControl;
let stop: AbortController;

beforeEach(async () => {
  stop = new AbortController();
  server = new FakeControl();
  await server.listen();
});

afterEach(async () => server.close());

function client(base = server.url, token: string | null = TOKEN): Client {
  return new Client({ base, token, tokenRemedy: 'look at KERB_TOKEN', signal: stop.signal });
}

const WHOAMI = { method: 'GET', path: ['v1', 'whoami'] } as const;
const CREATE = { method: 'POST', path: ['v1', 'tenants'], body: { json: { name: 'hello' } } } as const;

describe('a request', () => {
  it('carries the token, and a change an idempotency key of its own', async () => {
    await client().send(WHOAMI);
    expect(server.last.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, accept: 'application/json' });
    expect(server.last.headers['idempotency-key']).toBeUndefined();
    await client().send(CREATE);
    const first = server.last.headers['idempotency-key'];
    await client().send({ ...CREATE, body: { json: { name: 'other' } } });
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.last.headers['idempotency-key']).not.toBe(first);
  });

  it('keeps the prefix of the base and encodes what comes from outside', async () => {
    server.instead.push((_, response) => respond(response, 200, {}));
    await client(`${server.url}/admin`).send({
      ...WHOAMI,
      path: ['v1', 'a/b?c#d', '\ud800'],
      query: { q: 'x&y', none: undefined },
    });
    expect(server.last.path).toBe('/admin/v1/a%2Fb%3Fc%23d/%EF%BF%BD');
    expect(server.last.query).toEqual({ q: 'x&y' });
  });

  it('is sent once more under the same key when the connection breaks', async () => {
    server.instead.push((_, response) => response.destroy());
    const reply = await client().send(CREATE);
    expect(reply.status).toBe(201);
    const [first, second] = server.requests;
    expect(server.requests).toHaveLength(2);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(second?.body).toEqual(first?.body);
  });

  it('is sent once more when the answer breaks off', async () => {
    server.instead.push((_, response) => {
      response.writeHead(201, { 'content-length': '100' }).write('{');
      setImmediate(() => response.destroy());
    });
    expect((await client().send(CREATE)).status).toBe(201);
    expect(server.requests).toHaveLength(2);
  });

  it('is given up when the connection breaks twice', async () => {
    for (let times = 0; times < 3; times++) server.instead.push((_, response) => response.destroy());
    await expect(client().send(CREATE)).rejects.toThrow(UnreachableError);
    expect(server.requests).toHaveLength(2);
  });

  it('is not sent again when the server refuses', async () => {
    server.instead.push((_, response) => refuse(response, 503, 'draining', 'later'));
    await expect(client().send(CREATE)).rejects.toThrow(ProblemError);
    expect(server.requests).toHaveLength(1);
  });

  it('ends with the signal', async () => {
    server.instead.push(() => stop.abort(new Error('enough')));
    await expect(client().send(WHOAMI)).rejects.toThrow('enough');
  });

  it('reports how much of an upload is sent', async () => {
    server.addTenant('hello');
    const sent: number[] = [];
    const body = new Uint8Array(150_000).fill(7);
    const call = {
      method: 'POST',
      path: ['v1', 'tenants', 'hello', 'versions'],
      body,
      onSent: (count: number) => sent.push(count),
    } as const;
    await client().send(call);
    expect(sent).toEqual([0, 65_536, 131_072, 150_000]);
    expect(server.last.body).toEqual(Buffer.from(body));
    expect(server.last.headers['content-length']).toBe('150000');
  });

  it('sends a whole upload again when the connection breaks', async () => {
    server.addTenant('hello');
    server.instead.push((_, response) => response.destroy());
    const body = new Uint8Array(100_000).fill(7);
    const path = ['v1', 'tenants', 'hello', 'versions'];
    await client().send({ method: 'POST', path, body, onSent: () => undefined });
    expect(server.requests.map((request) => request.body.length)).toEqual([100_000, 100_000]);
  });
});

describe('an upload that is refused before it is read', () => {
  it('tells why, although the rest cannot be sent', async () => {
    const hasty = createServer((_, response) => {
      response.writeHead(413, { connection: 'close' }).end('{"title":"Too large","code":"too_large"}');
    });
    hasty.listen(0, '127.0.0.1');
    await once(hasty, 'listening');
    const base = `http://127.0.0.1:${(hasty.address() as AddressInfo).port}`;
    const body = new Uint8Array(16 * 2 ** 20);
    const call = { method: 'POST', path: ['v1', 'x'], body, onSent: () => undefined } as const;
    await expect(client(base).send(call)).rejects.toMatchObject({ status: 413, code: 'too_large' });
    hasty.closeAllConnections();
    hasty.close();
  });
});

describe('a failure', () => {
  it('names the address where nobody answers', async () => {
    const { url } = server;
    const gone = new FakeControl();
    await gone.listen();
    const free = gone.url;
    await gone.close();
    expect(free).not.toBe(url);
    await expect(client(free).send(WHOAMI)).rejects.toThrow(
      `no Kerb answers at ${free} (ECONNREFUSED); start one with npm start`,
    );
    await expect(client('http://nobody.invalid').send(WHOAMI)).rejects.toThrow(UnreachableError);
  });

  it('says where a token that is not taken came from', async () => {
    const error = await client(server.url, null)
      .send(WHOAMI)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 401, code: 'unauthorized', detail: 'no valid token; look at KERB_TOKEN' });
    expect(server.last.headers.authorization).toBeUndefined();
  });

  it.each([
    [502, '<html>', 'The server answered with status 502'],
    [404, '', 'There is no such thing'],
    [400, '{"title":3,"detail":"no","errors":"x"}', 'The server answered with status 400: no'],
    [400, '[]', 'The server answered with status 400'],
  ])('reads a %i of %j', async (status, body, message) => {
    server.instead.push((_, response) => response.writeHead(status).end(body));
    await expect(client().send(WHOAMI)).rejects.toThrow(new RegExp(`^${message}$`));
  });

  it('does not follow a redirect: the token is not for others', async () => {
    server.instead.push((_, response) => response.writeHead(307, { location: `${server.url}/elsewhere` }).end());
    await expect(client().send(WHOAMI)).rejects.toThrow(/redirects to/);
    expect(server.requests).toHaveLength(1);
  });

  it('does not read an answer that is too large', async () => {
    server.instead.push((_, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(2 ** 20);
      const more = (): void => void (response.write(chunk) ? setImmediate(more) : response.once('drain', more));
      more();
    });
    await expect(client().send(WHOAMI)).rejects.toThrow(/larger than 67108864 bytes/);
  });

  it.each([['<html>'], ['{"subject":3}'], ['null'], ['']])('knows that %j is no answer of Kerb', async (body) => {
    server.instead.push((_, response) => response.writeHead(200).end(body));
    await expect(client().ask(z.object({ subject: z.string() }), WHOAMI)).rejects.toThrow(AnswerError);
  });
});

describe('a list', () => {
  const page = pageOf(z.number());

  it('is read page by page until it ends or there is enough', async () => {
    const answers = [
      { items: [1, 2], next: 'b' },
      { items: [3, 4], next: null },
    ];
    const serve = (): void => {
      for (const body of answers) server.instead.push((_, response) => respond(response, 200, body));
    };
    serve();
    expect(await Array.fromAsync(client().list(page, WHOAMI))).toEqual([1, 2, 3, 4]);
    expect(server.last.query).toEqual({ limit: '1000', cursor: 'b' });
    serve();
    expect(await Array.fromAsync(client().list(page, WHOAMI, 3))).toEqual([1, 2, 3]);
    expect(server.last.query).toEqual({ limit: '1', cursor: 'b' });
  });

  it('that turns in a circle is no list', async () => {
    for (let times = 0; times < 3; times++) {
      server.instead.push((_, response) => respond(response, 200, { items: [], next: 'again' }));
    }
    await expect(Array.fromAsync(client().list(page, WHOAMI))).rejects.toThrow(/does not end/);
  });
});
