import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultsOf, headBytes, type Answer } from '../../../bench/response-check.ts';
import { handle, imports } from '../../../bench/servers/http-handler-glue.js';
import { MODULES } from '../../../bench/servers/server.ts';
import { listeningPorts, routerScript, workerdConfig, workerScript } from '../../../bench/servers/workerd-config.ts';
import { EXCHANGES, hostsOf, JSON_BODY, TENANTS } from '../../../bench/workload.ts';

const instanceOf = (path: string): WebAssembly.Instance =>
  new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), imports);
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('the glue for peers', () => {
  it('gives the same answers as every other server', () => {
    const hello = handle(instanceOf(MODULES.hello), null);
    expect([hello.contentType, text(hello.answer)]).toEqual([
      EXCHANGES.hello.contentType,
      EXCHANGES.hello.responseBody,
    ]);
    const echo = handle(instanceOf(MODULES.echo), Buffer.from(JSON_BODY));
    expect([echo.contentType, text(echo.answer)]).toEqual([EXCHANGES.echo.contentType, JSON_BODY]);
  });

  it('serves one instance again and again, and two in turn', () => {
    const [first, second] = [instanceOf(MODULES.echo), instanceOf(MODULES.echo)];
    const bodies = ['one', 'two', 'three', 'four'].map((word) => Buffer.from(word));
    const answers = bodies.map((body, at) => text(handle(at % 2 === 0 ? first : second, body).answer));
    expect(answers).toEqual(['one', 'two', 'three', 'four']);
  });
});

describe('the exchanges', () => {
  it('are of the sizes that the benchmarks name', () => {
    expect(EXCHANGES.hello.responseBody).toHaveLength(42);
    expect(JSON_BODY).toHaveLength(1024);
    expect(JSON.parse(JSON_BODY)).toHaveProperty('items');
    expect(new Set(hostsOf('tenants')).size).toBe(TENANTS);
  });
});

describe('faultsOf', () => {
  const right: Answer = {
    status: 200,
    contentType: 'text/plain; charset=utf-8',
    contentLength: '42',
    body: EXCHANGES.hello.responseBody,
    rawHeaders: ['a', 'bc'],
  };

  it('finds none in the right answer', () => {
    expect(faultsOf(right, 'hello')).toEqual([]);
  });

  it.each([
    [{ status: 503 }, 'the status'],
    [{ contentType: 'text/plain' }, 'content-type'],
    [{ contentLength: '' }, 'content-length'],
    [{ body: `${right.body.slice(0, -2)}!\n` }, 'the body'],
  ])('finds the one in %o', (difference, what) => {
    const faults = faultsOf({ ...right, ...difference }, 'hello');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(what);
  });

  it('tells the answers of the apps apart', () => {
    expect(faultsOf(right, 'echo')).toHaveLength(3);
    expect(faultsOf(right, 'tenants')).toEqual([]);
  });

  it('does not print a long body', () => {
    expect(faultsOf({ ...right, body: 'x'.repeat(5000) }, 'hello')[0]?.length).toBeLessThan(200);
  });
});

describe('headBytes', () => {
  it('counts separators and line ends', () => {
    expect(headBytes({ rawHeaders: ['a', 'bc'] } as unknown as Answer)).toBe('a: bc\r\n'.length);
  });
});

describe('what workerd is given', () => {
  it('is one isolate per tenant, behind a router that binds them all', () => {
    const config = workerdConfig();
    expect(config.match(/^ {4}\(name = "hello-\d+", worker = \.hello\),$/gm)).toHaveLength(TENANTS);
    expect(config.match(/^ {4}\(name = "hello-\d+", service = "hello-\d+"\),$/gm)).toHaveLength(TENANTS);
    expect(routerScript()).toContain('env[');
  });

  it('makes an instance once, or once per request', () => {
    const made = 'new WebAssembly.Instance(guest, imports)';
    expect(workerScript('hello', 'warm')).toContain(`const instance = ${made};\nexport default`);
    expect(workerScript('hello', 'fresh')).toContain(`handle(${made}, null)`);
    expect(workerScript('echo', 'fresh')).toContain('await request.arrayBuffer()');
  });

  it('tells its ports by socket', () => {
    const said =
      '{"event":"listen","socket":"hello","port":4001}\nnoise\n{"event":"listen","socket":"echo","port":4002}\n{"event":"li';
    expect([...listeningPorts(said)]).toEqual([
      ['hello', 4001],
      ['echo', 4002],
    ]);
  });
});
