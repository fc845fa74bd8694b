/** What a deploy finds out by starting an instance: on a real edge, with real guests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guest, RESPONSE } from '../guests.ts';
import { Admin } from './admin.ts';
import { startEdge, type Edge } from './edge.ts';

let edge: Edge;
let admin: Admin;

beforeAll(async () => {
  edge = await startEdge({});
  admin = await Admin.of(edge);
  await admin.change('POST', '/tenants', { json: { name: 'first' } });
});
afterAll(() => edge.stop());

const handle = `(i64.const 0)`;
const startingWith = (code: string): Uint8Array =>
  guest(() => ({ handle, fields: `(func $begin ${code}) (start $begin)` }));

describe('a module whose start-up', () => {
  it.each([
    ['traps', 'unreachable', 'guest_trap'],
    ['never ends', '(loop $again (br $again))', 'cpu_limit'],
    ['recurses for ever', '(call $begin)', 'stack_limit'],
  ])('%s is refused, by the outcome that every request would have', async (_, code, outcome) => {
    const answer = await admin.ask('POST', '/tenants/first/versions', { module: startingWith(code) });
    expect([answer.status, answer.body]).toMatchObject([422, { code: 'refused_module' }]);
    expect(JSON.stringify(answer.body)).toContain(outcome);
    expect((await admin.ask('GET', '/tenants/first/versions')).body).toMatchObject({ items: [] });
  });

  it('is well is told with what it cost', async () => {
    const work =
      '(local $i i32) (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))';
    const { body } = await admin.change('POST', '/tenants/first/versions', { module: startingWith(work) });
    const { startUp } = (body as { version: { report: { startUp: { cpuMs: number; memoryPages: number } } } }).version
      .report;
    expect(startUp.memoryPages).toBe(4);
    expect(startUp.cpuMs).toBeGreaterThan(0);
    expect((await edge.fetch('first')).status).toBe(200);
  });
});

describe('a check', () => {
  it('starts nothing and stores nothing', async () => {
    const module = startingWith('unreachable');
    expect((await admin.ask('POST', '/check', { module })).body).toMatchObject({ report: { startUp: null } });
    expect((await admin.ask('GET', '/tenants/first/versions')).body).toMatchObject({ items: [{ version: 1 }] });
  });

  it('of a tenant’s tries it as a deploy would', async () => {
    const answer = await admin.ask('POST', '/check?tenant=first', { module: startingWith('unreachable') });
    expect([answer.status, answer.body]).toMatchObject([422, { code: 'refused_module' }]);
  });
});

describe('usage', () => {
  it('is up to date when it is asked for', async () => {
    await admin.change('POST', '/tenants', { json: { name: 'used' } });
    const module = guest((put) => ({ handle: `(call $write ${RESPONSE} ${put('x')}) (i64.const 0)` }));
    await admin.change('POST', '/tenants/used/versions', { module });
    for (let request = 0; request < 3; request++) await edge.fetch('used');
    const { body } = await admin.ask('GET', '/tenants/used/usage');
    expect(body).toMatchObject({ hours: [{ requests: 3, outcomes: { ok: 3 } }] });
  });
});
