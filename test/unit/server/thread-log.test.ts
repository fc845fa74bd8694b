import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LogEntry } from '../../../src/control/plane.ts';
import { ThreadLog, type ThreadLogOptions } from '../../../src/server/thread-log.ts';
import type { AccessRecord } from '../../../src/telemetry/access-log.ts';
import { LineBatch } from '../../../src/telemetry/line-batch.ts';
import { LOG_BURST_CHARS } from '../../../src/telemetry/log-quota.ts';
import { TailQueue } from '../../../src/telemetry/tail-queue.ts';

const RECORD: AccessRecord = {
  timeMs: 0,
  tenant: 'acme',
  version: 'v1',
  client: '192.0.2.1',
  method: 'GET',
  host: 'acme.test',
  target: '/a',
  status: 200,
  outcome: 'ok',
  detail: null,
  served: null,
  wallMs: 1,
  cpuMs: 1,
  waitMs: 0,
  slices: 1,
  hostcalls: 1,
  memoryBytes: 65_536,
  instance: 'fresh',
};

let kept: Record<string, unknown>[];
/** What the admin API takes must take what the data plane gives: the assignment below is the test of it. */
let told: LogEntry[];
let tail: TailQueue;
beforeEach(() => {
  [kept, told] = [[], []];
  tail = new TailQueue((batches) => void told.push(...batches.flatMap(({ entries }) => entries)));
});

function log(accessLog: ThreadLogOptions['accessLog'], logLevel: ThreadLogOptions['logLevel'] = 'info'): ThreadLog {
  const lines = new LineBatch((text) => {
    for (const line of text.split('\n').filter((one) => one !== ''))
      kept.push(JSON.parse(line) as Record<string, unknown>);
  });
  return new ThreadLog({ accessLog, logLevel, lines, tail });
}

describe('with nobody following', () => {
  it('an access log gets records and lines, and no tail does', () => {
    const on = log('keep');
    on.request(RECORD);
    on.write('acme', 'warn', 'hello', 'v1');
    on.flush();
    expect(kept.map(({ kind, tenant }) => [kind, tenant])).toEqual([
      ['access', 'acme'],
      ['guest', 'acme'],
    ]);
    expect(told).toEqual([]);
  });

  it('a line for an endpoint says so', () => {
    const on = log('keep');
    on.write('acme', 'info', 'hello', 'v1', 'audit');
    on.flush();
    expect(kept).toMatchObject([{ message: 'hello', endpoint: 'audit' }]);
  });

  it('and no access log, nothing is wanted', () => {
    const off = log('off');
    expect([off.wants('acme'), off.wants(null), off.keeps('error')]).toEqual([false, false, false]);
  });
});

describe('a tenant that is followed', () => {
  it('is told of without an access log, and no other tenant is', () => {
    const off = log('off');
    tail.follow('acme');
    expect([off.wants('acme'), off.wants('other'), off.wants(null), off.keeps('info')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    off.request(RECORD);
    off.request({ ...RECORD, tenant: 'other' });
    off.request({ ...RECORD, tenant: null });
    off.write('acme', 'warn', 'hello', 'v1');
    off.write('other', 'warn', 'secret', 'v1');
    off.flush();
    expect(told).toMatchObject([
      { kind: 'request', tenant: 'acme', record: { target: '/a', outcome: 'ok', version: 'v1' } },
      { kind: 'guest', tenant: 'acme', version: 'v1', level: 'warn', text: 'hello' },
    ]);
    expect(kept).toEqual([]);
  });

  it('is told of beside the access log, in the same words', () => {
    const on = log('keep');
    tail.follow('acme');
    on.request({ ...RECORD, outcome: 'guest_trap', detail: 'unreachable' });
    on.flush();
    expect([told.length, kept.length]).toEqual([1, 1]);
    expect(told[0]).toEqual({ kind: 'request', tenant: 'acme', record: kept[0] });
  });

  it('is told of down to the level of the process, and not below', () => {
    const off = log('off', 'warn');
    tail.follow('acme');
    expect([off.keeps('warn'), off.keeps('info')]).toEqual([true, false]);
  });

  it('is told of lines that the quota of the access log drops', () => {
    vi.useFakeTimers();
    const on = log('keep');
    on.write('acme', 'info', 'x'.repeat(LOG_BURST_CHARS));
    tail.follow('acme');
    on.write('acme', 'info', 'one more');
    on.flush();
    vi.useRealTimers();
    expect(kept).toHaveLength(1);
    expect(told).toMatchObject([{ kind: 'guest', text: 'one more' }]);
  });

  it('is told of a line without the version that wrote it when the sink is not told', () => {
    const off = log('off');
    tail.follow('acme');
    off.write('acme', 'info', 'whose?');
    off.flush();
    expect(told).toMatchObject([{ version: '', text: 'whose?' }]);
  });
});
