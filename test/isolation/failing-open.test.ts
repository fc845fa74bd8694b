/** Apps that fail on purpose, to have others asked in their guests' stead: nothing is left behind, and nobody else's is reached. */
import { readdirSync, readlinkSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { FAILING } from '../e2e/failing-guests.ts';
import { RawClient, unfinished } from '../e2e/raw-client.ts';
import { RecordingOrigin } from '../e2e/recording-origin.ts';
import { besideBystander, untilInFlight, untilMetric } from './bystander.ts';
import { BYSTANDER, guest } from './guests.ts';

const COUNT = 200;
const FEW = 20;
/** Connections of the bystander and the test; a leak in one way is 600 of them. */
const SOCKETS_SLACK = 100;

const TRAP = guest({ handle: 'unreachable' });
const PAGE = { 'sorry.html': 'sorry of the victim' };

let origin: RecordingOrigin;
let edge: Edge;

function failingOpen(module: TestApp['module'], limits = ''): TestApp {
  const manifest = `origin = "main"\n[backends.main]\nurl = "${origin.url}"\n[limits]\nconcurrency = 1000\n${limits}
    [[on_failure]]\nserve = ["origin"]`;
  return { module, manifest };
}

beforeAll(async () => {
  origin = await RecordingOrigin.start();
  const ways = Object.entries(FAILING).map(([way, { module, limits }]) => [way, failingOpen(module, limits)] as const);
  edge = await startEdge({
    // Each request is to reach the origin.
    flags: ['--allow-backend', '127.0.0.0/8', '--cache', '0'],
    apps: {
      bystander: BYSTANDER,
      ...Object.fromEntries(ways),
      victim: {
        module: TRAP,
        files: PAGE,
        manifest:
          'hosts = ["shared.localhost"]\npath = "/victim"\n[[on_failure]]\nserve = ["page"]\npage = "sorry.html"',
      },
      neighbour: { module: TRAP, manifest: 'hosts = ["shared.localhost"]\npath = "/"' },
    },
  });
});

afterAll(async () => {
  await edge.stop();
  origin.close();
});

/** Requests that fail open in every way, whose clients stay, leave while the origin is asked, or leave within their bodies. */
async function load(): Promise<void> {
  for (const way of Object.keys(FAILING)) {
    const count = way === 'cpu' || way === 'wall' ? FEW : COUNT;
    const answers = await Promise.all(Array.from({ length: count }, () => edge.fetch(way)));
    expect(new Set(answers.map(({ status, headers }) => `${status} ${String(headers['kerb-served'])}`))).toEqual(
      new Set(['200 origin']),
    );
  }
  const { begun } = origin;
  const hanging = Array.from({ length: FEW }, () => new RawClient(edge).get('trap.localhost', '/hang'));
  const sending = Array.from({ length: FEW }, () =>
    unfinished(edge, 'exit', 'Transfer-Encoding: chunked', '1\r\nx\r\n'),
  );
  await untilInFlight(edge, 'trap', FEW);
  await untilInFlight(edge, 'exit', FEW);
  await origin.until(() => origin.begun >= begun + 2 * FEW);
  for (const client of [...hanging, ...sending]) client.leave();
}

/** Descriptors of the process that are open once nothing is in flight, and idle connections to the origin have been closed. */
async function settled(): Promise<number> {
  for (const gauge of ['kerb_requests_in_flight', 'kerb_thread_requests'])
    await untilMetric(edge, gauge, (requests) => requests === 0);
  await origin.until(() => origin.connections === 0);
  const folder = `/proc/${edge.process.pid}/fd`;
  return readdirSync(folder).filter((fd) => isOpen(`${folder}/${fd}`)).length;
}

function isOpen(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor) !== '';
  } catch {
    return false;
  }
}

it('a load of guests that fail open leaves nothing in flight and no connection behind', async () => {
  await besideBystander(edge, load);
  const before = await settled();
  await besideBystander(edge, async () => {
    for (let again = 0; again < 3; again++) await load();
  });
  expect((await settled()) - before).toBeLessThan(SOCKETS_SLACK);
  expect(await edge.inFlight('trap')).toBe(0);
}, 60_000);

it('a policy is that of its own app, also where two share a host', async () => {
  expect((await edge.fetch('shared.localhost', '/victim/x')).text).toBe(PAGE['sorry.html']);
  for (const path of ['/', '/victimised', '/%76ictim']) {
    const { status, text } = await edge.fetch('shared.localhost', path);
    expect([path, status, text.includes('sorry')]).toEqual([path, 500, false]);
  }
});

it.each(['../victim/sorry.html', '/etc/passwd.txt', '..\\\\victim\\\\sorry.html'])(
  'the page %s of another tenant is refused at deploy',
  async (page) => {
    const manifest = `[[on_failure]]\nserve = ["page"]\npage = "${page}"`;
    await edge.put('thief', { module: TRAP, manifest });
    await edge.untilSaid('thief: not deployed');
    expect(edge.stderr).toContain('is not a relative path of an .html');
    expect((await edge.fetch('thief')).status).toBe(404);
  },
);

it('a link to the page of another tenant is refused at deploy', async () => {
  await edge.put('linking', { module: TRAP, files: { 'kept.txt': '' } });
  await edge.untilSaid(/linking: version/);
  const folder = join(edge.tenants, 'linking');
  await symlink('../victim/sorry.html', join(folder, 'sorry.html'));
  const rule = '[[on_failure]]\nserve = ["page"]\npage = "sorry.html"';
  await writeFile(join(folder, 'kerb.toml'), `name = "linking"\nmain = "handler.wasm"\n${rule}\n`);
  await edge.untilSaid('sorry.html is a link that leads out of the folder');
  expect((await edge.fetch('linking')).text).not.toContain('victim');
});

it('failing open does not reach the control port', async () => {
  const manifest = `origin = "main"\n[backends.main]\nurl = "http://127.0.0.1:${edge.controlPort}"
    [[on_failure]]\nserve = ["origin"]`;
  await edge.put('inward', { module: TRAP, manifest });
  await edge.untilSaid('inward: version');
  const { status, headers } = await edge.fetch('inward', '/v1/tenants');
  expect([status, headers['kerb-outcome'], headers['kerb-served']]).toEqual([500, 'guest_trap', undefined]);
});

it('an app that fails open to itself ends with the marks of its loop', async () => {
  const manifest = `hosts = ["127.0.0.1", "loop.localhost"]\norigin = "main"
    [backends.main]\nurl = "http://127.0.0.1:${edge.port}"\n[[on_failure]]\nserve = ["origin"]`;
  await edge.put('loop', { module: TRAP, manifest });
  await edge.untilSaid('loop: version');
  expect((await edge.fetch('loop', '/round')).status).toBe(400);
  const passes = edge.log.filter(({ target }) => target === '/round');
  expect(passes.length).toBeLessThan(8);
});
