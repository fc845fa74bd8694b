/** Attacks by way of the object cache: on what other tenants keep there, and on who waits for an object. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEdge, type Edge } from '../e2e/edge.ts';
import { BUFFER, BUFFER_BYTES, kerbGuest } from '../kerb-guests.ts';
import { REQUEST } from '../guests.ts';

/**
 * By the first letter of the method: GET finds the key that is the target without its first character, PUT keeps the body there with the
 * tag `all`, DELETE purges that tag. OPTIONS looks the key up and waits; who has to make it answers nothing when the target ends in `!`
 * and never ends when it does not.
 */
const GUEST = kerbGuest(['cacheGet', 'cachePut', 'cachePurge', 'cacheLookup'], (text) => ({
  handle: `(drop (call $method (i32.const 0) (i32.const 8)))
    (local.set $i (i32.load8_u (i32.const 0)))
    (local.set $j (i32.sub (call $uri (i32.const 256) (i32.const 4096)) (i32.const 1)))
    (if (i32.eq (local.get $i) (i32.const 71)) (then
      (local.set $n (i32.wrap_i64 (call $cacheGet (i32.const 257) (local.get $j) ${BUFFER} ${BUFFER_BYTES})))))
    (if (i32.eq (local.get $i) (i32.const 80)) (then
      (local.set $l (call $read ${REQUEST} ${BUFFER} ${BUFFER_BYTES}))
      (drop (call $cachePut (i32.const 257) (local.get $j) ${BUFFER} (i32.wrap_i64 (local.get $l))
        (i32.const 600) (i32.const 0) ${text('all')}))))
    (if (i32.eq (local.get $i) (i32.const 68)) (then (drop (call $cachePurge ${text('all')}))))
    (if (i32.eq (local.get $i) (i32.const 79)) (then
      (local.set $l (call $cacheLookup (i32.const 257) (i32.const 4) (i32.const 10000) ${BUFFER} ${BUFFER_BYTES}))
      (if (i64.ge_u (local.get $l) (i64.const 0x4000000000000000)) (then
        (if (i32.eq (local.get $j) (i32.const 4)) (then (loop $ever (br $ever))))))))`,
}));

let edge: Edge;

beforeAll(async () => {
  const app = { manifest: '[stores]\ncache = true\n[limits]\ncpu_ms = 200', module: GUEST };
  edge = await startEdge({
    apps: { victim: app, attacker: app, ungranted: { module: GUEST } },
    flags: ['--threads', '2'],
  });
});
afterAll(() => edge.stop());

const say = async (app: string, method: string, path: string, body?: string): Promise<string> =>
  (await edge.fetch(app, path, { method, ...(body === undefined ? {} : { body }) })).text;

it('another tenant finds, replaces and purges nothing under the same key and tag', async () => {
  await say('victim', 'PUT', '/k', 'secret');
  expect(await say('attacker', 'GET', '/k')).toBe('errno 20');
  await say('attacker', 'PUT', '/k', 'poison');
  await say('attacker', 'DELETE', '/');
  for (let again = 0; again < 8; again++) expect(await say('victim', 'GET', '/k')).toBe('secret');
});

it('a tenant that keeps as much as it can takes nothing from another', async () => {
  await say('victim', 'PUT', '/small', 'kept');
  const much = 'x'.repeat(16_384);
  for (let i = 0; i < 1_500; i += 50)
    await Promise.all(Array.from({ length: 50 }, (_, j) => say('attacker', 'PUT', `/${i + j}`, much)));
  expect(await say('attacker', 'GET', '/0')).toBe('errno 20');
  expect(await say('attacker', 'GET', '/1499')).toBe(much);
  expect(await say('victim', 'GET', '/small')).toBe('kept');
});

it('who has to make an object and is killed instead keeps nobody waiting', async () => {
  const killed = await Promise.all(
    Array.from({ length: 6 }, () => edge.fetch('attacker', '/spin', { method: 'OPTIONS' })),
  );
  expect(killed.map(({ headers }) => headers['kerb-outcome'])).toEqual(Array.from({ length: 6 }, () => 'cpu_limit'));
});

it('who has to make an object and just ends keeps nobody waiting', async () => {
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => edge.fetch('victim', '/idle!', { method: 'OPTIONS' })),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(performance.now() - began).toBeLessThan(9_000);
});

it('a module that was not granted a cache is refused', async () => {
  await edge.untilSaid(/import kerb_cache\.get is not granted; add \[stores\] cache = true/);
  expect((await edge.fetch('ungranted')).status).toBe(404);
});
