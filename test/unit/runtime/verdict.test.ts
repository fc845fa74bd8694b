import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../../src/abi/abi.ts';
import { GuestExit, GuestFault } from '../../../src/abi/guest-fault.ts';
import { BackendError, type BackendFault } from '../../../src/capability/backend.ts';
import { BodyError } from '../../../src/http/body.ts';
import { OUTCOME_NAMES } from '../../../src/outcome.ts';
import { CapacityError } from '../../../src/runtime/refusal.ts';
import { Task } from '../../../src/runtime/task.ts';
import { TRAP_ERROR } from '../../../src/runtime/trap.ts';
import { failureOf } from '../../../src/runtime/verdict.ts';

function task(): Task {
  return new Task({ cpuMs: 1, wallMs: 1 }, 0, 0);
}

function overflow(): unknown {
  const deeper = (): number => deeper() + 1;
  try {
    return deeper();
  } catch (error) {
    return error;
  }
}

function uncaught(): unknown {
  const tag = new WebAssembly.Tag({ parameters: [] });
  return new WebAssembly.Exception(tag, []);
}

describe('every way of ending has an outcome', () => {
  it.each([
    ['a fault', new GuestFault('x'), 'guest_trap'],
    ['a fault with an outcome', new GuestFault('x', 'memory_limit'), 'memory_limit'],
    ['an exit', new GuestExit(0), 'no_response'],
    ['a head that breaks HTTP', new InvalidResponse('x'), 'no_response'],
    ['a body that broke off', new BodyError('closed'), 'client_closed'],
    ['a body that is too large', new BodyError('too_large'), 'body_limit'],
    ['no room', new CapacityError('x'), 'capacity'],
    ['a trap', TRAP_ERROR, 'guest_trap'],
    ['an exception of the guest', uncaught(), 'guest_trap'],
    ['the end of the stack', overflow(), 'stack_limit'],
    ['a RangeError of the host', new RangeError('Invalid array length'), 'internal_error'],
    ['a TypeError', new TypeError('x'), 'internal_error'],
    ['something that is no error', 'text', 'internal_error'],
    ['nothing', undefined, 'internal_error'],
  ] as const)('%s is %s', (_, error, outcome) => {
    expect(failureOf(error, task()).outcome).toBe(outcome);
  });

  it.each([
    'refused_address',
    'dns',
    'connect',
    'timeout',
    'protocol',
    'aborted',
    'overloaded',
    'resting',
    'budget',
  ] satisfies BackendFault[])("a backend's %s is backend_error", (fault) => {
    expect(failureOf(new BackendError(fault, 'why'), task())).toEqual({ outcome: 'backend_error', detail: 'why' });
  });
});

describe('a verdict', () => {
  it.each(OUTCOME_NAMES)('%s wins over the error that it caused', (outcome) => {
    const condemned = task();
    condemned.condemn(outcome);
    expect(failureOf(TRAP_ERROR, condemned).outcome).toBe(outcome);
  });
});

describe('a refused growth', () => {
  it('makes the trap or the loop after it a memory_limit', () => {
    const trapped = task();
    trapped.growthRefused = 'memory_limit';
    expect(failureOf(TRAP_ERROR, trapped).outcome).toBe('memory_limit');
    const looped = task();
    looped.growthRefused = 'memory_limit';
    looped.condemn('cpu_limit');
    expect(failureOf(TRAP_ERROR, looped).outcome).toBe('memory_limit');
  });

  it('explains nothing else', () => {
    const gone = task();
    gone.growthRefused = 'memory_limit';
    gone.condemn('client_closed');
    expect(failureOf(TRAP_ERROR, gone).outcome).toBe('client_closed');
  });
});
