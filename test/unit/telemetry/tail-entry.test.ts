import { expect, test } from 'vitest';
import { accessFields, type AccessRecord } from '../../../src/telemetry/access-log.ts';
import { weightOf, type TailEntry } from '../../../src/telemetry/tail-entry.ts';

function request(changes: Partial<AccessRecord>): TailEntry {
  const record: AccessRecord = {
    timeMs: 0,
    tenant: 'acme',
    version: 'v1',
    client: '192.0.2.1',
    method: 'GET',
    host: 'h',
    target: '/',
    status: 200,
    outcome: 'ok',
    detail: null,
    served: null,
    wallMs: 1,
    cpuMs: 1,
    waitMs: 0,
    slices: 1,
    hostcalls: 1,
    memoryBytes: 0,
    instance: 'fresh',
    ...changes,
  };
  return { kind: 'request', tenant: 'acme', record: accessFields(record) };
}

test.each(['method', 'host', 'target', 'detail'] as const)('the weight of a request grows with its %s', (field) => {
  const [short, long] = [request({ [field]: 'x' }), request({ [field]: 'x'.repeat(1000) })];
  expect(weightOf(long) - weightOf(short)).toBe(999);
});

test('a target of any length weighs no more than what is kept of it', () => {
  expect(weightOf(request({ target: 'x'.repeat(1e6) }))).toBeLessThan(4096);
});

test('an empty line weighs something: many of them are bounded too', () => {
  const line: TailEntry = { kind: 'guest', tenant: 'a', timeMs: 0, version: '', level: 'info', text: '' };
  expect(weightOf(line)).toBeGreaterThan(100);
});
