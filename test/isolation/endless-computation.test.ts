/** Guests that never end by themselves: each is ended on its budget, and nobody else notices. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import type { Outcome } from '../../src/outcome.ts';
import { BULK_LATE_MS, expectAttackEnds, expectWithinBudget } from './failures.ts';
import { attacker, ATTACKER_CPU_MS, BYSTANDER } from './guests.ts';

const FOREVER = '(loop $for_ever (br $for_ever))';

const ATTACKS: readonly (readonly [name: string, attack: string, outcome: Outcome, app: TestApp])[] = [
  ['loop', 'an endless loop', 'cpu_limit', attacker({ handle: FOREVER })],
  ['loop-no-memory', 'an endless loop without memory', 'cpu_limit', attacker({ memory: null, handle: FOREVER })],
  [
    'loop-big-body',
    'an endless loop with a body too large to unroll',
    'cpu_limit',
    attacker({
      fields: '(global $x (mut i64) (i64.const 1))',
      handle: `(loop $for_ever ${'(global.set $x (i64.mul (global.get $x) (i64.const 3)))'.repeat(60)} (br $for_ever))`,
    }),
  ],
  [
    'loop-parameters',
    'an endless loop with parameters',
    'cpu_limit',
    attacker({
      handle: '(i32.const 1) (loop $for_ever (param i32) (i32.const 1) (i32.add) (br $for_ever))',
    }),
  ],
  [
    'loop-br-table',
    'an endless loop that goes back through br_table',
    'cpu_limit',
    attacker({
      fields: '(global $i (mut i32) (i32.const 0))',
      handle: `(block $out (loop $a (loop $b
        (global.set $i (i32.add (global.get $i) (i32.const 1)))
        (br_table $a $b $a (i32.and (global.get $i) (i32.const 1))))))`,
    }),
  ],
  [
    'loop-nested',
    'loops in loops, each of them short',
    'cpu_limit',
    attacker({
      handle: `(local $i i32) (loop $outer
        (local.set $i (i32.const 100))
        (loop $inner (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (br $outer))`,
    }),
  ],
  [
    'loop-calls',
    'an endless loop around calls',
    'cpu_limit',
    attacker({ fields: '(func $nothing)', handle: '(loop $for_ever (call $nothing) (br $for_ever))' }),
  ],
  [
    'call-dag',
    'calls that fan out, 16 to the 8th, without a loop or a cycle',
    'cpu_limit',
    attacker({
      fields: [
        '(global $x (mut i32) (i32.const 0))',
        '(func $f0 (global.set $x (i32.add (global.get $x) (i32.const 1))))',
        ...Array.from({ length: 8 }, (_, i) => `(func $f${i + 1} ${`(call $f${i})`.repeat(16)})`),
      ].join('\n'),
      handle: '(call $f8)',
    }),
  ],
  [
    'tail-call',
    'a tail call to itself',
    'cpu_limit',
    attacker({ fields: '(func $f (return_call $f))', handle: '(call $f)' }),
  ],
  [
    'tail-call-mutual',
    'two tail calls that go in circles',
    'cpu_limit',
    attacker({ fields: '(func $f (return_call $g)) (func $g (return_call $f))', handle: '(call $f)' }),
  ],
  [
    'tail-call-indirect',
    'a tail call to itself through a table',
    'cpu_limit',
    attacker({
      fields: `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
        (func $f (return_call_indirect (type $t) (i32.const 0)))`,
      handle: '(call $f)',
    }),
  ],
  ['recursion', 'endless recursion', 'stack_limit', attacker({ fields: '(func $f (call $f))', handle: '(call $f)' })],
  [
    'recursion-mutual',
    'two functions that call each other for ever',
    'stack_limit',
    attacker({
      fields:
        '(func $f (param i64 i64) (call $g (f64.const 1))) (func $g (param f64) (call $f (i64.const 1) (i64.const 2)))',
      handle: '(call $g (f64.const 0))',
    }),
  ],
  [
    'recursion-indirect',
    'endless recursion through a table',
    'stack_limit',
    attacker({
      fields: `(type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
        (func $f (call_indirect (type $t) (i32.const 0)))`,
      handle: '(call $f)',
    }),
  ],
  [
    'recursion-wide',
    'recursion that forks at every level, too shallow for the stack',
    'cpu_limit',
    attacker({
      fields: `(func $f (param $depth i32) (if (local.get $depth) (then
        (call $f (i32.sub (local.get $depth) (i32.const 1))) (call $f (i32.sub (local.get $depth) (i32.const 1))))))`,
      handle: '(call $f (i32.const 60))',
    }),
  ],
  [
    'recursion-host',
    'endless recursion that calls the host at every level',
    'stack_limit',
    attacker({
      fields: '(func $f (drop (call $method (i32.const 0) (i32.const 8))) (call $f))',
      handle: '(call $f)',
    }),
  ],
  [
    'start-section',
    'an endless loop in the start section',
    'cpu_limit',
    attacker({ fields: `(func $boot ${FOREVER}) (start $boot)` }),
  ],
  [
    'start-export',
    'an endless loop in _start',
    'cpu_limit',
    attacker({ fields: `(func (export "_start") ${FOREVER})` }),
  ],
  [
    'initialize-export',
    'an endless loop in _initialize',
    'cpu_limit',
    attacker({ fields: `(func (export "_initialize") ${FOREVER})` }),
  ],
  [
    'start-recursion',
    'endless recursion in the start section',
    'stack_limit',
    attacker({ fields: '(func $boot (call $boot)) (start $boot)' }),
  ],
  [
    'start-trap',
    'a trap in the start section',
    'guest_trap',
    attacker({ fields: '(func $boot unreachable) (start $boot)' }),
  ],
  [
    'fill',
    'memory.fill of 64 MB in a loop',
    'cpu_limit',
    attacker({
      memory: '1024',
      handle: '(loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x4000000)) (br $l))',
    }),
  ],
  [
    'fill-unrolled',
    'hundreds of memory.fill of 64 MB without a loop',
    'cpu_limit',
    attacker({
      memory: '1024',
      handle: '(memory.fill (i32.const 0) (i32.const 7) (i32.const 0x4000000))'.repeat(500),
    }),
  ],
  [
    'copy',
    'memory.copy onto itself, overlapping, in a loop',
    'cpu_limit',
    attacker({
      memory: '1024',
      handle: '(loop $l (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3ffffff)) (br $l))',
    }),
  ],
  [
    'table-fill',
    'table.fill and table.copy in a loop',
    'cpu_limit',
    attacker({
      fields: '(table $t 10000 10000 funcref)',
      handle: `(loop $l (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000))
        (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 9999)) (br $l))`,
    }),
  ],
  [
    'table-grow',
    'table.grow without end',
    'cpu_limit',
    attacker({
      fields: '(table $t 1 funcref)',
      handle: '(loop $l (drop (table.grow $t (ref.null func) (i32.const 1))) (br $l))',
    }),
  ],
  [
    'table-grow-huge',
    'table.grow by four billion, again and again',
    'cpu_limit',
    attacker({
      fields: '(table $t 1 funcref)',
      handle: '(loop $l (drop (table.grow $t (ref.null func) (i32.const -1))) (br $l))',
    }),
  ],
  [
    'hostcalls',
    'nothing but host calls',
    'cpu_limit',
    attacker({ handle: '(loop $l (drop (call $method (i32.const 0) (i32.const 8))) (br $l))' }),
  ],
];

let edge: Edge;

beforeAll(async () => {
  const attackers = Object.fromEntries(ATTACKS.map(([name, , , app]) => [name, app]));
  const oneFill = attacker(
    {
      memory: '4096',
      handle: '(memory.fill (i32.const 0) (i32.const 7) (i32.const 0x10000000))',
    },
    { cpu_ms: 5, memory_mb: 256 },
  );
  edge = await startEdge({ apps: { bystander: BYSTANDER, 'one-fill': oneFill, ...attackers } });
});
afterAll(() => edge.stop());

describe.each(ATTACKS)('%s: %s', (name, _, outcome) => {
  it(`ends as ${outcome}, within its budget, and hurts nobody`, async () => {
    await expectAttackEnds(edge, name, outcome);
    expect(edge.alive).toBe(true);
    await edge.untilLogged((line) => line['tenant'] === name);
    expectWithinBudget(edge, name, ATTACKER_CPU_MS, /^(?:fill|copy)/.test(name) ? BULK_LATE_MS : undefined);
    const costs = edge.log.filter((line) => line['tenant'] === name).map((line) => Number(line['cpu_ms']));
    const least = outcome === 'cpu_limit' ? ATTACKER_CPU_MS - 1 : 0;
    expect(Math.min(...costs)).toBeGreaterThanOrEqual(least);
  });
});

/** Nothing interrupts one bulk instruction: what keeps this within a budget is that it is run in pieces, with checks between. */
it('one memory.fill of 256 MB and nothing else ends as cpu_limit', async () => {
  expect((await edge.fetch('one-fill')).headers['kerb-outcome']).toBe('cpu_limit');
});
