/** The tenants folder while the edge runs: every change takes effect at once and whole, and costs no request. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, RESPONSE } from '../guests.ts';
import { startEdge, type Edge, type TestApp } from './edge.ts';

/** An app that answers with a word in a field and in its body: a mix of versions would show. */
function saying(word: string, manifest = ''): TestApp {
  return {
    module: guest((text) => ({
      handle: `(call $set ${RESPONSE} ${text('x-word')} ${text(word)}) (call $write ${RESPONSE} ${text(word)}) (i64.const 0)`,
    })),
    manifest,
  };
}

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: { app: saying('one'), other: saying('other'), holder: saying('holder', 'hosts = ["shared.test"]') },
    flags: ['--threads', '2'],
  });
});
afterAll(() => edge.stop());

/** Asks `app` again and again until the answer is `word`. */
async function untilSays(name: string, word: string): Promise<void> {
  for (;;) {
    const { text } = await edge.fetch(name);
    if (text === word) return;
  }
}

async function untilStatus(name: string, status: number): Promise<void> {
  while ((await edge.fetch(name)).status !== status);
}

describe('a changed module', () => {
  it('replaces the old one while requests flow, and none of them fails', async () => {
    const seen = new Set<string>();
    let [running, requests] = [true, 0];
    const clients = Array.from({ length: 8 }, async () => {
      while (running) {
        const { status, headers, text } = await edge.fetch('app');
        expect([status, headers['x-word']]).toEqual([200, text]);
        seen.add(text);
        requests += 1;
      }
    });
    for (const word of ['two', 'three']) {
      await edge.put('app', saying(word));
      await untilSays('app', word);
    }
    running = false;
    await Promise.all(clients);
    expect([...seen].toSorted()).toEqual(['one', 'three', 'two']);
    expect(requests).toBeGreaterThan(20);
  });

  it('is in force on every thread at once: no later request sees the old one', async () => {
    await edge.put('app', saying('four'));
    await edge.untilSaid(/app: version \w+ serves[^]*app: version \w+ serves[^]*app: version \w+ serves/);
    await untilSays('app', 'four');
    const answers = await Promise.all(Array.from({ length: 50 }, () => edge.fetch('app')));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['four']));
  });
});

describe('a broken change', () => {
  it.each([
    ['a module that is no wasm', 'handler.wasm', 'not wasm', /magic|WebAssembly/],
    ['a manifest that does not parse', 'kerb.toml', 'name = ', /kerb\.toml:1/],
    [
      'a manifest with an unknown key',
      'kerb.toml',
      'name = "other"\nmain = "handler.wasm"\nhots = []',
      /did you mean|unknown/,
    ],
  ])('%s keeps the old version and says why', async (_, file, content, reason) => {
    await writeFile(join(edge.tenants, 'other', file), content);
    await edge.untilSaid(new RegExp(`other: version \\w+ keeps serving: .*[^]*${reason.source}`));
    expect((await edge.fetch('other')).text).toBe('other');
    await edge.put('other', saying('other'));
  });
});

describe('a folder', () => {
  it('that is added is served, and one that is removed is not any more', async () => {
    expect((await edge.fetch('late')).status).toBe(404);
    await edge.put('late', saying('late'));
    await untilSays('late', 'late');
    await rm(join(edge.tenants, 'late'), { recursive: true });
    await untilStatus('late', 404);
    expect((await edge.fetch('app')).status).toBe(200);
  });

  it('that wants a route of another waits for it, and gets it when it is free', async () => {
    await edge.put('rival', saying('rival', 'hosts = ["shared.test"]'));
    await edge.untilSaid(/rival: not deployed: shared\.test\/ is served by tenant holder/);
    expect((await edge.fetch('shared.test')).text).toBe('holder');
    await rm(join(edge.tenants, 'holder'), { recursive: true });
    await untilSays('shared.test', 'rival');
  });

  it('shows in the metrics with its deployments', async () => {
    const text = await edge.control('/metrics');
    expect(text).toMatch(/^kerb_deployments 3$/m);
    expect(text).toMatch(/^kerb_requests_total\{tenant="late",outcome="ok"\} [1-9]/m);
  });
});
