/** Proxy-Wasm filters, end to end: what they see and change of real exchanges, and what clients get of them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CALL_BODY,
  CALL_HEADERS,
  callOut,
  callStatus,
  filter,
  pairs,
  PAUSE,
  REQUEST_BODY,
  REQUEST_HEADERS,
  RESPONSE_BODY,
  RESPONSE_HEADERS,
  type FilterCode,
  type FilterText,
} from '../filters.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';

let origin: Server;
let edge: Edge;

/** What the origin has been asked. */
const asked: string[] = [];

async function startOrigin(): Promise<number> {
  origin = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      asked.push(`${request.method} ${request.url}`);
      response.setHeader('x-origin', 'yes');
      if (request.url === '/deny') response.statusCode = 401;
      if (request.url === '/trailers') response.setHeader('trailer', 'x-sum');
      if (request.url === '/sized') return void response.end('a'.repeat(150_000));
      if (request.url === '/large') response.write('a'.repeat(150_000));
      if (request.url === '/trailers') response.addTrailers({ 'x-sum': '7' });
      response.end(request.url === '/echo' ? JSON.stringify({ headers: request.headers, body }) : 'from origin');
    });
  });
  await new Promise<void>((listening) => origin.listen(0, '127.0.0.1', listening));
  return (origin.address() as AddressInfo).port;
}

let port = 0;

function app(code: (text: FilterText) => FilterCode, manifest = ''): TestApp {
  const backends = ['site', 'auth'].map((name) => `[backends.${name}]\nurl = "http://127.0.0.1:${port}"`).join('\n');
  return { module: filter(code), manifest: `origin = "site"\n${manifest}\n${backends}` };
}

/** Shows in a response field what the last call handed over. */
const SHOW = (text: FilterText, name: string): string =>
  `(drop (call $add_header_map_value ${RESPONSE_HEADERS} ${text(name)} (call $at) (call $len)))`;

const AUTHORIZE = (text: FilterText): FilterCode => ({
  fields: '(global $stream (mut i32) (i32.const 0))',
  requestHeaders: `(global.set $stream (local.get $id))
    (drop (call $get ${REQUEST_HEADERS} ${text(':path')}))
    (i32.store (i32.const 16) (call $at)) (i32.store (i32.const 20) (call $len))
    ${callOut(text, 'auth', '/deny')}
    ${PAUSE}`,
  callResponse: `(drop (call $get ${CALL_HEADERS} ${text(':status')}))
    (drop (call $set_effective_context (global.get $stream)))
    (if (i32.eq (i32.load8_u (call $at)) (i32.const 50))
      (then (drop (call $continue_stream (i32.const 0))))
      (else (call $answer (i32.const 403) (call $at) (call $len))))`,
});

const APPS: Readonly<Record<string, () => TestApp>> = {
  headers: () =>
    app((text) => ({
      requestHeaders: `(drop (call $add_header_map_value ${REQUEST_HEADERS} ${text('X-Added')} ${text('a')}))
        (drop (call $replace_header_map_value ${REQUEST_HEADERS} ${text('x-kept')} ${text('new')}))
        (drop (call $remove_header_map_value ${REQUEST_HEADERS} ${text('X-Gone')}))
        (drop (call $replace_header_map_value ${REQUEST_HEADERS} ${text(':path')} ${text('/echo')}))
        (drop (call $replace_header_map_value ${REQUEST_HEADERS} ${text(':method')} ${text('PUT')}))`,
      responseHeaders: `(drop (call $get ${REQUEST_HEADERS} ${text(':method')})) ${SHOW(text, 'x-method')}
        (drop (call $replace_header_map_value ${RESPONSE_HEADERS} ${text(':status')} ${text('202')}))
        (drop (call $remove_header_map_value ${RESPONSE_HEADERS} ${text('x-origin')}))`,
    })),
  local: () =>
    app((text) => ({
      requestHeaders: `(drop (call $send_local_response (i32.const 418) ${text('why')} ${text('tea\n')}
          ${text(pairs([['x-pot', 'short']]))} (i32.const -1)))
        ${PAUSE}`,
      responseHeaders: `(drop (call $add_header_map_value ${RESPONSE_HEADERS} ${text('x-seen')} ${text('yes')}))`,
    })),
  'local-late': () => app((text) => ({ responseHeaders: `(call $answer (i32.const 503) ${text('no')}) ${PAUSE}` })),
  'local-body': () => app((text) => ({ requestBody: `(call $answer (i32.const 413) ${text('too much')}) ${PAUSE}` })),
  authorize: () => app(AUTHORIZE),
  'call-back': () =>
    app((text) => ({
      fields: '(global $stream (mut i32) (i32.const 0))',
      requestHeaders: `(global.set $stream (local.get $id)) ${callOut(text, 'auth', '/what')} ${PAUSE}`,
      callResponse: `(drop (call $body ${CALL_BODY}))
        (drop (call $set_effective_context (global.get $stream)))
        (call $answer (i32.const 200) (call $at) (call $len))`,
    })),
  'call-none': () => app((text) => ({ requestHeaders: `(call $say ${callStatus(text, 'elsewhere')}) ${PAUSE}` })),
  prepend: () =>
    app((text) => ({
      requestBody: `(drop (call $set_buffer_bytes ${REQUEST_BODY} (i32.const 0) (i32.const 0) ${text('first ')}))
        (drop (call $set_buffer_bytes ${REQUEST_BODY} (i32.const -1) (i32.const 0) ${text(' last')}))`,
      responseHeaders: `(drop (call $remove_header_map_value ${RESPONSE_HEADERS} ${text('content-length')}))`,
    })),
  replace: () =>
    app((text) => ({
      responseHeaders: `(drop (call $remove_header_map_value ${RESPONSE_HEADERS} ${text('content-length')}))`,
      responseBody: `(if (i32.eqz (local.get $last)) (then ${PAUSE}))
        (drop (call $set_buffer_bytes ${RESPONSE_BODY} (i32.const 0) (local.get $size) ${text('replaced')}))`,
    })),
  'resize-late': () =>
    app((text) => ({
      responseBody: `(if (local.get $last) (then
        (drop (call $set_buffer_bytes ${RESPONSE_BODY} (i32.const -1) (i32.const 0) ${text('more')}))))`,
    })),
  config: () =>
    app(
      () => ({
        requestHeaders: `(drop (call $body (i32.const 7))) (call $answer (i32.const 200) (call $at) (call $len)) ${PAUSE}`,
      }),
      'config = "greeting=héllo"',
    ),
  refused: () => app(() => ({ configure: '(return (i32.const 0))' })),
  stuck: () => app(() => ({ requestHeaders: PAUSE })),
  closes: () => app(() => ({ requestHeaders: `(drop (call $close_stream (i32.const 0))) ${PAUSE}` })),
  ticking: () =>
    app((text) => ({
      fields: '(global $stream (mut i32) (i32.const 0))',
      configure: '(drop (call $set_tick_period_milliseconds (i32.const 20)))',
      requestHeaders: `(global.set $stream (local.get $id)) ${PAUSE}`,
      tick: `(drop (call $set_effective_context (global.get $stream))) (call $answer (i32.const 200) ${text('ticked')})`,
    })),
  counting: () =>
    app((text) => ({
      requestHeaders: `(loop $again
          (i32.store (i32.const 12) (i32.const 0))
          (if (i32.eqz (call $get_shared_data ${text('n')} (i32.const 0) (i32.const 4) (i32.const 12)))
            (then (local.set $n (i32.load (call $at)))))
          (i32.store (i32.const 16) (i32.add (local.get $n) (i32.const 1)))
          (br_if $again (i32.eq (i32.const 8)
            (call $set_shared_data ${text('n')} (i32.const 16) (i32.const 4) (i32.load (i32.const 12))))))
        (call $say (i32.load (i32.const 16))) ${PAUSE}`,
    })),
  queue: () =>
    app((text) => ({
      fields: '(global $stream (mut i32) (i32.const 0))',
      configure: `(drop (call $register_shared_queue ${text('jobs')} (i32.const 12)))`,
      requestHeaders: `(global.set $stream (local.get $id))
        (drop (call $enqueue_shared_queue (i32.load (i32.const 12)) ${text('a job')})) ${PAUSE}`,
      queueReady: `(drop (call $dequeue_shared_queue (local.get $queue) (i32.const 0) (i32.const 4)))
        (drop (call $set_effective_context (global.get $stream)))
        (call $answer (i32.const 200) (call $at) (call $len))`,
    })),
  metrics: () =>
    app((text) => ({
      requestHeaders: `(drop (call $define_metric (i32.const 0) ${text('hits "a"')} (i32.const 12)))
        (drop (call $increment_metric (i32.load (i32.const 12)) (i64.const 3)))
        (drop (call $get_metric (i32.load (i32.const 12)) (i32.const 16)))
        (call $say (i32.load (i32.const 16))) ${PAUSE}`,
    })),
  warm: () =>
    app(
      () => ({
        fields: '(global $count (mut i32) (i32.const 0))',
        requestHeaders: `(global.set $count (i32.add (global.get $count) (i32.const 1)))
          (call $say (global.get $count)) ${PAUSE}`,
      }),
      'isolation = "reuse"',
    ),
  old: () =>
    app(
      (text) => ({
        version: '0_1_0',
        allocator: 'malloc',
        fields: `(global $stream (mut i32) (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32) (result i32)
          (drop (call $get_configuration (i32.const 0) (i32.const 4))) ${SHOW(text, 'x-config')} (i32.const 0))`,
        requestHeaders: `(global.set $stream (local.get $id)) ${callOut(text, 'auth')} ${PAUSE}`,
        callResponse: `(drop (call $set_effective_context (global.get $stream))) (drop (call $continue_request))`,
      }),
      'config = "old"',
    ),
  trailers: () =>
    app(
      (text) => ({
        responseTrailers: `(drop (call $get (i32.const 3) ${text('x-sum')}))
          (drop (call $log (i32.const 2) (call $at) (call $len)))`,
        ended: `(drop (call $log (i32.const 3) ${text('ended')}))`,
        deleted: `(drop (call $log (i32.const 4) ${text('deleted')}))`,
      }),
      '[limits]\ncache_mb = 0',
    ),
};

beforeAll(async () => {
  port = await startOrigin();
  const apps = Object.fromEntries(Object.entries(APPS).map(([name, make]) => [name, make()]));
  edge = await startEdge({ apps, flags: ['--allow-backend', '127.0.0.0/8'] });
});
afterAll(async () => {
  await edge.stop();
  origin.close();
});

describe('a filter changes', () => {
  it('fields and the start line of a request, and of its response', async () => {
    const { status, headers, text } = await edge.fetch('headers', '/x', {
      headers: { 'x-kept': 'old', 'x-gone': '1' },
    });
    const seen = JSON.parse(text) as { headers: Record<string, string> };
    expect(seen.headers).toMatchObject({ 'x-added': 'a', 'x-kept': 'new' });
    expect(seen.headers).not.toHaveProperty('x-gone');
    expect({ status, method: headers['x-method'] }).toEqual({ status: 202, method: 'PUT' });
    expect(headers).not.toHaveProperty('x-origin');
  });

  it('a request body, whose length is then right', async () => {
    const { text } = await edge.fetch('prepend', '/echo', { method: 'POST', body: 'middle' });
    expect(JSON.parse(text)).toMatchObject({ body: 'first middle last', headers: { 'content-length': '17' } });
  });

  it('a long request body that comes in pieces', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 4; piece++) {
        yield Buffer.alloc(50_000, 'x');
        await new Promise(setImmediate);
      }
    }
    const { text } = await edge.fetch('prepend', '/echo', { method: 'POST', body: pieces() });
    const { body } = JSON.parse(text) as { body: string };
    expect(body.replaceAll('x', '')).toMatch(/^(first )+( lastfirst )*( last)+$|^(first  last)+$/);
    expect(body.replaceAll(/[^x]/g, '')).toHaveLength(200_000);
  });

  it('a response body that it has held back until its end', async () => {
    const { text, headers } = await edge.fetch('replace', '/large');
    expect({ text, length: headers['content-length'] }).toEqual({ text: 'replaced', length: '8' });
  });

  it('a long response body at its end', async () => {
    const { text } = await edge.fetch('resize-late', '/large');
    expect(text).toHaveLength(150_000 + 'from origin'.length + 'more'.length);
    expect(text.endsWith('from originmore')).toBe(true);
  });

  it('a length that the client was told, and that sees that the response is not whole', async () => {
    await expect(edge.fetch('resize-late', '/sized')).rejects.toThrow(/closed|terminated|aborted/);
    const { detail } = await edge.untilLogged(({ tenant, target }) => tenant === 'resize-late' && target === '/sized');
    expect(detail).toContain('Content-Length');
  });
});

describe('a filter answers itself', () => {
  it('in place of the origin, and sees its own response', async () => {
    const before = asked.length;
    const { status, text, headers } = await edge.fetch('local');
    expect({ status, text, pot: headers['x-pot'], seen: headers['x-seen'] }).toEqual({
      status: 418,
      text: 'tea\n',
      pot: 'short',
      seen: 'yes',
    });
    expect(asked).toHaveLength(before);
  });

  it('when the origin has answered already', async () => {
    expect(await edge.fetch('local-late')).toMatchObject({ status: 503, text: 'no' });
  });

  it('when it sees a body', async () => {
    expect(await edge.fetch('local-body', '/', { method: 'POST', body: 'b' })).toMatchObject({
      status: 413,
      text: 'too much',
    });
    expect(await edge.fetch('local-body')).toMatchObject({ status: 200, text: 'from origin' });
  });
});

describe('a call to a backend', () => {
  it('decides about a request that waits', async () => {
    expect(await edge.fetch('authorize')).toMatchObject({ status: 403, text: '401' });
  });

  it('has a body', async () => {
    expect((await edge.fetch('call-back')).text).toBe('from origin');
    expect(asked.at(-1)).toBe('GET /what');
  });

  it('is refused to a backend that the manifest does not name', async () => {
    expect((await edge.fetch('call-none')).text).toBe('2');
  });
});

describe('the context of the plugin', () => {
  it('has the configuration of the manifest', async () => {
    expect((await edge.fetch('config')).text).toBe('greeting=héllo');
  });

  it('ends requests whose configuration it refuses', async () => {
    expect((await edge.fetch('refused')).headers['kerb-outcome']).toBe('guest_trap');
  });

  it('is called by its timer while a request waits', async () => {
    expect((await edge.fetch('ticking')).text).toBe('ticked');
  });

  it('hears of messages that its own stream has put into a queue', async () => {
    expect((await edge.fetch('queue')).text).toBe('a job');
  });

  it('shares values with that of every other request, and loses no change', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => edge.fetch('counting')));
    expect(new Set(answers.map(({ text }) => Number(text)))).toEqual(
      new Set(Array.from({ length: 20 }, (_, n) => n + 1)),
    );
  });

  it('defines metrics that the operator sees', async () => {
    expect((await edge.fetch('metrics')).text).toBe('3');
    expect((await edge.fetch('metrics')).text).toBe('6');
    expect(await edge.control('/metrics')).toContain(
      'kerb_guest_counter_total{tenant="metrics",name="hits \\"a\\""} 6',
    );
  });

  it('lives on with isolation = "reuse"', async () => {
    const counts = [await edge.fetch('warm'), await edge.fetch('warm')].map(({ text }) => text);
    expect(counts).toEqual(['1', '2']);
  });
});

describe('a stream', () => {
  it('whose filter pauses it for nothing ends at once', async () => {
    const { status, headers } = await edge.fetch('stuck');
    expect({ status, outcome: headers['kerb-outcome'] }).toEqual({ status: 502, outcome: 'no_response' });
  });

  it('can be closed by its filter', async () => {
    expect((await edge.fetch('closes')).headers['kerb-outcome']).toBe('no_response');
  });

  it('is told of the trailers of its response, and of its end', async () => {
    expect((await edge.fetch('trailers', '/trailers')).text).toBe('from origin');
    const lines = ['7', 'ended', 'deleted'];
    await edge.untilLogged(({ message }) => message === 'deleted');
    const said = edge.log.filter(({ tenant, kind }) => tenant === 'trailers' && kind === 'guest');
    expect(said.map(({ message }) => message)).toEqual(lines);
    expect(said.map(({ level }) => level)).toEqual(['info', 'warn', 'error']);
  });
});

describe('a filter of 0.1.0', () => {
  it('has malloc, callbacks without the end of the stream, and continues by the old name', async () => {
    expect((await edge.fetch('old')).headers).toMatchObject({ 'x-config': 'old', 'x-origin': 'yes' });
  });
});
