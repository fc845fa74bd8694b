import { describe, expect, it } from 'vitest';
import { LOG_BURST_CHARS, LOG_CHARS_PER_SECOND, LogQuota } from '../../../src/telemetry/log-quota.ts';

const LINE = 8_192;

/** Logs at `nowMs` until a line is dropped; answers how many characters were kept. */
function flood(quota: LogQuota, tenant: string, nowMs: number): number {
  let kept = 0;
  while (quota.take(tenant, LINE, nowMs).kept) kept += LINE;
  return kept;
}

describe('a tenant that logs', () => {
  it('keeps every line as long as it stays within the quota', () => {
    const quota = new LogQuota();
    for (let second = 0; second < 100; second++)
      expect(quota.take('a', LOG_CHARS_PER_SECOND, second * 1000)).toEqual({ kept: true, droppedBefore: 0 });
  });

  it('gets the burst at once, and then what a second brings', () => {
    const quota = new LogQuota();
    expect(flood(quota, 'a', 0)).toBe(LOG_BURST_CHARS);
    expect(flood(quota, 'a', 1000)).toBe(LOG_CHARS_PER_SECOND);
    expect(flood(quota, 'a', 1_000_000)).toBe(LOG_BURST_CHARS);
  });

  it('hears with the next line that is kept how many were dropped, once', () => {
    const quota = new LogQuota();
    flood(quota, 'a', 0);
    for (let line = 0; line < 9; line++) expect(quota.take('a', LINE, 0)).toEqual({ kept: false });
    expect(quota.take('a', LINE, 1000)).toEqual({ kept: true, droppedBefore: 10 });
    expect(quota.take('a', LINE, 1000)).toEqual({ kept: true, droppedBefore: 0 });
  });

  it('takes nothing from another', () => {
    const quota = new LogQuota();
    flood(quota, 'a', 0);
    expect(flood(quota, 'b', 0)).toBe(LOG_BURST_CHARS);
  });
});
