/** Guests that want all memory there is: their own linear memory, tables, and whatever the host holds on their behalf. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import type { Outcome } from '../../src/outcome.ts';
import { besideBystander } from './bystander.ts';
import { expectAttackEnds, expectFailure } from './failures.ts';
import { attacker, BYSTANDER, texts } from './guests.ts';

const BUDGET = { memory_mb: 16 };
const MB = 1024 * 1024;

const header = texts(0, ['x-a', 'v'.repeat(1000)]);

const ATTACKS: readonly (readonly [name: string, attack: string, outcome: Outcome, app: TestApp])[] = [
  [
    'grow',
    'memory.grow by one page for ever, whatever it answers',
    'memory_limit',
    attacker({ handle: '(loop $l (drop (memory.grow (i32.const 1))) (br $l))' }, BUDGET),
  ],
  [
    'grow-trap',
    'memory.grow until it fails, and then a trap as allocators do',
    'memory_limit',
    attacker(
      { handle: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable' },
      BUDGET,
    ),
  ],
  [
    'grow-huge',
    'memory.grow by everything at once',
    'memory_limit',
    attacker({ handle: '(loop $l (drop (memory.grow (i32.const 65535))) (br $l))' }, BUDGET),
  ],
  [
    'grow-touch',
    'memory.grow that writes to each new page',
    'memory_limit',
    attacker(
      {
        handle: `(local $at i32) (loop $l
          (local.set $at (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
          (i32.store (local.get $at) (i32.const 1)) (br $l))`,
      },
      BUDGET,
    ),
  ],
  [
    'grow-nothing',
    'memory.grow by nothing, which detaches the buffer, between host calls',
    'cpu_limit',
    attacker({
      handle: `(loop $l (drop (memory.grow (i32.const 0))) (drop (call $method (i32.const 0) (i32.const 8))) (br $l))`,
    }),
  ],
  [
    'fields',
    'response fields without end',
    'guest_trap',
    attacker({
      fields: header.data,
      handle: `(loop $l (call $add (i32.const 1) ${header.at(0)} ${header.at(1)}) (br $l))`,
    }),
  ],
  [
    'request-fields',
    'request fields without end',
    'guest_trap',
    attacker({
      fields: header.data,
      handle: `(loop $l (call $add (i32.const 0) ${header.at(0)} ${header.at(1)}) (br $l))`,
    }),
  ],
  [
    'empty-writes',
    'empty pieces of a response, without end',
    'cpu_limit',
    attacker({ handle: '(loop $l (call $write (i32.const 1) (i32.const 0) (i32.const 0)) (br $l))' }),
  ],
  [
    'empty-request-writes',
    'empty pieces of a request body, without end',
    'cpu_limit',
    attacker({ handle: '(loop $l (call $write (i32.const 0) (i32.const 0) (i32.const 0)) (br $l))' }),
  ],
  [
    'held-response',
    'a response held back by the host, without end',
    'memory_limit',
    attacker(
      {
        handle: `(drop (call $features (i32.const 2)))
          (loop $l (call $write (i32.const 1) (i32.const 0) (i32.const 65536)) (br $l))`,
      },
      { cpu_ms: 1000 },
    ),
  ],
  [
    'written-request',
    'a request body held by the host, without end',
    'memory_limit',
    attacker(
      { handle: '(loop $l (call $write (i32.const 0) (i32.const 0) (i32.const 65536)) (br $l))' },
      { cpu_ms: 1000 },
    ),
  ],
];

let edge: Edge;

beforeAll(async () => {
  const attackers = Object.fromEntries(ATTACKS.map(([name, , , app]) => [name, app]));
  edge = await startEdge({
    apps: {
      bystander: BYSTANDER,
      trap: attacker({ memory: '1', handle: 'unreachable' }),
      'trap-empty': attacker({ memory: '0', handle: 'unreachable' }),
      'trap-no-memory': attacker({ memory: null, handle: 'unreachable' }),
      crumbs: attacker(
        {
          handle: `(drop (call $features (i32.const 2)))
            (loop $l (call $write (i32.const 1) (i32.const 0) (i32.const 1)) (br $l))`,
        },
        { cpu_ms: 200 },
      ),
      'declared-too-much': attacker({ memory: '257' }, BUDGET),
      ...attackers,
    },
  });
});
afterAll(() => edge.stop());

describe.each(ATTACKS)('%s: %s', (name, _, outcome) => {
  it(`ends as ${outcome} and hurts nobody`, async () => {
    await expectAttackEnds(edge, name, outcome);
    expect(edge.alive).toBe(true);
  });
});

it('never gives a guest more than its budget', async () => {
  await edge.fetch('bystander', '/the-end');
  await edge.untilLogged((line) => line['target'] === '/the-end');
  const grown = edge.log.filter((line) => String(line['tenant']).startsWith('grow'));
  const most = Math.max(...grown.map((line) => Number(line['memory_kb'])));
  expect(most).toBe(BUDGET.memory_mb * 1024);
});

it('refuses a memory that begins above the budget, and names the key to change', async () => {
  expect(edge.stderr).toContain('declared-too-much: not deployed');
  expect(edge.stderr).toContain('limits.memory_mb');
  expectFailure(await edge.fetch('declared-too-much'), 'unknown_host');
});

it('a response written byte by byte costs the host no more than its bytes', async () => {
  const before = await edge.metric('kerb_resident_bytes');
  await besideBystander(edge, async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => edge.fetch('crumbs')));
    for (const answer of answers) expectFailure(answer, 'cpu_limit');
  });
  expect((await edge.metric('kerb_resident_bytes')) - before).toBeLessThan(400 * MB);
});

/** More than the memories that one process may have alive at once: each failed request leaves one for the collector. */
const FAILURES = 9_000;

describe.each(['trap', 'trap-empty', 'trap-no-memory'])('%s: thousands of failures one after the other', (name) => {
  it('leave room for others', async () => {
    await besideBystander(edge, async () => {
      let left = FAILURES;
      const run = async (): Promise<void> => {
        for (; left > 0; left--) expectFailure(await edge.fetch(name), 'guest_trap');
      };
      await Promise.all(Array.from({ length: 32 }, run));
    });
    await edge.put(`newcomer-of-${name}`, BYSTANDER);
    await edge.untilSaid(`newcomer-of-${name}: version`);
    let answer = await edge.fetch(`newcomer-of-${name}`, '/hello');
    while (answer.status === 404) answer = await edge.fetch(`newcomer-of-${name}`, '/hello');
    expect([answer.status, answer.text]).toEqual([200, '/hello']);
  });
});
