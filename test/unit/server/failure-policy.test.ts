import { describe, expect, it } from 'vitest';
import { FAILURE_KINDS, KIND_OF, type FailureRule, type Measure } from '../../../src/failure-rule.ts';
import { OUTCOME_NAMES } from '../../../src/outcome.ts';
import { maySkipGuest, recourseFor, type FailedRequest } from '../../../src/server/failure-policy.ts';

const PAGE = { bytes: Buffer.from('page'), type: 'text/plain', status: 503 };
const ALL: readonly Measure[] = ['stale', 'origin', 'page'];

function rule(changes: Partial<FailureRule> = {}): FailureRule {
  return { path: '/', on: FAILURE_KINDS, serve: ALL, page: PAGE, ...changes };
}

function failed(changes: Partial<FailedRequest> = {}): FailedRequest {
  return { outcome: 'guest_trap', method: 'GET', target: '/a', body: 'none', hasAsked: false, ...changes };
}

function triedFor(changes: Partial<FailedRequest>, ...rules: readonly FailureRule[]): readonly Measure[] {
  return recourseFor(rules.length === 0 ? [rule()] : rules, failed(changes))?.measures ?? [];
}

describe('an outcome', () => {
  it('is a failure of one kind, or none that a rule is asked for', () => {
    const kinds = Object.groupBy(OUTCOME_NAMES, (outcome) => KIND_OF[outcome] ?? 'none');
    expect(kinds).toEqual({
      trap: ['guest_trap', 'stack_limit', 'no_response'],
      budget: ['cpu_limit', 'memory_limit', 'wall_limit'],
      backend: ['backend_error'],
      none: [
        'ok',
        'bad_request',
        'unknown_host',
        'body_limit',
        'concurrency_limit',
        'cpu_quota',
        'client_closed',
        'internal_error',
        'capacity',
        'draining',
      ],
    });
  });

  it.each(OUTCOME_NAMES.filter((outcome) => KIND_OF[outcome] === null))('%s is the error', (outcome) => {
    expect(recourseFor([rule()], failed({ outcome }))).toBeNull();
  });

  it('is looked for in the kinds of the rule', () => {
    expect(triedFor({ outcome: 'cpu_limit' }, rule({ on: ['trap'] }))).toEqual([]);
    expect(triedFor({ outcome: 'cpu_limit' }, rule({ on: ['trap', 'budget'] }))).toEqual(ALL);
  });
});

describe('measures', () => {
  it('are tried in the order of the rule, which gives the page', () => {
    const serve: Measure[] = ['page', 'origin', 'stale'];
    expect(recourseFor([rule({ serve })], failed())).toEqual({ rule: rule({ serve }), measures: serve });
    expect(triedFor({}, rule({ serve: [] }))).toEqual([]);
  });

  it.each([
    ['GET', 'none', false, ALL],
    ['GET', 'none', true, ALL],
    ['HEAD', 'none', true, ALL],
    ['GET', 'unread', false, ['origin', 'page']],
    ['GET', 'unread', true, ['page']],
    ['GET', 'read', false, ['page']],
    ['POST', 'none', false, ['origin', 'page']],
    ['POST', 'unread', false, ['origin', 'page']],
    ['POST', 'unread', true, ['page']],
    ['POST', 'read', false, ['page']],
    ['DELETE', 'none', true, ['page']],
    ['get', 'none', true, ['page']],
  ] as const)('for %s with body %s, asked before: %s', (method, body, hasAsked, measures) => {
    expect(triedFor({ method, body, hasAsked })).toEqual(measures);
  });

  it('leave the origin alone when a backend failed', () => {
    expect(triedFor({ outcome: 'backend_error' })).toEqual(['stale', 'page']);
  });

  it.each(['/a/../admin', '//a', '/%61', '/a%2fb'])('give %s nothing that skips the guest', (target) => {
    expect(triedFor({ target })).toEqual(['page']);
  });
});

describe('of several rules', () => {
  const rules = [
    rule({ serve: ['origin'] }),
    rule({ path: '/a', on: ['trap'], serve: ['page'] }),
    rule({ path: '/a', on: ['budget'], serve: ['stale'] }),
    rule({ path: '/a/b', serve: [] }),
  ];

  it.each([
    ['/', 'guest_trap', ['origin']],
    ['/ab', 'guest_trap', ['origin']],
    ['/a?/a/b', 'guest_trap', ['page']],
    ['/a/c', 'wall_limit', ['stale']],
    ['/a/b', 'guest_trap', []],
  ] as const)('the longest path decides for %s after %s', (target, outcome, measures) => {
    expect(triedFor({ target, outcome }, ...rules)).toEqual(measures);
  });

  it('a failure that the longest path does not name is the error, not what a shorter one allows', () => {
    expect(triedFor({ target: '/x', outcome: 'cpu_limit' }, rule(), rule({ path: '/x', on: ['trap'] }))).toEqual([]);
  });

  it('one that skips the guest has the fields kept', () => {
    expect(maySkipGuest([], '/')).toBe(false);
    expect(maySkipGuest([rule({ serve: ['page'] })], '/')).toBe(false);
    expect(maySkipGuest([rule({ serve: ['stale'] })], '/')).toBe(true);
    expect(maySkipGuest([rule({ path: '/a', serve: ['origin'] })], '/b')).toBe(false);
  });
});
