/** How `kerb dev` shows requests and the lines of guests. */
import { describe, expect, it } from 'vitest';
import { recordLine } from '../../../src/cli/dev-record.ts';
import { rendered } from '../../../src/cli/output.ts';
import { accessLine, guestLine, type AccessRecord } from '../../../src/telemetry/access-log.ts';

const RECORD: AccessRecord = {
  timeMs: 0,
  tenant: 'hello',
  version: 'abc',
  client: '127.0.0.1',
  method: 'GET',
  host: 'hello.localhost:8080',
  target: '/path?q=1',
  status: 200,
  outcome: 'ok',
  detail: null,
  served: null,
  wallMs: 12.345,
  cpuMs: 1.2345,
  waitMs: 0,
  slices: 1,
  hostcalls: 3,
  memoryBytes: 131_072,
  instance: 'fresh',
};

const shown = (change: Partial<AccessRecord>): string =>
  rendered(recordLine(accessLine({ ...RECORD, ...change })), false);

describe('a request', () => {
  it('is one line with its cost', () => {
    expect(shown({})).toBe('GET /path?q=1                 200  cpu 1.24 ms  wall 12.3 ms  128 KiB  fresh\n');
  });

  it('says how it ended unless the guest answered it', () => {
    expect(shown({ status: 503, outcome: 'cpu_limit', instance: 'reused' })).toMatch(/ 503 .* reused {2}cpu_limit\n$/);
    expect(shown({ status: 500, outcome: 'guest_trap', detail: 'unreachable' })).toMatch(/guest_trap: unreachable\n$/);
    expect(shown({ detail: 'a word to add' })).toMatch(/fresh {2}a word to add\n$/);
  });

  it('for no app names the host that was asked for', () => {
    const nobody = {
      tenant: null,
      version: null,
      status: 404,
      outcome: 'unknown_host',
      host: 'localhost:8080',
    } as const;
    expect(shown({ ...nobody, instance: 'none' })).toMatch(/unknown_host: no app serves localhost:8080\n$/);
  });

  it.each([
    [204, '\u001b[32m204'],
    [404, '\u001b[33m404'],
    [502, '\u001b[31m502'],
  ])('of status %i has its colour on a terminal', (status, expected) => {
    expect(rendered(recordLine(accessLine({ ...RECORD, status })), true)).toContain(expected);
  });
});

describe('what a guest writes', () => {
  it('stands after a bar, with its level unless it is news', () => {
    const line = (level: string): string => rendered(recordLine(guestLine(0, 'hello', level, 'a word')), false);
    expect([line('info'), line('error')]).toEqual(['  | a word\n', '  | error: a word\n']);
  });

  it('never drives the terminal', () => {
    const hostile = 'x\u001b[2J\r\n\u202ey\u0007';
    const text = rendered(recordLine(guestLine(0, 'hello', 'info', hostile)), false) + shown({ target: hostile });
    // oxlint-disable-next-line no-control-regex -- they are what must not be there
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
    expect(text.split('\n')).toHaveLength(3);
  });
});

it.each(['', 'no JSON', '[1]', 'null', '{"kind":"other"}', '{"kind":'])('the line %j is shown as it is', (line) => {
  expect(rendered(recordLine(line), false)).toBe(`${line}\n`);
});
