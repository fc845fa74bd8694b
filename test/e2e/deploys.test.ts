/** Deploys and rollbacks through the API of a real Kerb: under load, and while it is killed. */
import { afterEach, describe, expect, it } from 'vitest';
import { guest, RESPONSE } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

const edges: Edge[] = [];
afterEach(async () => {
  for (const edge of edges.splice(0)) await edge.stop();
});

async function started(): Promise<{ edge: Edge; admin: Admin }> {
  const edge = await startEdge({});
  edges.push(edge);
  return { edge, admin: await Admin.of(edge) };
}

/** A module that answers a text. */
function saying(text: string): Uint8Array {
  return guest((put) => ({ handle: `(call $write ${RESPONSE} ${put(text)}) (i64.const 0)` }));
}

describe('while requests come all the time', () => {
  it('forty deploys and forty rollbacks lose none of them', async () => {
    const { edge, admin } = await started();
    await admin.change('POST', '/tenants', { json: { name: 'busy' } });
    await admin.change('POST', '/tenants/busy/versions', { module: saying('version 0') });
    let going = true;
    const statuses = new Map<number, number>();
    const texts = new Set<string>();
    const clients = Array.from({ length: 16 }, async () => {
      while (going) {
        const { status, text } = await edge.fetch('busy');
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        texts.add(text);
      }
    });
    for (let round = 1; round <= 40; round++) {
      await admin.change('POST', '/tenants/busy/versions', { module: saying(`version ${round}`) });
      // Whoever was told that a version is active finds nothing of the one before.
      expect((await edge.fetch('busy')).text).toBe(`version ${round}`);
      await admin.change('POST', '/tenants/busy/rollback', { json: {} });
      expect((await edge.fetch('busy')).text).toBe(round === 1 ? 'version 0' : `version ${round - 1}`);
      await admin.change('POST', '/tenants/busy/activate', { json: { version: round + 1 } });
    }
    going = false;
    await Promise.all(clients);
    expect([...statuses.keys()]).toEqual([200]);
    expect(texts.size).toBeGreaterThan(10);
  });
});

describe('a process that is killed while it deploys', () => {
  it('serves what it acknowledged last, or what came after it, whole', async () => {
    const { edge, admin } = await started();
    await admin.change('POST', '/tenants', { json: { name: 'mortal' } });
    await admin.change('POST', '/tenants/mortal/versions', { module: saying('version 1') });
    let acknowledged = 1;
    const deploying = (async (): Promise<void> => {
      for (;;) {
        await admin.change('POST', '/tenants/mortal/versions', { module: saying(`version ${acknowledged + 1}`) });
        acknowledged += 1;
        if (acknowledged === 8) edge.process.kill('SIGKILL');
      }
    })();
    await expect(deploying).rejects.toBeInstanceOf(Error);
    const again = await edge.restart();
    edges.splice(0, 1, again);
    const { text } = await again.fetch('mortal');
    expect([`version ${acknowledged}`, `version ${acknowledged + 1}`]).toContain(text);
    const { body } = await (await Admin.of(again)).ask('GET', '/tenants/mortal/versions/8');
    expect(body).toMatchObject({ version: 8 });
  });
});
