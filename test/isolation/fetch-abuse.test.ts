/** Guests that turn fetches against the host, its network, other requests and other tenants. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRNO, type ErrnoName } from '../../src/abi/kerb/errno.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { KERB_FETCH } from '../guests.ts';
import { BYSTANDER, guest, limits, texts } from './guests.ts';
import { besideBystander } from './bystander.ts';

/** What two origins were sent, byte for byte: the one that tenants may reach, and one that none may. */
const sent = { granted: '', forbidden: '' };
const sockets = new Set<Socket>();
let edge: Edge;
let port = 0;
let forbiddenPort = 0;

async function origin(name: keyof typeof sent): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      sent[name] += chunk.toString('latin1');
      if (!chunk.includes('/hang')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return (server.address() as AddressInfo).port;
}

/** 300 and the errno's size, or 200: what {@link REPORT} makes of an answer. */
const REPORT = `(func $report (param $n i32) (call $setStatus
  (select (i32.sub (i32.const 300) (local.get $n)) (i32.const 200) (i32.lt_s (local.get $n) (i32.const 0)))))`;

const failed = (errno: ErrnoName): number => 300 - ERRNO[errno];

function app(handle: string, data = '', more: Readonly<Record<string, number>> = {}): TestApp {
  const backends = `[backends.main]\nurl = "http://127.0.0.1:${port}/base"`;
  return {
    module: guest({ imports: KERB_FETCH, fields: `${REPORT} (global $kept (mut i32) (i32.const 0)) ${data}`, handle }),
    manifest: `isolation = "reuse"\n${limits({ cpu_ms: 100, wall_ms: 10_000, ...more })}\n${backends}`,
  };
}

/** Fetches a target of a backend, all the way. */
function reaching(backend: string, target: string, method = 'GET'): TestApp {
  const { data, at } = texts(1_024, [backend, method, target]);
  return app(
    `(global.set $kept (call $fetch ${at(0)} ${at(1)} ${at(2)}))
     (if (i32.lt_s (global.get $kept) (i32.const 0)) (then (call $report (global.get $kept)) (return (i64.const 0))))
     (call $report (call $wait (call $send (global.get $kept)) (i32.const 5000)))`,
    data,
  );
}

/** Adds a field to a fetch and sends it. */
function field(name: string, value: string): TestApp {
  const { data, at } = texts(1_024, ['main', 'GET', '/', name, value]);
  return app(
    `(global.set $kept (call $fetch ${at(0)} ${at(1)} ${at(2)}))
     (call $report (call $field (global.get $kept) ${at(3)} ${at(4)}))
     (drop (call $wait (call $send (global.get $kept)) (i32.const 5000)))`,
    data,
  );
}

const ELSEWHERE: readonly (readonly [attack: string, app: () => TestApp, errno: ErrnoName | null])[] = [
  ['a name of another tenant’s backend', () => reaching('secret', '/'), 'not_granted'],
  ['a URL as the backend’s name', () => reaching(`http://127.0.0.1:${forbiddenPort}`, '/'), 'not_granted'],
  ['a path to a backend’s name', () => reaching('../secret/main', '/'), 'not_granted'],
  ['a name that JavaScript knows', () => reaching('__proto__', '/'), 'not_granted'],
  ['an absolute target', () => reaching('main', `http://127.0.0.1:${forbiddenPort}/`), 'invalid'],
  ['a target with an authority', () => reaching('main', `@127.0.0.1:${forbiddenPort}/`), 'invalid'],
  ['a port as target', () => reaching('main', ':80/'), 'invalid'],
  ['a scheme-relative target', () => reaching('main', `//127.0.0.1:${forbiddenPort}/evil`), null],
  ['dot segments', () => reaching('main', '/../../evil'), null],
  ['CR LF in the target', () => reaching('main', '/x HTTP/1.1\r\nHost: evil\r\n\r\nGET /smuggled'), 'invalid'],
  ['a bare LF in the target', () => reaching('main', '/x\nX-Smuggled: 1'), 'invalid'],
  ['CR LF in the method', () => reaching('main', '/', 'GET /smuggled HTTP/1.1\r\nX:'), 'invalid'],
  ['CONNECT', () => reaching('main', '/', 'CONNECT'), 'invalid'],
  ['CR LF in a value', () => field('x', '1\r\nX-Smuggled: 1'), 'invalid'],
  ['a bare LF in a value', () => field('x', '1\nX-Smuggled: 1'), 'invalid'],
  ['CR LF in a name', () => field('x: 1\r\nX-Smuggled', '1'), 'invalid'],
  ['another Host', () => field('Host', 'evil'), 'forbidden'],
  ['a second length', () => field('content-length', '5'), 'forbidden'],
  ['a coding', () => field('Transfer-Encoding', 'chunked'), 'forbidden'],
  ['an upgrade', () => field('upgrade', 'websocket'), 'forbidden'],
  ['a nominated field', () => field('connection', 'cdn-loop'), 'forbidden'],
  ['a forged client', () => field('x-forwarded-for', '127.0.0.1'), 'forbidden'],
  ['a loop mark of its own', () => field('cdn-loop', 'other'), 'forbidden'],
];

const { data: MAIN, at } = texts(1_024, ['main', 'GET', '/hang', '/']);
const START = `(call $send (call $fetch ${at(0)} ${at(1)} ${at(2)}))`;

/** Looks at everything near the number that an earlier request of this instance has kept. */
const OLD_NUMBERS = app(
  `(if (global.get $kept) (then
     (call $report (call $close (global.get $kept)))
     (drop (call $fetch ${at(0)} ${at(1)} ${at(3)}))
     (if (i32.ne (call $wait (i32.add (global.get $kept) (i32.const 1)) (i32.const 0)) (i32.const ${ERRNO.bad_handle}))
       (then unreachable))
     (if (i32.ne (call $take (global.get $kept) (i32.const 0) (i32.const 8)) (i32.const ${ERRNO.bad_handle}))
       (then unreachable))))
   (if (i32.eqz (global.get $kept)) (then
     (global.set $kept (call $fetch ${at(0)} ${at(1)} ${at(3)}))
     (drop (call $wait (call $send (global.get $kept)) (i32.const 5000)))))`,
  MAIN,
);

/** Waits for every number there is, with no time to wait. */
const FORGED = app(
  `(drop ${START})
   (global.set $kept (i32.const -70000))
   (loop $next
     (if (i32.gt_s (call $wait (global.get $kept) (i32.const 0)) (i32.const 0)) (then unreachable))
     (if (i32.gt_s (call $take (global.get $kept) (i32.const 0) (i32.const 8)) (i32.const 0)) (then unreachable))
     (if (i32.eqz (call $respond (global.get $kept))) (then unreachable))
     (global.set $kept (i32.add (global.get $kept) (i32.const 7)))
     (br_if $next (i32.lt_s (global.get $kept) (i32.const 1000))))`,
  MAIN,
);

/** Starts for as long as it may: without end, closing or not closing what it has. */
const STARTS = (close: string): string => `(loop $next
  (global.set $kept (call $fetch ${at(0)} ${at(1)} ${at(2)})) (drop (call $send (global.get $kept))) ${close} (br $next))`;

const ENDLESS: readonly (readonly [string, () => TestApp, string])[] = [
  ['starts-open', () => app(STARTS(''), MAIN), 'cpu_limit'],
  ['starts-closed', () => app(STARTS('(drop (call $close (global.get $kept)))'), MAIN), 'cpu_limit'],
  [
    'looks',
    () =>
      app(`(global.set $kept ${START}) (loop $l (drop (call $wait (global.get $kept) (i32.const 0))) (br $l))`, MAIN),
    'cpu_limit',
  ],
  ['sleeps', () => app(`(drop (call $wait ${START} (i32.const -1)))`, MAIN, { wall_ms: 300 }), 'wall_limit'],
  [
    'short-waits',
    () =>
      app(`(global.set $kept ${START}) (loop $l (drop (call $wait (global.get $kept) (i32.const 1))) (br $l))`, MAIN, {
        wall_ms: 500,
      }),
    'wall_limit',
  ],
];

beforeAll(async () => {
  [port, forbiddenPort] = [await origin('granted'), await origin('forbidden')];
  const attacks = [
    ...ELSEWHERE.map(([, make], i) => [`elsewhere-${i}`, make()] as const),
    ...ENDLESS.map(([name, make]) => [name, make()] as const),
  ];
  const rebuilt = (old: TestApp): TestApp => ({ ...old, manifest: app('').manifest ?? '' });
  edge = await startEdge({
    flags: ['--allow-backend', '127.0.0.0/8'],
    apps: {
      ...Object.fromEntries(attacks),
      secret: {
        module: guest({}),
        manifest: `[backends.secret]\nurl = "http://127.0.0.1:${forbiddenPort}"`,
      },
      'old-numbers': rebuilt(OLD_NUMBERS),
      forged: rebuilt(FORGED),
      bystander: BYSTANDER,
    },
  });
});

afterAll(async () => {
  await edge.stop();
  for (const socket of sockets) socket.destroy();
});

describe('a fetch cannot be led elsewhere', () => {
  it.each(ELSEWHERE.map(([attack, , errno], i) => [attack, `elsewhere-${i}`, errno] as const))(
    'by %s',
    async (_, name, errno) => {
      sent.granted = '';
      expect((await edge.fetch(name)).status).toBe(errno === null ? 200 : failed(errno));
      expect(sent.forbidden).toBe('');
      expect(sent.granted).not.toMatch(/smuggled|host: evil/i);
      if (sent.granted === '') return;
      expect(sent.granted).toMatch(/^GET \/base\/\S* HTTP\/1\.1\r\n/);
      expect(sent.granted.match(/^host: .*$/gim)).toEqual([`host: 127.0.0.1:${port}`]);
      expect(sent.granted.match(/^cdn-loop: .*$/gim)).toEqual(['CDN-Loop: kerb']);
    },
  );
});

describe('numbers of other requests', () => {
  it('name nothing in the next request of a warm guest', async () => {
    expect((await edge.fetch('old-numbers')).status).toBe(200);
    expect((await edge.fetch('old-numbers')).status).toBe(failed('bad_handle'));
  });

  it('cannot be found by trying', async () => {
    expect((await edge.fetch('forged')).status).toBe(200);
  });
});

describe('fetches without end', () => {
  it.each(ENDLESS.map(([name, , outcome]) => [name, outcome] as const))(
    '%s end as %s, leave no connection, and hurt nobody',
    async (name, outcome) => {
      await besideBystander(edge, async () => {
        for (const { headers } of await Promise.all(Array.from({ length: 4 }, () => edge.fetch(name))))
          expect(headers['kerb-outcome']).toBe(outcome);
      });
      const late = Date.now() + 5_000;
      while (sockets.size > 8 && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sockets.size).toBeLessThanOrEqual(8);
      expect(await edge.inFlight(name)).toBe(0);
    },
  );
});
