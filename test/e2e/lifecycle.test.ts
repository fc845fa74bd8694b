/** The process: how it starts, what it says when it cannot, and how it ends. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { SERVER_FLAGS } from '../../src/setup/commands.js';
import { ECHO_GUEST, guest, URI_GUEST, writePieces } from '../guests.ts';
import { launchEdge, startEdge, type Edge } from './edge.ts';
import { RawClient } from './raw-client.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const LONG = '[limits]\ncpu_ms = 10000\nwall_ms = 60000';

/** Settles with the exit code of an edge that cannot start. */
async function exitOf(edge: Edge): Promise<number | null> {
  if (edge.alive) await once(edge.process, 'exit');
  return edge.process.exitCode;
}

/** Starts an edge that cannot; answers what it said, with its code, and removes its folder. */
async function failedStart(flags: readonly string[]): Promise<{ code: number | null; said: string }> {
  const edge = await launchEdge({ flags });
  try {
    const code = await exitOf(edge);
    return { code, said: edge.stderr };
  } finally {
    await edge.stop();
  }
}

async function withEdge(options: Parameters<typeof startEdge>[0], use: (edge: Edge) => Promise<void>): Promise<void> {
  const edge = await startEdge(options);
  try {
    await use(edge);
  } finally {
    await edge.stop();
  }
}

describe('a restart by SIGUSR2', () => {
  it('ends what has begun, and serves again as the same process, as it was started', () =>
    withEdge({ apps: { uri: { module: URI_GUEST } }, flags: ['--drain-ms', '5000'] }, async (edge) => {
      const { pid } = edge.process;
      expect((await edge.fetch('uri', '/before')).text).toBe('/before');
      for (const time of [2, 3]) {
        edge.process.kill('SIGUSR2');
        await edge.ready(time);
        expect((await edge.fetch('uri', `/after/${time}`)).text).toBe(`/after/${time}`);
      }
      expect([edge.process.pid, edge.alive]).toEqual([pid, true]);
      expect(edge.stderr).toMatch(/SIGUSR2: draining, at most 5000 ms\n(.*\n)*.*drained\n(.*\n)*.*starting anew\n/);
    }));

  it('that is asked for again while it drains is one restart', () =>
    withEdge({ apps: { uri: { module: URI_GUEST } } }, async (edge) => {
      for (let time = 0; time < 5; time++) edge.process.kill('SIGUSR2');
      await edge.ready(2);
      expect((await edge.fetch('uri', '/again')).text).toBe('/again');
      expect(edge.stderr.match(/starting anew/g)).toHaveLength(1);
    }));

  it('gives way to SIGTERM, which comes while it drains', () => {
    const spin = { module: guest(() => ({ handle: '(loop $l (br $l)) (i64.const 0)' })), manifest: LONG };
    return withEdge({ apps: { spin }, flags: ['--drain-ms', '500'] }, async (edge) => {
      const spinning = edge.fetch('spin');
      while ((await edge.inFlight('spin')) === 0);
      edge.process.kill('SIGUSR2');
      await edge.untilSaid('draining');
      edge.process.kill('SIGTERM');
      expect(await exitOf(edge)).toBe(0);
      expect(edge.stderr).not.toContain('starting anew');
      expect((await spinning).status).toBe(503);
    });
  });
});

describe('a start', () => {
  it('with --help prints every flag on standard output and ends with 0', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...SERVER_FLAGS, MAIN, 'serve', '--help']);
    for (const flag of ['--edge-port', '--tenants', '--threads', '--drain-ms']) expect(stdout).toContain(flag);
    expect(stderr).toBe('');
  });

  it('with an unknown flag says which it may have been', async () => {
    const { code, said } = await failedStart(['--edge-prot', '1']);
    expect([code, said]).toEqual([1, expect.stringContaining('did you mean --edge-port')]);
  });

  it.each(['edge', 'control'])('on an %s port that is taken says so, and which flag helps', async (which) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, said } = await failedStart([`--${which}-port`, String(port)]);
    expect(code).toBe(1);
    expect(said).toContain(`cannot listen on 127.0.0.1:${port}: another process listens there`);
    expect(said).toContain(`choose another --${which}-port`);
    expect(said).not.toMatch(/\n\s+at /);
    taken.close();
  });

  it('without its tenants folder says so', async () => {
    const { code, said } = await failedStart(['--tenants', '/nowhere/at/all']);
    expect(code).toBe(1);
    expect(said).toMatch(/\/nowhere\/at\/all/);
    expect(said).not.toMatch(/\n\s+at /);
  });

  it('on a host name instead of an address serves', () =>
    withEdge({ apps: { uri: { module: URI_GUEST } }, flags: ['--host', 'localhost'] }, async (edge) => {
      expect(edge.stderr).toMatch(/ready: 1 apps/);
    }));

  it('with a module that is no wasm serves the others and says what is wrong', () =>
    withEdge({ apps: { bad: { module: Buffer.from('<html>') }, uri: { module: URI_GUEST } } }, async (edge) => {
      expect(edge.stderr).toMatch(/bad: not deployed: .*/);
      expect((await edge.fetch('uri', '/x')).text).toBe('/x');
      expect((await edge.fetch('bad')).status).toBe(404);
      expect(await edge.control('/healthz')).toBe('ok\n');
    }));

  it('on a port that was just left works at once', async () => {
    const first = await startEdge({ apps: { uri: { module: URI_GUEST } } });
    const client = await RawClient.open(first);
    client.get('uri.localhost', '/held');
    await client.until((text) => text.includes('/held'));
    const { port } = first;
    expect(await first.stop()).toBe(0);
    client.leave();
    await withEdge({ apps: { uri: { module: URI_GUEST } }, flags: ['--edge-port', String(port)] }, async (second) => {
      expect((await second.fetch('uri', '/again')).text).toBe('/again');
    });
  });
});

/** A port that nothing listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

it('an edge that starts is not reached before it serves what is there', async () => {
  const port = await freePort();
  const apps = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`app-${i}`, { module: URI_GUEST }]));
  const edge = await launchEdge({ apps, flags: ['--edge-port', String(port)] });
  try {
    let status: number | null = null;
    while (status === null && edge.alive) {
      const headers = { host: 'app-9.localhost' };
      status = await request(`http://127.0.0.1:${port}/`, { headers, reset: true }).then(
        async (answer) => answer.body.text().then(() => answer.statusCode),
        () => null,
      );
    }
    expect(status).toBe(200);
  } finally {
    await edge.stop();
  }
});

describe('SIGTERM', () => {
  it('under load ends with 0, and no request fails whose client honours `Connection: close`', async () => {
    const edge = await startEdge({
      apps: { uri: { module: URI_GUEST }, echo: { module: ECHO_GUEST } },
      flags: ['--threads', '2'],
    });
    const agent = new Agent({ connections: 16, pipelining: 1 });
    let [served, refused, running] = [0, 0, true];
    const failures: unknown[] = [];
    const clients = Array.from({ length: 16 }, async (_, i) => {
      while (running) {
        try {
          const app = i % 2 === 0 ? 'uri' : 'echo';
          const response = await request(`http://127.0.0.1:${edge.port}/`, {
            method: 'POST',
            headers: { host: `${app}.localhost` },
            body: 'x'.repeat(5000),
            dispatcher: agent,
          });
          await response.body.text();
          if (response.statusCode === 200) served += 1;
          else failures.push(response.statusCode);
        } catch (error) {
          // Once nobody listens any more, connections are not made: nothing was sent, and no request has failed.
          const { code, syscall } = error as NodeJS.ErrnoException;
          if (code === 'ECONNREFUSED' || syscall === 'connect') refused += 1;
          else failures.push(error);
          if (refused > 0) return;
        }
      }
    });
    while (served < 200) await new Promise(setImmediate);
    edge.process.kill('SIGTERM');
    await once(edge.process, 'exit');
    running = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(edge.process.exitCode).toBe(0);
    expect(edge.stderr).toMatch(/SIGTERM: draining/);
    await agent.close();
    await edge.stop();
  });

  it('lets a response that is being sent go on to its end', async () => {
    const pieces = 200;
    const edge = await startEdge({
      apps: {
        big: { module: guest(() => ({ handle: `${writePieces(pieces, 65_536)} (i64.const 0)` })), manifest: LONG },
      },
    });
    const client = await RawClient.open(edge);
    client.socket.pause();
    client.get('big.localhost');
    await edge.control('/metrics');
    edge.process.kill('SIGTERM');
    await edge.untilSaid(/draining/);
    client.socket.resume();
    const text = await client.closed();
    expect(text.length).toBeGreaterThan(pieces * 65_536);
    expect(text.endsWith('0\r\n\r\n')).toBe(true);
    expect(await exitOf(edge)).toBe(0);
    await edge.stop();
  });

  it('ends at the deadline although a guest computes and a client does not read', async () => {
    const edge = await startEdge({
      apps: {
        spin: { module: guest(() => ({ handle: '(loop $l (br $l)) (i64.const 0)' })), manifest: LONG },
        big: { module: guest(() => ({ handle: `${writePieces(4000, 65_536)} (i64.const 0)` })), manifest: LONG },
      },
      flags: ['--drain-ms', '300'],
    });
    const spinning = edge.fetch('spin').catch(() => null);
    const client = await RawClient.open(edge);
    client.socket.pause();
    client.get('big.localhost');
    while ((await edge.inFlight('spin')) < 1) continue;
    edge.process.kill('SIGTERM');
    expect(await exitOf(edge)).toBe(0);
    // The connection may end with the process before the answer is read.
    const answer = await spinning;
    expect(answer === null || answer.headers['kerb-outcome'] === 'draining').toBe(true);
    client.leave();
    await edge.stop();
  });
});

describe('the process', () => {
  it('outlives guests that trap, throw, overflow the stack and fail to start', async () => {
    const bodies = {
      traps: { handle: 'unreachable' },
      throws: { fields: '(tag $t)', handle: '(throw $t)' },
      recurses: { fields: '(func $f (call $f) (call $f))', handle: '(call $f) (i64.const 0)' },
      divides: { handle: '(i64.div_u (i64.const 1) (i64.const 0))' },
      starts: { fields: '(func $s unreachable) (start $s)' },
    };
    const apps = Object.fromEntries(
      Object.entries(bodies).map(([name, code]) => [name, { module: guest(() => code) }]),
    );
    await withEdge({ apps: { ...apps, uri: { module: URI_GUEST } } }, async (edge) => {
      for (let round = 0; round < 3; round++) {
        for (const name of Object.keys(bodies)) expect((await edge.fetch(name)).status).toBe(500);
        expect((await edge.fetch('uri', '/alive')).text).toBe('/alive');
      }
      const recursed = await edge.untilLogged((line) => line['tenant'] === 'recurses');
      expect(recursed['outcome']).toBe('stack_limit');
      expect(edge.alive).toBe(true);
    });
  });

  it('goes on when its tenants folder vanishes and comes back', async () => {
    await withEdge({ apps: { uri: { module: URI_GUEST } } }, async (edge) => {
      await rm(edge.tenants, { recursive: true });
      expect((await edge.fetch('uri', '/still')).text).toBe('/still');
      await mkdir(edge.tenants);
      await writeFile(join(edge.tenants, 'note.txt'), 'no app');
      await edge.put('back', { module: URI_GUEST });
      while ((await edge.fetch('back')).status !== 200);
    });
  });
});
