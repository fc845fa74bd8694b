/** Stored tenants that rest until their first request, in a process with many of them. */
import { rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WOKEN_AT_START } from '../../src/control/limits.ts';
import type { StockApp } from '../../src/lab/stock.ts';
import { ECHO_GUEST, guest, PASS_GUEST, URI_GUEST } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';
import { openThrough, Origin } from './websocket-peers.ts';

/** One module that many have, by the array itself. */
function app(name: string, module: Uint8Array<ArrayBuffer>, more = ''): StockApp {
  return { name, kind: name, manifest: `name = "${name}"\nmain = "a.wasm"\n${more}`, module, files: new Map() };
}

/** A module that nobody else has. */
const LOST = guest((text) => ({ handle: `${text('lost')} (drop) (drop) (i64.const 0)` }));

const MANY = Array.from({ length: WOKEN_AT_START }, (_, number) => app(`many-${number}`, URI_GUEST));

let edge: Edge;
let admin: Admin;
beforeAll(async () => {
  const others = [
    app('echo', ECHO_GUEST, '[limits]\nrequest_body_mb = 1\n'),
    app('lost', LOST),
    app('shop', URI_GUEST, 'path = "/api"\n'),
    app('domain', URI_GUEST),
    app('gone', URI_GUEST),
    app('newer', URI_GUEST),
  ];
  edge = await startEdge({ stored: [...MANY, ...others], flags: ['--threads', '2'] });
  admin = await Admin.of(edge);
});
afterAll(() => edge.stop());

const woken = (): Promise<number> => edge.metric('kerb_wakes_total{result="woken"}');

describe('a tenant that rests', () => {
  it('costs no deployment at the start, and its first request wakes it', async () => {
    expect(edge.stderr).toContain(`${MANY.length + 6} tenants rest until their first request`);
    expect([await edge.metric('kerb_tenants_awake'), await edge.metric('kerb_deployments')]).toEqual([0, 0]);
    expect((await edge.fetch('many-0', '/first')).text).toBe('/first');
    expect((await edge.fetch('many-0', '/second')).text).toBe('/second');
    expect([await edge.metric('kerb_tenants_awake'), await woken()]).toEqual([1, 1]);
  });

  it('is woken once for all that ask at once, each of whom gets its own answer', async () => {
    const before = await woken();
    const paths = Array.from({ length: 40 }, (_, number) => `/${number}`);
    const answers = await Promise.all(paths.map((path) => edge.fetch('many-1', path)));
    expect(answers.map(({ text }) => text)).toEqual(paths);
    expect((await woken()) - before).toBe(1);
  });

  it('gets the body of its first request whole, and no more of it than it takes', async () => {
    const body = Buffer.alloc(300_000, 'kerb');
    expect((await edge.fetch('echo', '/', { method: 'POST', body })).body.equals(body)).toBe(true);
  });

  it('refuses a first request that is larger than it takes, as an awake one does', async () => {
    const stored = [...MANY, app('small', ECHO_GUEST, '[limits]\nrequest_body_mb = 1\n')];
    const other = await startEdge({ stored });
    try {
      const body = Buffer.alloc(1_200_000);
      const refused = await other.fetch('small', '/', { method: 'POST', body });
      expect([refused.status, refused.headers['kerb-outcome']]).toEqual([413, 'body_limit']);
    } finally {
      await other.stop();
    }
  });

  it('is found by its hosts and path, and by those that it is given meanwhile', async () => {
    expect((await edge.fetch('shop', '/x')).status).toBe(404);
    expect((await edge.fetch('shop', '/api/y')).text).toBe('/api/y');
    await admin.change('PUT', '/tenants/domain/domains/own.test');
    expect((await edge.fetch('own.test', '/z')).text).toBe('/z');
    expect((await edge.fetch('nobody.test')).status).toBe(404);
  });

  it('is woken by a WebSocket handshake, and its origin speaks with the client', async () => {
    const origin = await Origin.start();
    const talker = app('talker', PASS_GUEST, origin.manifest);
    const own = await startEdge({ stored: [...MANY, talker], flags: ['--allow-backend', '127.0.0.0/8'] });
    try {
      const { client, far } = await openThrough(own, origin, 'talker');
      client.socket.send('hello');
      expect((await far.message()).bytes.toString()).toBe('hello');
      far.socket.send('heard');
      expect((await client.message()).bytes.toString()).toBe('heard');
    } finally {
      await origin.close();
      await own.stop();
    }
  });

  it('whose module is lost fails alone, with a word to the operator, and is served once it is deployed again', async () => {
    const digest = createHash('sha256').update(LOST).digest('hex');
    for (const folder of ['blobs', 'artifacts'])
      await rm(join(edge.folder, 'data', folder, digest.slice(0, 2)), { recursive: true });
    const failed = await edge.fetch('lost');
    expect([failed.status, failed.headers['kerb-outcome']]).toEqual([500, 'internal_error']);
    await edge.untilSaid(
      `lost is not served: version 1 of lost: its module (sha256 ${digest}) is not in the data folder`,
    );
    expect((await edge.fetch('many-2', '/x')).text).toBe('/x');
    await admin.ask('POST', '/tenants/lost/versions?activate=true', { module: URI_GUEST });
    expect((await edge.fetch('lost', '/again')).text).toBe('/again');
  });

  it('can be deleted and deployed to without having been asked for', async () => {
    expect((await admin.ask('DELETE', '/tenants/gone')).status).toBe(204);
    expect((await edge.fetch('gone')).status).toBe(404);
    const deployed = await admin.ask('POST', '/tenants/newer/versions?activate=true', { module: ECHO_GUEST });
    expect(deployed.status).toBe(201);
    expect((await edge.fetch('newer', '/', { method: 'POST', body: 'echoed' })).text).toBe('echoed');
  });

  it('is woken from what was rewritten once, also after a restart and when that is damaged', async () => {
    const own = await startEdge({ stored: [...MANY, app('echo', ECHO_GUEST)] });
    const ask = (on: Edge): Promise<string> =>
      on.fetch('echo', '/', { method: 'POST', body: 'x' }).then(({ text }) => text);
    expect(await ask(own)).toBe('x');
    await own.end('SIGTERM');
    const next = await own.restart();
    expect(await ask(next)).toBe('x');
    await next.end('SIGTERM');
    await writeFile(join(next.folder, 'data', 'artifacts', 'not a name'), 'x');
    const last = await next.restart();
    expect(await ask(last)).toBe('x');
    expect(await last.stop()).toBe(0);
  });
});
