import { beforeEach, describe, expect, it } from 'vitest';
import type { BackendFault } from '../../../src/capability/backend.ts';
import { CircuitBreaker, signOf, type Pass, type Progress } from '../../../src/upstream/circuit-breaker.ts';
import { ABANDONED_MS, CIRCUIT_FAILURES, CIRCUIT_REST_MS } from '../../../src/upstream/limits.ts';

let now: number;
let circuit: CircuitBreaker;
beforeEach(() => {
  now = 1_000;
  circuit = new CircuitBreaker(() => now);
});

/** Lets a request go, which must be allowed. */
function passed(): Pass {
  const pass = circuit.admit();
  if (pass === null) throw new Error('the circuit is open');
  return pass;
}

function fail(times: number): void {
  for (let i = 0; i < times; i++) circuit.settle(passed(), 'failed');
}

describe('a closed circuit', () => {
  it('opens with the last of so many failures in a row', () => {
    fail(CIRCUIT_FAILURES - 1);
    expect(circuit.admit()).toBe('ordinary');
    circuit.settle('ordinary', 'failed');
    expect(circuit.admit()).toBeNull();
  });

  it('forgets failures with an answer, and not with what says nothing', () => {
    fail(CIRCUIT_FAILURES - 1);
    circuit.settle(passed(), 'answered');
    fail(CIRCUIT_FAILURES - 1);
    circuit.settle(passed(), 'neither');
    fail(1);
    expect(circuit.admit()).toBeNull();
  });
});

describe('an open circuit', () => {
  beforeEach(() => fail(CIRCUIT_FAILURES));

  it('rests, then lets one request probe at a time', () => {
    now += CIRCUIT_REST_MS - 1;
    expect(circuit.admit()).toBeNull();
    now += 1;
    expect([circuit.admit(), circuit.admit()]).toEqual(['probe', null]);
  });

  it('closes with an answer to the probe, and counts from the start', () => {
    now += CIRCUIT_REST_MS;
    circuit.settle(passed(), 'answered');
    fail(CIRCUIT_FAILURES - 1);
    expect(circuit.admit()).toBe('ordinary');
  });

  it('rests anew when the probe fails', () => {
    now += CIRCUIT_REST_MS;
    circuit.settle(passed(), 'failed');
    now += CIRCUIT_REST_MS - 1;
    expect(circuit.admit()).toBeNull();
    now += 1;
    expect(circuit.admit()).toBe('probe');
  });

  it('lets another probe go when one says nothing: its client left', () => {
    now += CIRCUIT_REST_MS;
    circuit.settle(passed(), 'neither');
    expect(circuit.admit()).toBe('probe');
  });

  it('takes no notice of requests from before', () => {
    circuit.settle('ordinary', 'answered');
    expect(circuit.admit()).toBeNull();
    now += CIRCUIT_REST_MS;
    expect(circuit.admit()).toBe('probe');
    circuit.settle('ordinary', 'failed');
    expect(circuit.admit()).toBeNull();
  });
});

const NOT_BEGUN: Progress = { wasBegun: false, unansweredMs: 0 };

it.each([
  ['connect', 'failed'],
  ['timeout', 'failed'],
  ['dns', 'failed'],
  ['protocol', 'neither'],
  ['refused_address', 'neither'],
  ['aborted', 'neither'],
  ['overloaded', 'neither'],
  ['resting', 'neither'],
  ['budget', 'neither'],
] as const satisfies readonly (readonly [BackendFault, string])[])('%s is the sign "%s"', (fault, sign) => {
  expect(signOf(fault, NOT_BEGUN, Infinity)).toBe(sign);
});

it('a connection that was made and lost is no sign: it may be that one request’s doing', () => {
  expect(signOf('connect', { wasBegun: true, unansweredMs: 0 }, Infinity)).toBe('neither');
});

it('who gives up after a long wait has seen a backend that hangs, who gives up sooner has not', () => {
  const after = (unansweredMs: number): string => signOf('aborted', { wasBegun: true, unansweredMs }, Infinity);
  expect([after(ABANDONED_MS - 1), after(ABANDONED_MS)]).toEqual(['neither', 'failed']);
});

it('the silence of one request is no sign while others are answered', () => {
  const sign = (fault: BackendFault, sinceAnswerMs: number): string =>
    signOf(fault, { wasBegun: true, unansweredMs: ABANDONED_MS }, sinceAnswerMs);
  expect([sign('aborted', ABANDONED_MS - 1), sign('timeout', ABANDONED_MS - 1)]).toEqual(['neither', 'neither']);
  expect([sign('aborted', ABANDONED_MS), sign('timeout', ABANDONED_MS)]).toEqual(['failed', 'failed']);
});
