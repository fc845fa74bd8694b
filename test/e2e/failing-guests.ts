/** Guests that fail, each in one way, for tests of what their clients get. */
import type { Outcome } from '../../src/outcome.ts';
import { guest, type GuestCode, type Text } from '../guests.ts';

/** A way of failing: the guest, and the limits under which it does. */
export interface Failing {
  readonly outcome: Outcome;
  readonly module: Uint8Array<ArrayBuffer>;
  readonly limits?: string;
}

const SLEEP = `
  (i64.store (i32.const 16) (i64.const 1)) (i64.store (i32.const 24) (i64.const 20000000000))
  (drop (call $poll (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))`;

const POLL = '(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))';
const EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))';

/** A guest that fails with its first instruction. */
export function trapping(code: (text: Text) => GuestCode = () => ({})): Uint8Array<ArrayBuffer> {
  return guest((text) => {
    const { handle = '', ...rest } = code(text);
    return { ...rest, handle: `${handle} unreachable` };
  });
}

/** Every way in which a guest can fail by itself. */
export const FAILING: Readonly<Record<string, Failing>> = {
  trap: { outcome: 'guest_trap', module: trapping() },
  stack: {
    outcome: 'stack_limit',
    module: guest(() => ({ fields: '(func $f (call $f) (call $f))', handle: '(call $f) (i64.const 0)' })),
  },
  exit: {
    outcome: 'no_response',
    module: guest(() => ({ imports: EXIT, handle: '(call $exit (i32.const 1)) (i64.const 0)' })),
  },
  cpu: {
    outcome: 'cpu_limit',
    module: guest(() => ({ handle: '(loop $l (br $l)) (i64.const 0)' })),
    limits: 'cpu_ms = 2',
  },
  wall: {
    outcome: 'wall_limit',
    module: guest(() => ({ imports: POLL, handle: `${SLEEP} (i64.const 0)` })),
    limits: 'wall_ms = 50',
  },
  memory: {
    outcome: 'memory_limit',
    module: guest(() => ({ handle: '(drop (memory.grow (i32.const 65000))) unreachable' })),
  },
};
