/** Guests that catch everything, in both generations of exception handling: the host's way of ending them is not catchable. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEdge, type Edge, type TestApp } from '../e2e/edge.ts';
import { unfinished } from '../e2e/raw-client.ts';
import type { Outcome } from '../../src/outcome.ts';
import { expectAttackEnds } from './failures.ts';
import { attacker, BYSTANDER } from './guests.ts';

/** Wraps instructions so that everything that can be caught is, and the guest goes on behind them. */
interface Catcher {
  readonly name: 'legacy' | 'exnref';
  readonly catching: (instructions: string) => string;
  /** As `catching`, and the exception is thrown again where it was caught, for an outer catcher. */
  readonly rethrowing: (instructions: string) => string;
}

const CATCHERS: readonly Catcher[] = [
  {
    name: 'legacy',
    catching: (instructions) => `(try (do ${instructions}) (catch_all))`,
    rethrowing: (instructions) => `(try $again (do ${instructions}) (catch_all (rethrow $again)))`,
  },
  {
    name: 'exnref',
    catching: (instructions) => `(block $caught (try_table (catch_all $caught) ${instructions}))`,
    rethrowing: (instructions) =>
      `(block $done (block $caught (result exnref) (try_table (catch_all_ref $caught) ${instructions}) (br $done)) throw_ref)`,
  },
];

const TAG = '(tag $tag (param i32))';

/** Attacks, as apps made with one catcher. */
const ATTACKS: readonly {
  readonly name: string;
  readonly attack: string;
  readonly outcome: Outcome;
  readonly app: (catcher: Catcher) => TestApp;
}[] = [
  {
    name: 'loop-inside',
    attack: 'an endless loop inside a catch_all inside an endless loop',
    outcome: 'cpu_limit',
    app: ({ catching }) => attacker({ handle: `(loop $outer ${catching('(loop $inner (br $inner))')} (br $outer))` }),
  },
  {
    name: 'trap',
    attack: 'a trap that is caught and repeated',
    outcome: 'guest_trap',
    app: ({ catching }) => attacker({ handle: `(loop $l ${catching('unreachable')} (br $l))` }),
  },
  {
    name: 'out-of-bounds',
    attack: 'an access out of bounds that is caught and repeated',
    outcome: 'guest_trap',
    app: ({ catching }) =>
      attacker({ handle: `(loop $l ${catching('(i32.store (i32.const -4) (i32.const 0))')} (br $l))` }),
  },
  {
    name: 'host-fault',
    attack: 'a host call that ends the guest, caught and repeated',
    outcome: 'guest_trap',
    app: ({ catching }) => attacker({ handle: `(loop $l ${catching('(call $setStatus (i32.const 99))')} (br $l))` }),
  },
  {
    name: 'host-fault-suspending',
    attack: 'a host call that may wait and ends the guest, caught and repeated',
    outcome: 'guest_trap',
    app: ({ catching }) =>
      attacker({
        handle: `(loop $l ${catching('(drop (call $read (i32.const 9) (i32.const 0) (i32.const 8)))')} (br $l))`,
      }),
  },
  {
    name: 'deep-recursion',
    attack: 'recursion that catches the end of the stack and recurses again',
    outcome: 'stack_limit',
    app: ({ catching }) => attacker({ fields: `(func $f ${catching('(call $f)')} (call $f))`, handle: '(call $f)' }),
  },
  {
    name: 'deep-recursion-rethrown',
    attack: 'recursion that rethrows whatever ends it, inside a catch_all',
    outcome: 'stack_limit',
    app: ({ catching, rethrowing }) =>
      attacker({
        fields: `(func $f ${rethrowing('(call $f)')})`,
        handle: `(loop $l ${catching('(call $f)')} (br $l))`,
      }),
  },
  {
    name: 'throw-loop',
    attack: 'its own exceptions, thrown and caught for ever',
    outcome: 'cpu_limit',
    app: ({ catching }) =>
      attacker({ fields: TAG, handle: `(loop $l ${catching('(throw $tag (i32.const 1))')} (br $l))` }),
  },
  {
    name: 'throw-deep',
    attack: 'exceptions that unwind a deep stack and are rethrown in each frame, for ever',
    outcome: 'cpu_limit',
    app: ({ catching, rethrowing }) => {
      const deeper = '(call $f (i32.sub (local.get $depth) (i32.const 1)))';
      const fields = `${TAG} (func $f (param $depth i32)
        (if (i32.eqz (local.get $depth)) (then (throw $tag (i32.const 1)))) ${rethrowing(deeper)})`;
      return attacker({ fields, handle: `(loop $l ${catching('(call $f (i32.const 100))')} (br $l))` });
    },
  },
  {
    name: 'throw-uncaught',
    attack: 'an exception that nothing catches',
    outcome: 'guest_trap',
    app: () => attacker({ fields: TAG, handle: '(throw $tag (i32.const 1))' }),
  },
  {
    name: 'start-loop',
    attack: 'an endless loop inside a catch_all in the start section',
    outcome: 'cpu_limit',
    app: ({ catching }) =>
      attacker({ fields: `(func $boot (loop $o ${catching('(loop $i (br $i))')} (br $o))) (start $boot)` }),
  },
];

const CASES = CATCHERS.flatMap((catcher) =>
  ATTACKS.map(({ name, attack, outcome, app }) => ({
    app: `${catcher.name}-${name}`,
    attack: `${attack} (${catcher.name})`,
    outcome,
    files: app(catcher),
  })),
);

/** Waits for a body that never comes, and catches whatever ends the wait. */
function waiter({ catching }: Catcher): TestApp {
  const wait = '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 8)))';
  return attacker({ handle: `(loop $l ${catching(wait)} (br $l))` }, { wall_ms: 200 });
}

let edge: Edge;

beforeAll(async () => {
  const attackers = Object.fromEntries(CASES.map(({ app, files }) => [app, files]));
  const waiters = Object.fromEntries(CATCHERS.map((catcher) => [`${catcher.name}-wait`, waiter(catcher)]));
  edge = await startEdge({ apps: { bystander: BYSTANDER, ...attackers, ...waiters } });
});
afterAll(() => edge.stop());

describe.each(CASES)('$app: $attack', ({ app, outcome }) => {
  it(`ends as ${outcome} and hurts nobody`, async () => {
    await expectAttackEnds(edge, app, outcome);
    expect(edge.alive).toBe(true);
  });
});

describe.each(CATCHERS)('$name: a wait that is caught', ({ name }) => {
  it('ends at the deadline', async () => {
    const client = unfinished(edge, `${name}-wait`);
    await client.until(() => client.received.endsWith('}'));
    client.leave();
    expect(client.statuses).toEqual([504]);
    expect(client.received).toContain('kerb-outcome: wall_limit');
    expect(edge.alive).toBe(true);
  });
});
