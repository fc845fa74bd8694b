/**
 * Canaries: what one request leaves in memory, globals and tables is never found by another, whoever sent it and however
 * the one before ended.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { RawClient } from '../e2e/raw-client.ts';
import { guest, limits } from './guests.ts';

/** Before it touches anything, counts what is not as new; then fills all of it with canaries and ends as its path says. */
const SCANNER = guest({
  memory: '4 8',
  fields: `
    (type $probe (func (result i32)))
    (global $left (mut i32) (i32.const 0))
    (table $t 2 2 funcref) (elem (i32.const 0) $old) (elem declare func $new)
    (func $old (result i32) (i32.const 0))
    (func $new (result i32) (i32.const 1))
    (func $recurse (call $recurse))
    (func $dirt (result i32) (local $at i32) (local $dirt i32)
      (local.set $dirt (i32.add (global.get $left) (call_indirect (type $probe) (i32.const 0))))
      (if (i32.ne (memory.size) (i32.const 4)) (then (local.set $dirt (i32.const 100))))
      (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0))
          (then (local.set $dirt (i32.add (local.get $dirt) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
      (local.get $dirt))
    (func $soil
      (global.set $left (i32.const 1))
      (table.set $t (i32.const 0) (ref.func $new))
      (memory.fill (i32.const 0) (i32.const 0xa5) (i32.mul (memory.size) (i32.const 65536))))`,
  handle: `(local $dirt i32) (local $ending i32)
    (local.set $dirt (call $dirt))
    (drop (call $uri (i32.const 0) (i32.const 64)))
    (local.set $ending (i32.load8_u (i32.const 1)))
    (i32.store8 (i32.const 0) (select (i32.const 68) (i32.const 67) (local.get $dirt)))
    (if (local.get $dirt) (then (call $setStatus (i32.const 299))))
    (call $write (i32.const 1) (i32.const 0) (i32.const 1))
    (if (i32.eq (local.get $ending) (i32.const 103)) (then (drop (memory.grow (i32.const 1)))))
    (call $soil)
    (if (i32.eq (local.get $ending) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $ending) (i32.const 115)) (then (call $recurse)))
    (if (i32.eq (local.get $ending) (i32.const 108)) (then (loop $l (br $l))))
    (if (i32.eq (local.get $ending) (i32.const 119)) (then (drop (call $read (i32.const 0) (i32.const 0) (i32.const 64)))))`,
});

const FRESH: TestApp = { manifest: limits({ cpu_ms: 20 }), module: SCANNER };

/** Keeps its first secret, the target of its first request, and answers it ever after. */
const KEEPER: TestApp = {
  manifest: 'isolation = "reuse"',
  module: guest({
    fields: '(global $length (mut i32) (i32.const 0))',
    handle: `
      (if (i32.eqz (global.get $length)) (then (global.set $length (call $uri (i32.const 1024) (i32.const 64)))))
      (call $write (i32.const 1) (i32.const 1024) (global.get $length))`,
  }),
};

/** How a request may end, by the first letter of its path, and what its client then gets. */
const ENDINGS = [
  ['answered', '/a', 200],
  ['grown and answered', '/g', 200],
  ['trapped', '/t', 500],
  ['overflowed the stack', '/s', 500],
  ['killed', '/l', 503],
] as const;

let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({ apps: { one: FRESH, two: FRESH, 'keeper-one': KEEPER, 'keeper-two': KEEPER } });
});
afterAll(() => edge.stop());

/** What the next request of a tenant says of its sandbox. */
async function look(tenant: string): Promise<unknown[]> {
  const { status, text } = await edge.fetch(tenant, '/a');
  return [tenant, status, text];
}

/** Puts an app in force, for the `time`th time. */
async function deploy(name: string, app: TestApp, time = 1): Promise<void> {
  await edge.put(name, app);
  await edge.untilSaid(new RegExp(`(${name}: version [^]*){${time}}`));
}

/** Looks with several requests of both tenants at once. */
async function lookAround(): Promise<unknown[]> {
  return Promise.all(['one', 'two', 'one', 'two'].map(look));
}

const CLEAN = ['one', 'two', 'one', 'two'].map((tenant) => [tenant, 200, 'C']);

describe.each(ENDINGS)('after a request that %s', (_, path, status) => {
  it('neither its own tenant nor another finds a trace', async () => {
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => edge.fetch('one', path)));
      expect(answers.map((answer) => answer.status)).toEqual([status, status, status, status]);
      expect(await lookAround()).toEqual(CLEAN);
    }
  });
});

it('after a request that its client broke off while the guest waited, nobody finds a trace', async () => {
  const clients = Array.from({ length: 4 }, () => new RawClient(edge));
  const message = 'POST /w HTTP/1.1\r\nHost: one.localhost\r\nContent-Length: 9000000\r\n\r\nsecret';
  await Promise.all(clients.map((client) => client.send(message).open()));
  await edge.fetch('two', '/a');
  for (const client of clients) client.leave();
  await edge.until(
    () => edge.log.filter((line) => line['target'] === '/w' && line['outcome'] === 'client_closed').length === 4,
  );
  expect(await lookAround()).toEqual(CLEAN);
});

it('many requests at once, ending in every way, never meet', async () => {
  const asked = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 'one' : 'two')).flatMap((tenant) =>
    ENDINGS.map(([, path, status]) => [tenant, path, status] as const),
  );
  const answers = await Promise.all(
    asked.map(async ([tenant, path]) => {
      const { status, text } = await edge.fetch(tenant, path);
      return status === 200 ? [status, text] : [status];
    }),
  );
  expect(answers).toEqual(asked.map(([, , status]) => (status === 200 ? [200, 'C'] : [status])));
});

it('a tenant that gets the memories of another, whose app is replaced, finds no trace', async () => {
  const answers: string[] = [];
  for (let round = 0; round < 3; round++) {
    const soiler = (cpu: number): TestApp => ({
      manifest: `isolation = "reuse"\n${limits({ cpu_ms: cpu })}`,
      module: SCANNER,
    });
    await deploy(`soiler-${round}`, soiler(20));
    await Promise.all(Array.from({ length: 8 }, () => edge.fetch(`soiler-${round}`, '/a')));
    await deploy(`heir-${round}`, FRESH);
    // Full of canaries until now, and of nobody from here on.
    await deploy(`soiler-${round}`, soiler(21), 2);
    const heirs = await Promise.all(Array.from({ length: 8 }, () => edge.fetch(`heir-${round}`, '/a')));
    answers.push(...heirs.map(({ text }) => text));
  }
  expect(answers).toEqual(Array.from({ length: 24 }, () => 'C'));
});

it('an instance that is reused keeps its own secret, and never shows that of another tenant', async () => {
  const secrets = new Set<string>();
  for (let i = 0; i < 50; i++) {
    for (const tenant of ['keeper-one', 'keeper-two']) {
      const answers = await Promise.all(
        Array.from({ length: 3 }, (_, k) => edge.fetch(tenant, `/secret-of-${tenant}-${i}-${k}`)),
      );
      for (const { text } of answers) {
        expect(text).toContain(`/secret-of-${tenant}-`);
        secrets.add(text);
      }
    }
  }
  expect(secrets.size).toBeLessThan(20);
  await edge.until(() => edge.log.filter((line) => line['instance'] === 'reused').length > 200);
});
