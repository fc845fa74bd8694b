/** Guests that turn host calls against the host: pointers outside their memory, floods, calls at the wrong time. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import type { Outcome } from '../../src/outcome.ts';
import { besideBystander } from './bystander.ts';
import { expectAttackEnds } from './failures.ts';
import { attacker, BYSTANDER, guest, limits, texts, wasi } from './guests.ts';

/** Pointers and lengths that leave a memory of one page: the end, beyond, wrapped around, negative. */
const RANGES = [
  ['one-beyond', 65_536, 1],
  ['last-byte', 65_535, 2],
  ['wrapping', 0xffff_fff0, 0x20],
  ['negative-pointer', -12, 4],
  ['negative-length', 0, -1],
  ['everything', 0, 0xffff_ffff],
  ['most-negative', -0x8000_0000, -0x8000_0000],
] as const;

/** Calls that read or write guest memory, given a pointer and a length. */
const CALLS = [
  ['log', (range: string) => `(call $log (i32.const 0) ${range})`],
  ['set-name', (range: string) => `(call $set (i32.const 1) ${range} (i32.const 0) (i32.const 1))`],
  ['set-value', (range: string) => `(call $set (i32.const 1) (i32.const 8) (i32.const 1) ${range})`],
  ['read-body', (range: string) => `(drop (call $read (i32.const 0) ${range}))`],
  ['write-body', (range: string) => `(call $write (i32.const 1) ${range})`],
  ['random', (range: string) => `(if (call $wasi ${range}) (then unreachable))`],
] as const;

/** Calls that write as much as there is, wherever the buffer is said to be. */
const ANSWERS = [
  ['get-uri', (pointer: number) => `(drop (call $uri (i32.const ${pointer}) (i32.const 60000)))`],
  ['get-names', (pointer: number) => `(drop (call $names (i32.const 0) (i32.const ${pointer}) (i32.const 60000)))`],
] as const;

const OUT_OF_BOUNDS = [
  ...CALLS.flatMap(([call, make]) =>
    RANGES.map(([range, pointer, length]) => ({
      name: `${call}-${range}`,
      app: withRandom(
        `(i32.store8 (i32.const 8) (i32.const 97)) ${make(`(i32.const ${pointer}) (i32.const ${length})`)}`,
      ),
    })),
  ),
  ...ANSWERS.flatMap(([call, make]) =>
    [65_536, 0xffff_fff0, -12, -0x8000_0000].map((pointer, place) => ({
      name: `${call}-${place}`,
      app: withRandom(make(pointer)),
    })),
  ),
];

/** As {@link guest}, with WASI's `random_get` too. */
function withRandom(handle: string): TestApp {
  return {
    manifest: limits({ cpu_ms: 20 }),
    module: guest({ imports: wasi('random_get', '(param i32 i32) (result i32)'), handle }),
  };
}

const MISUSES: readonly (readonly [name: string, attack: string, outcome: Outcome, app: TestApp])[] = [
  [
    'read-nothing',
    'read_body with an empty buffer',
    'guest_trap',
    attacker({ handle: '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 0)))' }),
  ],
  [
    'unknown-kind',
    'a body kind that is not there',
    'guest_trap',
    attacker({ handle: '(call $write (i32.const 77) (i32.const 0) (i32.const 1))' }),
  ],
  [
    'unknown-header-kind',
    'a header kind that is not there',
    'guest_trap',
    attacker({ handle: '(drop (call $names (i32.const -1) (i32.const 0) (i32.const 0)))' }),
  ],
  [
    'start-hostcall',
    'a host call for a request, in the start section',
    'guest_trap',
    attacker({ fields: '(func $boot (call $setStatus (i32.const 200))) (start $boot)' }),
  ],
  [
    'initialize-hostcall',
    'a host call for a request, in _initialize',
    'guest_trap',
    attacker({ fields: '(func (export "_initialize") (call $write (i32.const 1) (i32.const 0) (i32.const 1)))' }),
  ],
  ['next-without-origin', '"next" without an origin', 'no_response', attacker({ handle: '(return (i64.const 1))' })],
  [
    'grown-pointer',
    'a pointer into memory that it failed to grow',
    'memory_limit',
    attacker(
      {
        handle: `(drop (memory.grow (i32.const 65535))) (call $write (i32.const 1) (i32.const 65536) (i32.const 1))`,
      },
      { memory_mb: 1 },
    ),
  ],
];

const LINES = 10_000;

let edge: Edge;

beforeAll(async () => {
  const line = texts(0, ['line of a flood\n{"kind":"access"}\r\n\x1b[31m']);
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      ...Object.fromEntries(OUT_OF_BOUNDS.map(({ name, app }) => [name, app])),
      ...Object.fromEntries(MISUSES.map(([name, , , app]) => [name, app])),
      flood: {
        manifest: limits({ cpu_ms: 2_000 }),
        module: guest({
          fields: line.data,
          handle: `(local $left i32) (local.set $left (i32.const ${LINES})) (loop $l
            (call $log (i32.const 2) ${line.at(0)})
            (br_if $l (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            (call $write (i32.const 1) (i32.const 0) (i32.const 4))`,
        }),
      },
      'exit-then-trap': {
        module: guest({
          imports: wasi('proc_exit', '(param i32)'),
          fields: '(func (export "_start") (call $wasi (i32.const 0)))',
          handle: 'unreachable',
        }),
      },
      'long-line': attacker({
        memory: '32',
        handle: `(memory.fill (i32.const 0) (i32.const 97) (i32.const 2000000)) (call $log (i32.const 2) (i32.const 0) (i32.const 2000000))`,
      }),
      'grown-and-written': {
        module: guest({
          handle: `(drop (memory.grow (i32.const 1)))
            (call $write (i32.const 1) (i32.const 65536) (call $uri (i32.const 65536) (i32.const 100)))
            (drop (memory.grow (i32.const 0)))
            (call $write (i32.const 1) (i32.const 65536) (call $uri (i32.const 65536) (i32.const 100)))`,
        }),
      },
      'whole-memory': {
        module: guest({
          handle: `(call $write (i32.const 1) (i32.const 65535) (i32.const 1)) (call $write (i32.const 1) (i32.const 65536) (i32.const 0))`,
        }),
      },
    },
  });
});
afterAll(() => edge.stop());

describe.each(OUT_OF_BOUNDS)('$name: memory that is not the guest’s', ({ name }) => {
  it('ends the guest', async () => {
    const { status, headers, text } = await edge.fetch(name, '/', { method: 'POST', body: 'some body of a request' });
    expect([status, headers['kerb-outcome']]).toEqual([500, 'guest_trap']);
    expect(text).not.toContain('bounds');
  });
});

it('after all of that, the others are answered', async () => {
  expect(await besideBystander(edge, () => Promise.resolve('done'))).toBe('done');
});

it('the very last byte is the guest’s, and nothing at the end is nothing', async () => {
  const { status, body } = await edge.fetch('whole-memory');
  expect([status, [...body]]).toEqual([200, [0]]);
});

it('memory that has grown, and then grown by nothing, is written where it is now', async () => {
  const { text } = await edge.fetch('grown-and-written', '/where');
  expect(text).toBe('/where/where');
});

describe.each(MISUSES)('%s: %s', (name, _, outcome) => {
  it(`ends as ${outcome} and hurts nobody`, async () => {
    await expectAttackEnds(edge, name, outcome);
    expect(edge.alive).toBe(true);
  });
});

it('a trap after _start has exited in order is a trap', async () => {
  await expectAttackEnds(edge, 'exit-then-trap', 'guest_trap');
  expect(edge.alive).toBe(true);
});

describe('a flood of log lines', () => {
  it('is cut for each request, stays one line each, and cannot forge a line of the access log', async () => {
    await besideBystander(edge, async () => {
      expect((await edge.fetch('flood')).status).toBe(200);
    });
    await edge.untilLogged(({ kind, tenant }) => kind === 'access' && tenant === 'flood');
    const lines = edge.log.filter(({ tenant }) => tenant === 'flood');
    const own = lines.filter(({ kind }) => kind === 'guest');
    expect(own.length).toBeGreaterThan(0);
    expect(own.length).toBeLessThanOrEqual(200);
    expect(lines.length - own.length).toBe(1);
    expect(own[0]?.['message']).toContain('{"kind":"access"}');
  });

  it('cuts a line that is too long', async () => {
    await edge.fetch('long-line');
    const line = await edge.untilLogged(({ kind, tenant }) => kind === 'guest' && tenant === 'long-line');
    expect(String(line['message']).length).toBeLessThan(10_000);
  });
});
