/** Proxy-Wasm filters whose request ends early, end to end: each stream is told of its end, whatever that is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filter, PAUSE, type FilterCode, type FilterText } from '../filters.ts';
import { PASS_GUEST } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';
import { RawClient } from './raw-client.ts';
import { RecordingOrigin } from './recording-origin.ts';

let origin: RecordingOrigin;
let edge: Edge;

const LOOP = '(loop $for_ever (br $for_ever))';

/** Logs the callbacks that end its stream, and does what `code` says. */
function logging(code: (text: FilterText) => FilterCode = () => ({})): Uint8Array {
  return filter((text) => {
    const say = (what: string): string => `(drop (call $log (i32.const 2) ${text(what)}))`;
    return { done: say('done'), ended: say('log'), deleted: say('delete'), ...code(text) };
  });
}

/** Manifest lines with an origin. */
function siteAt(url: string, more = ''): string {
  return `origin = "site"\n${more}\n[limits]\ncpu_ms = 50\nwall_ms = 5000\n[backends.site]\nurl = "${url}"`;
}

function appsAt(url: string): Record<string, TestApp> {
  const trap = filter(() => ({ requestHeaders: 'unreachable' }));
  const tables = ['front', 'behind'].map((name) => `[[filters]]\nname = "${name}"\nmain = "${name}.wasm"`);
  return {
    waiting: { module: logging(), manifest: siteAt(url) },
    unreached: { module: logging(), manifest: siteAt('http://127.0.0.1:1') },
    closing: {
      module: logging(() => ({ requestHeaders: `(drop (call $close_stream (i32.const 0))) ${PAUSE}` })),
      manifest: siteAt(url),
    },
    answering: {
      module: logging((text) => ({ requestHeaders: `(call $answer (i32.const 403) ${text('no')}) ${PAUSE}` })),
      manifest: siteAt(url),
    },
    chained: {
      module: PASS_GUEST,
      files: { 'front.wasm': logging(), 'behind.wasm': trap },
      manifest: siteAt(url).replace('[limits]', `${tables.join('\n')}\n[limits]`),
    },
    trapping: { module: logging(() => ({ requestHeaders: 'unreachable' })), manifest: siteAt(url) },
    endless: { module: logging(() => ({ requestHeaders: PAUSE, done: LOOP })), manifest: siteAt(url) },
  };
}

beforeAll(async () => {
  origin = await RecordingOrigin.start();
  edge = await startEdge({ apps: appsAt(origin.url), flags: ['--allow-backend', '127.0.0.0/8'] });
});
afterAll(async () => {
  await edge.stop();
  origin.close();
});

/** What the guests of an app have logged, once its request is in the access log; and its line there. */
async function endOf(
  app: string,
): Promise<{ readonly said: unknown[]; readonly outcome: unknown; readonly cpuMs: number }> {
  const line = await edge.untilLogged(({ kind, tenant }) => kind === 'access' && tenant === app);
  const said = edge.log.filter(({ kind, tenant }) => kind === 'guest' && tenant === app);
  return { said: said.map(({ message }) => message), outcome: line['outcome'], cpuMs: Number(line['cpu_ms']) };
}

const ENDED = ['done', 'log', 'delete'];

describe('a filter is told of the end of a request', () => {
  it('whose client has gone', async () => {
    const client = await RawClient.open(edge);
    client.get('waiting.localhost', '/hang');
    await origin.until(() => origin.begun > 0);
    client.socket.destroy();
    expect(await endOf('waiting')).toMatchObject({ outcome: 'client_closed', said: ENDED });
  });

  it.each([
    ['whose origin cannot be reached', 'unreached', 502, 'backend_error'],
    ['that it closes', 'closing', 502, 'no_response'],
    ['that it answers itself', 'answering', 403, 'ok'],
    ['in which a filter behind it fails', 'chained', 500, 'guest_trap'],
  ])('%s', async (_, app, status, outcome) => {
    expect((await edge.fetch(app)).status).toBe(status);
    const { said, ...line } = await endOf(app);
    expect(said.filter((message) => ENDED.includes(String(message)))).toEqual(ENDED);
    expect(line.outcome).toBe(outcome);
  });
});

describe('a filter is told nothing', () => {
  it('when it has failed itself', async () => {
    expect((await edge.fetch('trapping')).status).toBe(500);
    expect((await endOf('trapping')).said.filter((message) => ENDED.includes(String(message)))).toEqual([]);
  });
});

it('a filter that never ends with what it does then has the CPU time of its request, and no more', async () => {
  expect((await edge.fetch('endless')).headers['kerb-outcome']).toBe('no_response');
  const { said, cpuMs } = await endOf('endless');
  expect(cpuMs).toBeGreaterThan(25);
  expect(cpuMs).toBeLessThan(150);
  expect(said).not.toContain('log');
  expect(await edge.metric('kerb_requests_in_flight{tenant="endless"}')).toBe(0);
});
