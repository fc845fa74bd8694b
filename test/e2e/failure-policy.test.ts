/** What the clients of failing guests get, as their apps' manifests say: a page, the origin, or the error. */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cgi, CGI_HEAD } from '../cgi-guests.ts';
import { ECHO_GUEST, guest, PASS_GUEST, REQUEST, RESPONSE } from '../guests.ts';
import { tarGz } from '../unit/control/tar-bytes.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge, type LogLine, type TestApp, type TestRequest, type TestResponse } from './edge.ts';
import { FAILING, trapping } from './failing-guests.ts';
import { RawClient } from './raw-client.ts';
import { RecordingOrigin } from './recording-origin.ts';

const PAGE = '<!doctype html><title>Sorry</title>';
const FILES = { 'sorry.html': PAGE };

let origin: RecordingOrigin;
let edge: Edge;

/** A manifest whose rule has these measures. */
function policy(serve: string, { limits = '', url = origin.url, rule = '' } = {}): string {
  const page = serve.includes('page') && !rule.includes('page') ? 'page = "sorry.html"' : '';
  return `origin = "main"\n[backends.main]\nurl = "${url}"\n[limits]\n${limits}
    [[on_failure]]\nserve = [${serve}]\n${page}\n${rule}`;
}

/** The apps of every way of failing with every measure, as `trap-page`. */
function failingApps(): Record<string, TestApp> {
  const apps: Record<string, TestApp> = {};
  for (const [name, { module, limits }] of Object.entries(FAILING)) {
    apps[`${name}-page`] = { module, files: FILES, manifest: policy('"page"', { limits }) };
    apps[`${name}-origin`] = { module, manifest: policy('"stale", "origin"', { limits }) };
    apps[`${name}-error`] = { module, manifest: policy('', { limits }) };
  }
  return apps;
}

async function closedPort(): Promise<string> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  origin = await RecordingOrigin.start();
  const down = await closedPort();
  edge = await startEdge({
    // Each measure is to reach the origin.
    flags: ['--allow-backend', '127.0.0.0/8', '--drain-ms', '3000', '--cache', '0'],
    apps: {
      ...failingApps(),
      'backend-page': { module: PASS_GUEST, files: FILES, manifest: policy('"origin", "page"', { url: down }) },
      'backend-origin': { module: PASS_GUEST, manifest: policy('"origin"', { url: down }) },
      'backend-error': { module: PASS_GUEST, manifest: policy('', { url: down }) },
      both: { module: trapping(), files: FILES, manifest: policy('"origin", "page"', { limits: 'wall_ms = 100' }) },
      budgetless: { module: trapping(), manifest: policy('"origin"', { limits: 'subrequests = 0' }) },
      'after-next': {
        module: guest(() => ({ handle: '(i64.const 1)', response: 'unreachable' })),
        manifest: policy('"origin"'),
      },
      meddles: {
        module: trapping((text) => ({
          handle: `(call $set ${REQUEST} ${text('x-client')} ${text('guest')}) (call $remove ${REQUEST} ${text('cdn-loop')})
            (call $set ${REQUEST} ${text('host')} ${text('forged.test')}) (call $set ${REQUEST} ${text('x-added')} ${text('1')})
            (call $setMethod ${text('DELETE')}) (call $setUri ${text('/other')})`,
        })),
        manifest: policy('"origin"'),
      },
      reads: {
        module: trapping(() => ({ handle: `(drop (call $read ${REQUEST} (i32.const 0) (i32.const 2)))` })),
        manifest: policy('"origin"'),
      },
      'cgi-page': {
        module: cgi((text) => ({ start: `(call $out ${text(`${CGI_HEAD}half`)}) unreachable` })),
        files: FILES,
        manifest: policy('"page"'),
      },
      'cgi-ends': { module: cgi(() => ({ start: '(call $exit (i32.const 3))' })), manifest: policy('"origin"') },
      'cgi-reads': { module: cgi(() => ({ start: '(call $copy) unreachable' })), manifest: policy('"origin"') },
      forges: {
        module: guest((text) => ({
          handle: `(call $set ${RESPONSE} ${text('kerb-served')} ${text('origin')}) (i64.const 0)`,
        })),
      },
      late: {
        module: guest(() => ({
          handle: `(call $write ${RESPONSE} (i32.const 0) (i32.const 65536)) (call $write ${RESPONSE} (i32.const 0) (i32.const 65536))
            unreachable`,
        })),
        files: FILES,
        manifest: policy('"page"'),
      },
      large: {
        module: trapping(),
        files: { 'large.txt': 'x'.repeat(256 * 1024) },
        manifest: policy('"page"', { rule: 'page = "large.txt"\nstatus = 200' }),
      },
      paths: {
        module: trapping(),
        files: { ...FILES, 'b.json': '{}' },
        manifest: `${policy('"origin"')}
          [[on_failure]]\npath = "/admin"\nserve = []
          [[on_failure]]\npath = "/b"\non = ["budget"]\nserve = ["page"]\npage = "sorry.html"
          [[on_failure]]\npath = "/b"\non = ["trap"]\nserve = ["page"]\npage = "b.json"\nstatus = 500`,
      },
      narrow: { module: ECHO_GUEST, files: FILES, manifest: policy('"page"', { limits: 'request_body_mb = 0' }) },
      crowded: {
        module: FAILING['wall']?.module ?? '',
        files: FILES,
        manifest: policy('"page"', { limits: 'concurrency = 1\nwall_ms = 1000' }),
      },
    },
  });
});

afterAll(async () => {
  await edge.stop();
  origin.close();
});

beforeEach(() => void (origin.asked.length = 0));

function served({ headers }: TestResponse): unknown[] {
  return [headers['kerb-outcome'], headers['kerb-served']];
}

/** The record of the only request to a path. */
function logged(path: string): Promise<LogLine> {
  return edge.untilLogged((line) => line.kind === 'access' && line['target'] === path);
}

const WAYS = Object.entries(FAILING).map(([name, { outcome }]) => [name, outcome] as const);
const METHODS = ['GET', 'HEAD', 'POST'] as const;
const bodyOf = (method: string): string => (method === 'POST' ? 'the body' : '');
const requestOf = (method: string): TestRequest => (method === 'POST' ? { method, body: bodyOf(method) } : { method });

describe.each([...WAYS, ['backend', 'backend_error'] as const])('a guest that fails by %s', (way, outcome) => {
  it.each(METHODS)('and has a page shows it to %s', async (method) => {
    const answer = await edge.fetch(`${way}-page`, '/', requestOf(method));
    expect([answer.status, answer.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
    expect(answer.headers['content-length']).toBe(String(PAGE.length));
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(served(answer)).toEqual([outcome, 'page']);
    expect(answer.text).toBe(method === 'HEAD' ? '' : PAGE);
  });

  it.each(METHODS)('and wants the error gives it to %s', async (method) => {
    const answer = await edge.fetch(`${way}-error`, '/', requestOf(method));
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(served(answer)).toEqual([outcome, undefined]);
    expect(origin.asked).toEqual([]);
  });
});

describe.each(WAYS)('a guest that fails by %s', (way, outcome) => {
  it.each(METHODS)('and fails open leaves %s to the origin', async (method) => {
    const path = `/${way}/${method}?q`;
    const answer = await edge.fetch(`${way}-origin`, path, requestOf(method));
    expect([answer.status, answer.headers['x-origin']]).toEqual([200, 'yes']);
    expect(served(answer)).toEqual([outcome, 'origin']);
    expect(answer.text).toBe(method === 'HEAD' ? '' : `origin: ${method} ${bodyOf(method)}`);
    expect(origin.asked).toMatchObject([{ method, url: path, body: bodyOf(method) }]);
    expect(await logged(path)).toMatchObject({ outcome, served: 'origin', status: 200 });
  });
});

describe('the origin in a guest’s stead', () => {
  it('is not asked again when it was the origin that failed', async () => {
    const answer = await edge.fetch('backend-origin');
    expect([answer.status, ...served(answer)]).toEqual([502, 'backend_error', undefined]);
  });

  it('gets the request as the client sent it, with what the host says of the client', async () => {
    const headers = { 'x-client': 'mine', 'cdn-loop': 'other' };
    const answer = await edge.fetch('meddles', '/kept?x=1', { headers });
    expect(answer.text).toBe('origin: GET ');
    const [asked] = origin.asked;
    expect(asked).toMatchObject({ method: 'GET', url: '/kept?x=1' });
    expect(asked?.headers).toMatchObject({
      'x-client': 'mine',
      'x-forwarded-host': 'meddles.localhost',
      'x-forwarded-for': '127.0.0.1',
      'cdn-loop': 'other, kerb',
    });
    expect(asked?.headers).not.toHaveProperty('x-added');
  });

  it('is not asked to repeat what may have had its effect, or has lost its body', async () => {
    const again = await edge.fetch('after-next', '/', { method: 'POST', body: 'once' });
    expect([again.status, ...served(again)]).toEqual([500, 'guest_trap', undefined]);
    expect(origin.asked).toHaveLength(1);
    const safe = await edge.fetch('after-next');
    expect(served(safe)).toEqual(['guest_trap', 'origin']);
    const read = await edge.fetch('reads', '/', { method: 'POST', body: 'read' });
    expect([read.status, ...served(read)]).toEqual([500, 'guest_trap', undefined]);
    expect(origin.asked).toHaveLength(3);
  });

  it('answers for programs of CGI, as long as nothing of their answer has left and nobody has read the body', async () => {
    const page = await edge.fetch('cgi-page');
    expect([page.status, page.text, ...served(page)]).toEqual([503, PAGE, 'guest_trap', 'page']);
    expect(served(await edge.fetch('cgi-ends', '/', { method: 'POST', body: 'unread' }))).toEqual([
      'no_response',
      'origin',
    ]);
    const read = await edge.fetch('cgi-reads', '/', { method: 'POST', body: 'Status: 200' });
    expect([read.status, ...served(read)]).toEqual([500, 'guest_trap', undefined]);
    expect(origin.asked).toHaveLength(1);
  });

  it('is asked on the budget of the request', async () => {
    const answer = await edge.fetch('budgetless');
    expect([answer.status, ...served(answer)]).toEqual([500, 'guest_trap', undefined]);
    expect(origin.asked).toEqual([]);
  });

  it('answers ranges and conditions', async () => {
    const part = await edge.fetch('trap-origin', '/part', { headers: { range: 'bytes=0-1' } });
    expect([part.status, part.text, ...served(part)]).toEqual([206, 'pa', 'guest_trap', 'origin']);
    const same = await edge.fetch('trap-origin', '/part', { headers: { 'if-none-match': '"e"' } });
    expect([same.status, same.text, ...served(same)]).toEqual([304, '', 'guest_trap', 'origin']);
  });

  it('that does not answer in time is followed by the page', async () => {
    const answer = await edge.fetch('both', '/hang/1');
    expect([answer.status, ...served(answer)]).toEqual([503, 'guest_trap', 'page']);
    await origin.until(() => origin.givenUp === 1);
  });

  it('that breaks off is seen to: the connection is cut', async () => {
    const client = await RawClient.open(edge);
    client.get('trap-origin.localhost', '/cut');
    const received = await client.closed();
    expect(received).toContain('kerb-served: origin');
    expect(received.endsWith('half')).toBe(true);
    expect(await logged('/cut')).toMatchObject({ outcome: 'guest_trap', served: 'origin' });
  });

  it('is given up when the client leaves, and the guest’s outcome stays', async () => {
    const before = origin.givenUp;
    const client = await RawClient.open(edge);
    client.get('trap-origin.localhost', '/hang/2');
    await origin.until(() => origin.asked.length === 1);
    expect(await edge.inFlight('trap-origin')).toBe(1);
    client.leave();
    await origin.until(() => origin.givenUp === before + 1);
    const line = await logged('/hang/2');
    expect(line).toMatchObject({ outcome: 'guest_trap', status: 0 });
    expect(line).not.toHaveProperty('served');
    expect(await edge.inFlight('trap-origin')).toBe(0);
  });

  it('gets a body as it comes', async () => {
    const { begun } = origin;
    const client = await RawClient.open(edge);
    client.send('POST /slow HTTP/1.1\r\nHost: trap-origin.localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await origin.until(() => origin.begun > begun);
    client.send('3\r\ntwo\r\n0\r\n\r\n');
    await client.until((text) => text.endsWith('origin: POST onetwo'));
    client.leave();
    expect(origin.asked).toMatchObject([{ method: 'POST', body: 'onetwo' }]);
  });
});

describe('a page', () => {
  it('stands for no resource: conditions and ranges do not apply', async () => {
    const headers = { range: 'bytes=0-1', 'if-none-match': '*', 'if-match': '"x"' };
    const answer = await edge.fetch('large', '/', { headers });
    expect([answer.status, answer.body.length, ...served(answer)]).toEqual([200, 256 * 1024, 'guest_trap', 'page']);
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.text).toBe('x'.repeat(256 * 1024));
  });

  it('is not shown where the response has begun: it is cut', async () => {
    const client = await RawClient.open(edge);
    client.get('late.localhost', '/late');
    const received = await client.closed();
    expect([client.statuses, received.includes('kerb-served'), received.endsWith('0\r\n\r\n')]).toEqual([
      [200],
      false,
      false,
    ]);
    expect(await logged('/late')).toMatchObject({ outcome: 'guest_trap' });
  });

  it('leaves the connection to the next request', async () => {
    const client = await RawClient.open(edge);
    client.send('POST / HTTP/1.1\r\nHost: trap-page.localhost\r\nContent-Length: 4\r\n\r\nbody');
    await client.until((text) => text.endsWith(PAGE));
    client.get('trap-page.localhost');
    await client.until(() => client.statuses.length === 2);
    expect(client.statuses).toEqual([503, 503]);
    client.leave();
  });

  it('is another after the file has changed', async () => {
    await edge.put('changing', { module: trapping(), files: FILES, manifest: policy('"page"') });
    await edge.untilSaid(/changing: version \w+ serves/);
    expect((await edge.fetch('changing')).text).toBe(PAGE);
    await edge.put('changing', { module: trapping(), files: { 'sorry.html': 'new' }, manifest: policy('"page"') });
    await edge.untilSaid(/(changing: version \w+ serves[^]*){2}/);
    expect((await edge.fetch('changing')).text).toBe('new');
  });
});

describe('the rules of an app', () => {
  it.each([
    ['/x', 200, 'origin'],
    ['/administration', 200, 'origin'],
    ['/admin', 500, undefined],
    ['/admin/users', 500, undefined],
    ['/%61dmin', 500, undefined],
    ['//admin', 500, undefined],
    ['/x/../admin', 500, undefined],
    ['/b/c', 500, 'page'],
  ])('decide for %s by the longest path', async (path, status, by) => {
    const client = await RawClient.open(edge);
    client.get('paths.localhost', path, 'Connection: close\r\n');
    const received = await client.until((text) => /\r\n\r\n./.test(text));
    client.leave();
    expect(client.statuses).toEqual([status]);
    expect(/kerb-served: (\w+)/.exec(received)?.[1]).toBe(by);
    expect(received.includes('content-type: application/json')).toBe(by === 'page');
  });

  it('say nothing of refusals', async () => {
    const large = await edge.fetch('narrow', '/', { method: 'POST', body: 'x' });
    expect([large.status, ...served(large)]).toEqual([413, 'body_limit', undefined]);
    const [first, second] = await Promise.all([edge.fetch('crowded'), edge.fetch('crowded')]);
    expect(new Set([served(first).join(), served(second).join()])).toEqual(
      new Set(['concurrency_limit,', 'wall_limit,page']),
    );
  });

  it('do not change what is counted', async () => {
    const sample = 'kerb_requests_total{tenant="exit-page",outcome="no_response"}';
    const before = await edge.metric(sample);
    await edge.fetch('exit-page', '/counted');
    await logged('/counted');
    expect(await edge.metric(sample)).toBe(before + 1);
  });

  it('leave kerb-served to the host', async () => {
    expect((await edge.fetch('forges')).headers).not.toHaveProperty('kerb-served');
  });
});

it('a drain does not wait for an origin longer than for anybody else', async () => {
  const app = { module: trapping(), manifest: policy('"origin"') };
  const draining = await startEdge({ flags: ['--allow-backend', '127.0.0.0/8', '--drain-ms', '300'], apps: { app } });
  const client = await RawClient.open(draining);
  client.get('app.localhost', '/hang/drain');
  await origin.until(() => origin.asked.length === 1);
  const given = origin.givenUp;
  expect(await draining.stop()).toBe(0);
  expect(await client.closed()).toBe('');
  await origin.until(() => origin.givenUp > given);
});

it('a page comes with its version through the API, and back with it after a restart', async () => {
  const manifest = 'name = "stored"\nmain = "h.wasm"\n[[on_failure]]\nserve = ["page"]\npage = "pages/sorry.html"\n';
  const archive = tarGz(
    { name: 'kerb.toml', content: manifest },
    { name: 'h.wasm', content: trapping() },
    { name: 'pages/sorry.html', content: PAGE },
  );
  const first = await startEdge();
  const admin = await Admin.of(first);
  await admin.change('POST', '/tenants', { json: { name: 'stored' } });
  await admin.change('POST', '/tenants/stored/versions', { archive });
  expect((await first.fetch('stored')).text).toBe(PAGE);
  first.process.kill('SIGKILL');
  const second = await first.restart();
  expect((await second.fetch('stored')).text).toBe(PAGE);
  await second.stop();
});
