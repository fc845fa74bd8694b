/** WebSockets that outlive what was there when they were opened: a version, an app, the process. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, PASS_GUEST, RESPONSE } from '../guests.ts';
import { startEdge, type Edge } from './edge.ts';
import { openThrough, openWebSocket, Origin, refusalOf } from './websocket-peers.ts';

let origin: Origin;
let edge: Edge;

beforeAll(async () => {
  origin = await Origin.start();
  const { manifest } = origin;
  const flags = ['--allow-backend', '127.0.0.0/8', '--drain-ms', '1500'];
  const app = { module: PASS_GUEST, manifest };
  edge = await startEdge({ flags, apps: { replaced: app, removed: app, late: app, stays: app } });
});

afterAll(async () => {
  await edge.stop();
  await origin.close();
});

async function untilText(app: string, text: string | null): Promise<void> {
  for (;;) {
    const answer = await edge.fetch(app);
    if (text === null ? answer.status === 404 : answer.text === text) return;
  }
}

describe('an app', () => {
  it('that is replaced keeps its WebSockets', async () => {
    const { client, far } = await openThrough(edge, origin, 'replaced');
    const module = guest((text) => ({ handle: `(call $write ${RESPONSE} ${text('new')}) (i64.const 0)` }));
    await edge.put('replaced', { module, manifest: origin.manifest });
    await untilText('replaced', 'new');
    client.socket.send('still there?');
    await far.message();
    far.socket.send('yes');
    expect((await client.message()).bytes.toString()).toBe('yes');
    client.socket.close();
    await far.over();
  });

  it('that is removed closes them, and those of others stay', async () => {
    const { client, far } = await openThrough(edge, origin, 'removed', { path: '/removed' });
    const other = await openThrough(edge, origin, 'stays');
    await rm(join(edge.tenants, 'removed'), { recursive: true });
    expect((await client.over()).code).toBe(1001);
    expect((await far.over()).code).toBe(1001);
    const line = await edge.untilLogged(({ target }) => target === '/removed');
    expect(line).toMatchObject({ outcome: 'draining', detail: 'the app was removed' });
    other.client.socket.send('still there?');
    await other.far.message();
    other.client.socket.close();
    await other.far.over();
  });

  it('that is removed while a handshake is on its way opens none behind it', async () => {
    const opening = refusalOf(openWebSocket(edge, 'late', { path: '/later' }));
    await origin.handshake('/base/later');
    const number = origin.peers.length;
    await rm(join(edge.tenants, 'late'), { recursive: true });
    await untilText('late', null);
    origin.later.resolve();
    expect((await opening).status).toBe(503);
    await (await origin.peer(number)).over();
    const line = await edge.untilLogged(({ target }) => target === '/later');
    expect(line).toMatchObject({ outcome: 'draining', detail: 'the app was removed' });
  });
});

// The last one: it ends the edge.
it('the process closes them with 1001 when the time to drain is over, and ends', async () => {
  const { client, far } = await openThrough(edge, origin, 'stays', { path: '/drained' });
  const began = performance.now();
  edge.process.kill('SIGTERM');
  await edge.untilSaid('draining, at most 1500 ms');
  client.socket.send('while it drains');
  expect((await far.message()).bytes.toString()).toBe('while it drains');
  expect((await client.over()).code).toBe(1001);
  expect((await far.over()).code).toBe(1001);
  expect(performance.now() - began).toBeGreaterThan(1_400);
  if (edge.alive) await once(edge.process, 'exit');
  expect(edge.process.exitCode).toBe(0);
  const line = edge.log.find(({ target }) => target === '/drained');
  expect(line).toMatchObject({ outcome: 'draining', websocket: { received_messages: 1, close_code: 1001 } });
});
