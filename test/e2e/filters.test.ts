/** Chains of filters in front of an app, end to end: order, mixed ABIs, what becomes of a filter that fails. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgi } from '../cgi-guests.ts';
import { filter, PAUSE, REQUEST_HEADERS, RESPONSE_HEADERS, type FilterCode, type FilterText } from '../filters.ts';
import { guest, REQUEST, RESPONSE } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';

let origin: Server;
let edge: Edge;
let port = 0;

async function startOrigin(): Promise<number> {
  origin = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      if (request.url === '/endless') return void response.write('begin');
      const body = Buffer.concat(pieces).toString();
      response.setHeader('x-origin', 'yes');
      response.end(request.url === '/large' ? 'o'.repeat(400_000) : `${String(request.headers['x-trace'])}|${body}`);
    });
  });
  await new Promise<void>((listening) => origin.listen(0, '127.0.0.1', listening));
  return (origin.address() as AddressInfo).port;
}

/** Adds its name to a field of the request and of the response. */
function tracing(name: string, more: (text: FilterText) => FilterCode = () => ({})): Uint8Array {
  return filter((text) => {
    const { requestHeaders = '', responseHeaders = '', ...rest } = more(text);
    return {
      requestHeaders: `(drop (call $add_header_map_value ${REQUEST_HEADERS} ${text('x-trace')} ${text(name)})) ${requestHeaders}`,
      responseHeaders: `(drop (call $add_header_map_value ${RESPONSE_HEADERS} ${text('x-way')} ${text(name)})) ${responseHeaders}`,
      ...rest,
    };
  });
}

/** The same as http-wasm middleware. */
function tracingHandler(name: string): Uint8Array {
  return guest((text) => ({
    handle: `(drop (call $features (i32.const 2)))
      (call $add ${REQUEST} ${text('x-trace')} ${text(name)}) (i64.const 1)`,
    response: `(call $add ${RESPONSE} ${text('x-way')} ${text(name)})`,
  }));
}

/** Answers with the trace that has reached it. */
const HANDLER = guest((text) => ({
  handle: `(local.set $l (call $values ${REQUEST} ${text('x-trace')} (i32.const 0) (i32.const 1000)))
    (call $write ${RESPONSE} (i32.const 0) (i32.wrap_i64 (local.get $l))) (i64.const 0)`,
}));

/** A program of CGI that answers with the body that it gets, field by field and piece by piece. */
const PROGRAM = cgi((text) => ({
  start: `(call $out ${text('Content-Type: text/plain\nX-Way: program\n\n')}) (call $copy)`,
}));

/** A chain: filters in order, each with more lines of its table, and the app behind. */
function chain(main: Uint8Array, filters: readonly (readonly [Uint8Array, string?])[]): TestApp {
  const tables = filters.map(([, lines = ''], n) => `[[filters]]\nname = "f${n}"\nmain = "f${n}.wasm"\n${lines}`);
  return {
    module: main,
    files: Object.fromEntries(filters.map(([module], n) => [`f${n}.wasm`, module])),
    manifest: `origin = "site"\n${tables.join('\n')}\n[backends.site]\nurl = "http://127.0.0.1:${port}"`,
  };
}

const OPEN = 'failure_mode = "open"';
const LOOP = '(loop $for_ever (br $for_ever))';

/** Filters that fail, by how they do. */
const FAILING = {
  trap: () => tracing('bad', () => ({ requestHeaders: 'unreachable' })),
  cpu: () => tracing('bad', () => ({ requestHeaders: LOOP })),
  start: () => tracing('bad', () => ({ configure: 'unreachable' })),
  stuck: () => tracing('bad', () => ({ requestHeaders: PAUSE })),
  body: () => tracing('bad', () => ({ requestBody: 'unreachable' })),
  answer: () => tracing('bad', () => ({ responseHeaders: 'unreachable' })),
  'answer-body': () => tracing('bad', () => ({ responseBody: 'unreachable' })),
  late: () =>
    tracing('bad', () => ({
      fields: '(global $calls (mut i32) (i32.const 0))',
      responseBody: `(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (i32.or (local.get $last) (i32.gt_u (global.get $calls) (i32.const 1))) (then unreachable))`,
    })),
} as const;

beforeAll(async () => {
  port = await startOrigin();
  const good = tracing('good');
  const passing = tracing('main');
  const failing = Object.entries(FAILING).flatMap(([name, make]) => [
    [`open-${name}`, chain(passing, [[tracing('first')], [make(), OPEN], [good]])] as const,
    [`closed-${name}`, chain(passing, [[tracing('first'), OPEN], [make()], [good]])] as const,
  ]);
  edge = await startEdge({
    apps: {
      order: chain(passing, [[tracing('one')], [tracing('two')]]),
      mixed: chain(HANDLER, [[tracing('filter')], [tracingHandler('handler')], [tracing('last')]]),
      program: chain(PROGRAM, [[tracing('filter')], [tracingHandler('handler')]]),
      'program-first': chain(HANDLER, [[PROGRAM]]),
      'answers-first': chain(passing, [
        [tracing('one')],
        [tracing('two', (text) => ({ requestHeaders: `(call $answer (i32.const 403) ${text('no')}) ${PAUSE}` }))],
      ]),
      budgets: chain(passing, [[tracing('busy', () => ({ requestHeaders: LOOP })), '[filters.limits]\ncpu_ms = 5']]),
      'bad-main': {
        ...chain(
          tracing('main', () => ({ requestHeaders: 'unreachable' })),
          [[good]],
        ),
      },
      ...Object.fromEntries(failing),
    },
    flags: ['--allow-backend', '127.0.0.0/8'],
  });
});
afterAll(async () => {
  await edge.stop();
  origin.close();
});

describe('a chain', () => {
  it('has requests go through its filters in order, and responses back', async () => {
    const { text, headers } = await edge.fetch('order');
    expect(text).toBe('one, two, main|');
    expect(headers['x-way']).toEqual(['main', 'two', 'one']);
  });

  it('mixes ABIs', async () => {
    const { text, headers } = await edge.fetch('mixed');
    expect(text).toBe('filter\0handler\0last\0');
    expect(headers['x-way']).toEqual(['last', 'handler', 'filter']);
  });

  it('ends at a program of CGI, which answers whatever is behind it', async () => {
    const body = 'b'.repeat(300_000);
    const { text, headers } = await edge.fetch('program', '/', { method: 'POST', body });
    expect([text === body, headers['x-way']]).toEqual([true, ['program', 'handler', 'filter']]);
    expect((await edge.fetch('program-first', '/', { method: 'POST', body: 'mine' })).text).toBe('mine');
  });

  it('ends where a filter answers, which those in front of it see', async () => {
    const { status, text, headers } = await edge.fetch('answers-first');
    expect({ status, text, way: headers['x-way'] }).toEqual({ status: 403, text: 'no', way: ['two', 'one'] });
  });

  it('carries large bodies both ways, chunk by chunk', async () => {
    const { text } = await edge.fetch('order', '/', { method: 'POST', body: 'b'.repeat(500_000) });
    expect(text).toHaveLength('one, two, main|'.length + 500_000);
    expect((await edge.fetch('order', '/large')).text).toBe('o'.repeat(400_000));
  });

  it('gives each filter budgets of its own, and names the one that passes them', async () => {
    const { status, headers } = await edge.fetch('budgets');
    expect({ status, outcome: headers['kerb-outcome'] }).toEqual({ status: 503, outcome: 'cpu_limit' });
  });

  it('ends with the app behind it, and says that it was the app', async () => {
    expect((await edge.fetch('bad-main')).headers['kerb-outcome']).toBe('guest_trap');
    const { detail } = await edge.untilLogged(({ tenant, kind }) => tenant === 'bad-main' && kind === 'access');
    expect(detail).toMatch(/^main: /);
  });

  it('leaves nothing in flight when the client goes away', async () => {
    const asking = get({ port: edge.port, path: '/endless', headers: { host: 'order.localhost' } });
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    expect(await edge.inFlight('order')).toBe(1);
    response.destroy();
    while ((await edge.inFlight('order')) > 0) await new Promise(setImmediate);
    expect(await edge.metric('kerb_budget_used{budget="requests"}')).toBe(0);
  });
});

/** What clients see when a filter fails that may not be. */
const OUTCOMES: Readonly<Partial<Record<keyof typeof FAILING, string>>> = { cpu: 'cpu_limit', stuck: 'no_response' };

describe('a filter that fails and is', () => {
  it.each(Object.keys(FAILING))('closed ends its request, whatever those in front would do: %s', async (name) => {
    const post = { method: 'POST', body: 'b' };
    const asking = edge.fetch(`closed-${name}`, '/', post);
    const { headers } = await asking;
    expect(headers['kerb-outcome']).toBe(OUTCOMES[name as keyof typeof FAILING] ?? 'guest_trap');
    expect(await edge.inFlight(`closed-${name}`)).toBe(0);
  });

  it.each(['trap', 'cpu', 'start', 'stuck', 'body'])('open is skipped, its changes forgotten: %s', async (name) => {
    const { status, text, headers } = await edge.fetch(`open-${name}`, '/', { method: 'POST', body: 'the body' });
    expect({ status, text }).toEqual({ status: 200, text: 'first, good, main|the body' });
    expect(headers['x-way']).toEqual(['main', 'good', 'first']);
    const said = await edge.untilLogged(({ tenant, kind }) => tenant === `open-${name}` && kind === 'guest');
    expect(said['message']).toMatch(/^f1 was skipped: /);
  });

  it.each(['answer', 'answer-body', 'late'])('open is skipped when the origin has answered: %s', async (name) => {
    const { text, headers } = await edge.fetch(`open-${name}`);
    expect(text).toBe('first, bad, good, main|');
    expect(headers['x-way']).toEqual(['main', 'good', 'first']);
  });

  it('open is too late to be skipped once its answer is on its way', async () => {
    await expect(edge.fetch('open-late', '/large')).rejects.toThrow(/closed|terminated|aborted/);
    expect((await edge.fetch('order')).status).toBe(200);
  });
});

describe('a manifest with filters', () => {
  it('is refused with every fault of each', async () => {
    const tables = `[[filters]]\nname = "a"\nmain = "f0.wasm"\nfailure_mode = "never"\n[[filters]]\nname = "a"\nmain = "../x"`;
    await edge.put('bad', { module: HANDLER, manifest: tables });
    const first = await edge.untilSaid(/filters\[0\]\.failure_mode: "never" is not one of closed, open/);
    expect(first).toBe(true);
    await edge.untilSaid(/filters\[1\]\.main: "\.\.\/x" is not a relative path/);
  });

  it('is refused with the filter whose module is', async () => {
    await edge.put('bad-filter', chain(HANDLER, [[guest(() => ({ imports: '(import "env" "nothing" (func))' }))]]));
    expect(await edge.untilSaid(/bad-filter: not deployed: filter f0: .*/)).toBe(true);
  });
});
