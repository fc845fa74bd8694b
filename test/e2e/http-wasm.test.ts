/** The http-handler ABI, end to end: what guests see of real requests, and what clients see of guests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, REQUEST, RESPONSE, type GuestCode, type Text } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';

/** Writes the `$n` bytes at address 0 to the response. */
const ANSWER = `(call $write ${RESPONSE} (i32.const 0) (local.get $n)) (i64.const 0)`;
/** The length of a `count_len`. */
const LENGTH = '(local.set $n (i32.wrap_i64 (local.get $l)))';

function app(code: (text: Text) => GuestCode, manifest = ''): TestApp {
  return { module: guest(code), manifest };
}

/** Guests that end early, by the call that ends them. */
const FAULTS: Readonly<Record<string, (text: Text) => string>> = {
  'bad-kind': () => '(drop (call $names (i32.const 4) (i32.const 0) (i32.const 10)))',
  'bad-name': (text) => `(call $set ${RESPONSE} ${text('bad name')} ${text('v')})`,
  'bad-value': (text) => `(call $set ${RESPONSE} ${text('x')} ${text('a\r\nset-cookie: b')})`,
  trailer: (text) => `(call $set (i32.const 3) ${text('x')} ${text('v')})`,
  'zero-read': () => `(drop (call $read ${REQUEST} (i32.const 0) (i32.const 0)))`,
  'out-of-bounds': () => `(call $write ${RESPONSE} (i32.const -4) (i32.const 8))`,
  status: () => '(call $setStatus (i32.const 103))',
  'many-fields': (text) => `(loop (call $add ${RESPONSE} ${text('x')} ${text('v')}) (br 0))`,
  'big-fields': (text) => `(loop (call $add ${REQUEST} ${text('x')} (i32.const 0) (i32.const 30000)) (br 0))`,
};

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: {
      names: app(() => ({
        handle: `(local.set $l (call $names ${REQUEST} (i32.const 0) (i32.const 4096))) ${LENGTH} ${ANSWER}`,
      })),
      values: app((text) => ({
        handle: `(local.set $l (call $values ${REQUEST} ${text('X-Many')} (i32.const 0) (i32.const 4096))) ${LENGTH} ${ANSWER}`,
      })),
      config: app(
        () => ({ handle: `(local.set $n (call $config (i32.const 0) (i32.const 4096))) ${ANSWER}` }),
        'config = "greeting=héllo"',
      ),
      source: app(() => ({ handle: `(local.set $n (call $source (i32.const 0) (i32.const 64))) ${ANSWER}` })),
      method: app(() => ({ handle: `(local.set $n (call $method (i32.const 0) (i32.const 64))) ${ANSWER}` })),
      protocol: app(() => ({ handle: `(local.set $n (call $protocol (i32.const 0) (i32.const 64))) ${ANSWER}` })),
      response: app((text) => ({
        handle: `(call $setStatus (i32.const 418))
          (call $set ${RESPONSE} ${text('Content-Type')} ${text('text/x')})
          (call $add ${RESPONSE} ${text('Set-Cookie')} ${text('a=1')})
          (call $add ${RESPONSE} ${text('Set-Cookie')} ${text('b=2')})
          (call $set ${RESPONSE} ${text('X-Utf8')} ${text('grün')})
          (call $set ${RESPONSE} ${text('Gone')} ${text('x')})
          (call $remove ${RESPONSE} ${text('gOnE')})
          (call $set ${RESPONSE} ${text('Connection')} ${text('close')})
          (call $set ${RESPONSE} ${text('Content-Length')} ${text('999')})
          (call $set ${RESPONSE} ${text('Transfer-Encoding')} ${text('gzip')})
          (call $write ${RESPONSE} ${text('short')} ) (call $write ${RESPONSE} ${text(' and stout')})
          (i64.const 0)`,
      })),
      logs: app((text) => ({
        handle: `(call $log (i32.const 0) ${text('line\nforged {"kind":"access"}')})
          (call $log (i32.const -1) ${text('too detailed')})
          (i32.store8 (i32.const 0) (i32.add (i32.const 48) (call $logs (i32.const -1))))
          (i32.store8 (i32.const 1) (i32.add (i32.const 48) (call $logs (i32.const 2))))
          (local.set $n (i32.const 2)) ${ANSWER}`,
      })),
      nowhere: app(() => ({ handle: '(i64.const 1)' })),
      counter: app(() => ({
        fields: '(global $count (mut i32) (i32.const 0))',
        handle: `(global.set $count (i32.add (global.get $count) (i32.const 1)))
          (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
          (i32.store8 (i32.const 0) (i32.add (global.get $count) (i32.const 48)))
          (i32.store8 (i32.const 1) (i32.add (i32.load (i32.const 64)) (i32.const 48)))
          (local.set $n (i32.const 2)) ${ANSWER}`,
      })),
      init: app(() => ({
        fields: `(func (export "_initialize") (i32.store8 (i32.const 0) (i32.const 105)))
          (func $start (i32.store8 (i32.const 1) (i32.const 115))) (start $start)`,
        handle: `(local.set $n (i32.const 2)) ${ANSWER}`,
      })),
      throws: app(() => ({ fields: '(tag $oops)', handle: '(throw $oops)' })),
      'bad-start': app(() => ({ fields: '(func (export "_start") unreachable)' })),
      ...Object.fromEntries(
        Object.entries(FAULTS).map(([name, call]) => [
          name,
          app((text) => ({ handle: `${call(text)} (i64.const 0)` })),
        ]),
      ),
    },
  });
});
afterAll(() => edge.stop());

describe('a guest reads', () => {
  it('every name in lower case, each once', async () => {
    const { text } = await edge.fetch('names', '/', { headers: { 'X-One': '1', 'X-Two': ['2', '3'] } });
    const names = text.split('\0');
    expect(names.pop()).toBe('');
    expect(names).toEqual(expect.arrayContaining(['host', 'x-one', 'x-two']));
    expect(names.filter((name) => name === 'x-two')).toHaveLength(1);
  });

  it('every value of a name, whatever its case', async () => {
    const { text } = await edge.fetch('values', '/', { headers: { 'x-mAnY': ['1', '2'] } });
    expect(text).toBe('1\x002\0');
    expect((await edge.fetch('values')).text).toBe('');
  });

  it('its configuration as bytes', async () => {
    expect((await edge.fetch('config')).text).toBe('greeting=héllo');
  });

  it('the client, the method and the version', async () => {
    expect((await edge.fetch('source')).text).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await edge.fetch('method', '/', { method: 'DELETE' })).text).toBe('DELETE');
    expect((await edge.fetch('method', '/', { method: 'TRACE' })).text).toBe('TRACE');
    expect((await edge.fetch('protocol')).text).toBe('HTTP/1.1');
  });
});

describe('a guest answers', () => {
  it("with its status, fields and body, while framing stays the host's", async () => {
    const { status, headers, text } = await edge.fetch('response');
    expect(status).toBe(418);
    expect(text).toBe('short and stout');
    expect(headers['content-type']).toBe('text/x');
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(Buffer.from(String(headers['x-utf8']), 'latin1').toString()).toBe('grün');
    expect(headers['gone']).toBeUndefined();
    expect(headers['content-length']).toBe('15');
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers['connection']).not.toBe('close');
  });

  it('with log lines that cannot forge others, and none below the level', async () => {
    expect((await edge.fetch('logs')).text).toBe('01');
    const line = await edge.untilLogged((one) => one.kind === 'guest' && one['tenant'] === 'logs');
    expect(line).toMatchObject({ level: 'info', message: 'line\nforged {"kind":"access"}' });
    await edge.untilLogged((one) => one.kind === 'access' && one['tenant'] === 'logs');
    expect(edge.log.filter((one) => one['tenant'] === 'logs')).toHaveLength(2);
  });

  it('no_response when it asks for a next handler that its manifest does not name', async () => {
    const { status, headers } = await edge.fetch('nowhere');
    expect([status, headers['kerb-outcome']]).toEqual([502, 'no_response']);
    expect((await edge.untilLogged((one) => one['tenant'] === 'nowhere'))['detail']).toMatch(/names no origin/);
  });
});

describe('an instance', () => {
  it('is fresh for each request: neither globals nor memory are left of the last', async () => {
    for (let i = 0; i < 5; i++) expect((await edge.fetch('counter')).text).toBe('11');
  });

  it('runs its start section and start-up exports before each first request', async () => {
    for (let i = 0; i < 2; i++) expect((await edge.fetch('init')).text).toBe('is');
  });

  it('that fails to start answers 500, and the next request too', async () => {
    for (let i = 0; i < 2; i++) expect((await edge.fetch('bad-start')).status).toBe(500);
  });
});

describe('an error condition of the ABI', () => {
  it.each(Object.keys(FAULTS))('%s ends the guest, and only its request', async (name) => {
    const { status, headers } = await edge.fetch(name);
    expect([status, headers['kerb-outcome']]).toEqual([500, 'guest_trap']);
    const line = await edge.untilLogged((one) => one['tenant'] === name);
    expect(line['detail']).toMatch(/\w/);
    expect((await edge.fetch('method')).text).toBe('GET');
  });

  it('an exception that nothing catches is a guest_trap', async () => {
    const { headers } = await edge.fetch('throws');
    expect(headers['kerb-outcome']).toBe('guest_trap');
    expect((await edge.untilLogged((one) => one['tenant'] === 'throws'))['detail']).toMatch(/exception/);
  });
});
