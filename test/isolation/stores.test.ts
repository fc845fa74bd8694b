/** Guests that turn stores against others: forged handles, memory that is not theirs, floods, and ends in the middle of a wait. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Admin } from '../e2e/admin.ts';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { kerbImports, KV_GUEST } from '../kerb-guests.ts';
import { assemble } from '../wat.ts';
import { besideBystander } from './bystander.ts';
import { expectAttackEnds } from './failures.ts';
import { BYSTANDER, guest, limits, texts } from './guests.ts';

const STORES = '[stores]\nkv = ["main"]\nconfig = { k = "v" }\nsecrets = ["KEY"]';
const SECRET = 'correct horse battery staple';
const IMPORTS = kerbImports('open', 'get', 'put', 'generation', 'metadata', 'delete', 'list', 'configGet', 'secretGet');

/** Pointers and lengths that leave a memory of one page. */
const RANGES = [
  ['beyond', 65_535, 2],
  ['wrapping', 0xffff_fff0, 0x20],
  ['negative', -12, 4],
  ['everything', 0, 0xffff_ffff],
  ['half', -0x8000_0000, -0x8000_0000],
] as const;

/** Calls that take a range from the guest. */
const CALLS = [
  ['open', (range: string) => `(drop (call $open ${range}))`],
  ['get', (range: string) => `(drop (call $get (local.get $h) ${range} (i32.const 0) (i32.const 9)))`],
  ['metadata', (range: string) => `(drop (call $metadata (local.get $h) ${range} (i32.const 0) (i32.const 9)))`],
  ['generation', (range: string) => `(drop (call $generation (local.get $h) ${range}))`],
  ['delete', (range: string) => `(drop (call $delete (local.get $h) ${range}))`],
  ['put-key', (range: string) => put(range, '(i32.const 0) (i32.const 1)', '(i32.const 0) (i32.const 0)')],
  ['put-value', (range: string) => put('(i32.const 0) (i32.const 1)', range, '(i32.const 0) (i32.const 0)')],
  ['put-metadata', (range: string) => put('(i32.const 0) (i32.const 1)', '(i32.const 0) (i32.const 1)', range)],
  [
    'list-prefix',
    (range: string) =>
      `(drop (call $list (local.get $h) ${range} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9)))`,
  ],
  [
    'list-after',
    (range: string) =>
      `(drop (call $list (local.get $h) (i32.const 0) (i32.const 0) ${range} (i32.const 0) (i32.const 9)))`,
  ],
  ['config', (range: string) => `(drop (call $configGet ${range} (i32.const 0) (i32.const 9)))`],
  ['secret', (range: string) => `(drop (call $secretGet ${range} (i32.const 0) (i32.const 9)))`],
] as const;

function put(key: string, value: string, metadata: string): string {
  return `(drop (call $put (local.get $h) ${key} ${value} ${metadata} (i32.const 0) (i32.const 0) (i64.const 0)))`;
}

const NAMES = texts(60_000, ['main', 'key', 'KEY']);

/** A guest with the store `main` open as `$h`. */
function attack(handle: string, more: Readonly<Record<string, number>> = {}, memory = '1'): TestApp {
  const opened = `(local $h i32) (local $i i32) (local.set $h (call $open ${NAMES.at(0)}))`;
  const module = guest({ imports: IMPORTS, fields: NAMES.data, handle: `${opened} ${handle}`, memory });
  return { manifest: `${limits({ cpu_ms: 50, ...more })}\n${STORES}`, module };
}

const OUT_OF_BOUNDS = CALLS.flatMap(([call, make]) =>
  RANGES.map(([range, pointer, length]) => ({
    name: `${call}-${range}`,
    app: attack(`(i32.store8 (i32.const 0) (i32.const 97)) ${make(`(i32.const ${pointer}) (i32.const ${length})`)}`),
  })),
);

/** Tries every handle of a list, and traps when one of them names anything. */
const FORGED = [0, -1, 1, 2, 3, 0x0100_0000, 0x0100_0002, 0x0200_0001, 0x7fff_ffff, -0x8000_0000]
  .map(
    (
      handle,
    ) => `(if (i32.ne (i32.const -1) (call $get (i32.const ${handle}) ${NAMES.at(1)} (i32.const 0) (i32.const 9)))
      (then unreachable))`,
  )
  .join('\n');

/** Writes its store again and again, each time with a wait. */
const WRITE_ON = `(loop $on ${put(NAMES.at(1), '(i32.const 0) (i32.const 4096)', '(i32.const 0) (i32.const 0)')} (br $on))`;

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      honest: { manifest: '[stores]\nkv = ["main"]', module: KV_GUEST },
      ...Object.fromEntries(OUT_OF_BOUNDS.map(({ name, app }) => [name, app])),
      forger: attack(FORGED),
      'killed-waiting': attack(WRITE_ON, { wall_ms: 40, cpu_ms: 1_000 }),
      endless: attack(WRITE_ON, { wall_ms: 10_000, cpu_ms: 1_000 }),
      'late-answer': attack(
        `(loop $on (drop (call $get (local.get $h) ${NAMES.at(1)} (i32.const 65532) (i32.const 4096))) (br $on))`,
        { wall_ms: 40, cpu_ms: 1_000 },
      ),
      'large-values': attack(
        put(NAMES.at(1), '(i32.const 0) (i32.const 8000000)', '(i32.const 0) (i32.const 0)'),
        { memory_mb: 16 },
        '200',
      ),
    },
  });
});
afterAll(() => edge.stop());

describe.each(OUT_OF_BOUNDS)('$name: memory that is not the guest’s', ({ name }) => {
  it('ends the guest', async () => {
    const { status, headers } = await edge.fetch(name);
    expect([status, headers['kerb-outcome']]).toEqual([500, 'guest_trap']);
  });
});

it('handles that were never given name nothing', async () => {
  const { status } = await edge.fetch('forger');
  expect(status).toBe(200);
});

it('a guest that is killed while it waits leaves nothing behind, however many there are', async () => {
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, number) => edge.fetch(number % 2 === 0 ? 'killed-waiting' : 'late-answer')),
    );
    const outcomes = new Set(answers.map(({ headers }) => headers['kerb-outcome']));
    for (const outcome of outcomes) expect(['wall_limit', 'cpu_limit', 'guest_trap']).toContain(outcome);
    expect(outcomes).toContain('wall_limit');
  }
  expect(await edge.inFlight('killed-waiting')).toBe(0);
  expect((await edge.fetch('honest', '/after', { method: 'PUT', body: 'ok' })).text).toBe('');
  expect((await edge.fetch('honest', '/after')).text).toBe('ok');
});

it('a tenant that writes all the time keeps nobody else’s store waiting for long', async () => {
  await edge.fetch('honest', '/mine', { method: 'PUT', body: 'mine' });
  const flood = Promise.all(Array.from({ length: 40 }, () => edge.fetch('endless')));
  const began = performance.now();
  for (let time = 0; time < 20; time++) {
    const { status, text } = await edge.fetch('honest', '/mine');
    expect([status, text]).toEqual([200, 'mine']);
  }
  expect(performance.now() - began).toBeLessThan(4_000);
  expect(await besideBystander(edge, () => Promise.resolve('done'))).toBe('done');
  await flood;
}, 60_000);

it('many large values at once end requests, not the process', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, () => edge.fetch('large-values')));
  for (const { status } of answers) expect([200, 503]).toContain(status);
  expect((await edge.fetch('honest', '/large', { method: 'PUT', body: 'ok' })).status).toBe(200);
});

describe('a secret', () => {
  it('is in no answer, log line, metric or file but what its guest says itself', async () => {
    const admin = await Admin.of(edge);
    await admin.change('POST', '/tenants', { json: { name: 'keeper' } });
    const { module } = attack(
      `(drop (call $secretGet ${NAMES.at(2)} (i32.const 0) (i32.const 100)))
       (drop (call $secretGet ${NAMES.at(2)} (i32.const 65530) (i32.const 100)))`,
    );
    if (typeof module !== 'string') throw new TypeError('the guest is text');
    const manifest = `name = "keeper"\nmain = "handler.wasm"\nreceipt = true\n${STORES}`;
    const headers = { 'kerb-manifest': Buffer.from(manifest).toString('base64url') };
    const value = { archive: Buffer.from(SECRET), headers: { 'content-type': 'application/octet-stream' } };
    await admin.change('PUT', '/tenants/keeper/secrets/KEY', value);
    await admin.change('POST', '/tenants/keeper/versions', { module: assemble(module), headers });
    await expectAttackEnds(edge, 'keeper', 'guest_trap');
    const answer = await edge.fetch('keeper');
    const told = await Promise.all(
      ['/tenants/keeper', '/tenants/keeper/versions/1', '/tenants/keeper/secrets', '/audit', '/figures'].map((path) =>
        admin.ask('GET', path),
      ),
    );
    const everything = [JSON.stringify(edge.log), edge.stderr, JSON.stringify(answer.headers), answer.text];
    everything.push(JSON.stringify(told), await edge.control('/metrics'));
    for (const text of everything) expect(text).not.toContain(SECRET);
  });
});
