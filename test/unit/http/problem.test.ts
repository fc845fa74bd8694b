import { describe, expect, test } from 'vitest';
import { PROBLEM_TYPE, problemJson } from '../../../src/http/problem.ts';
import { reasonPhrase, statusLine } from '../../../src/http/status.ts';
import { OUTCOMES, OUTCOME_NAMES } from '../../../src/outcome.ts';

describe('problem details (RFC 9457)', () => {
  test('say status, phrase and outcome', () => {
    expect(JSON.parse(problemJson('cpu_limit', 'r-1'))).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: OUTCOMES.cpu_limit.title,
      outcome: 'cpu_limit',
      request_id: 'r-1',
    });
    expect(PROBLEM_TYPE).toBe('application/problem+json');
  });

  test('leave out a request id that is not given', () => {
    expect(JSON.parse(problemJson('bad_request'))).not.toHaveProperty('request_id');
  });

  test('escape a request id', () => {
    expect(JSON.parse(problemJson('capacity', '"}\n<script>'))).toMatchObject({ request_id: '"}\n<script>' });
  });

  test('every outcome has a title', () => {
    for (const outcome of OUTCOME_NAMES) expect(reasonPhrase(OUTCOMES[outcome].status)).not.toBe('');
  });
});

describe('reason phrases', () => {
  test('are the registered ones', () => {
    expect(reasonPhrase(200)).toBe('OK');
    expect(reasonPhrase(413)).toBe('Content Too Large');
    expect(statusLine(404)).toBe('404 Not Found');
  });

  test('an unregistered status has an empty one, after its blank', () => {
    expect(statusLine(299)).toBe('299 ');
  });
});
