import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countTests, summaryLine } from '../../../src/setup/summary.ts';
import { emptyFolder } from './folder.ts';

const CLEAN = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

function reportOf(difference: object): string {
  const path = join(emptyFolder(), 'report.json');
  writeFileSync(path, JSON.stringify({ ...CLEAN, ...difference }));
  return path;
}

describe('countTests', () => {
  it('counts what the report counts', () => {
    const report = reportOf({ numFailedTests: 2, numPendingTests: 3, numTodoTests: 1 });
    expect(countTests(report, 1)).toEqual({ passed: 5, failed: 2, skipped: 4 });
  });

  it('counts a file that does not load as one failure', () => {
    const broken = { status: 'failed', assertionResults: [] };
    const failing = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] };
    const report = reportOf({ numFailedTests: 1, testResults: [broken, failing] });
    expect(countTests(report, 1).failed).toBe(2);
  });

  it('counts a run that failed for another reason as one failure', () => {
    expect(countTests(reportOf({}), 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
  });

  it('counts a run without a report as one failure', () => {
    expect(countTests(join(emptyFolder(), 'missing'), 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('summaryLine', () => {
  it('names skipped tests only when there are any', () => {
    expect(summaryLine({ passed: 5, failed: 0, skipped: 0 })).toBe('5 passed, 0 failed');
    expect(summaryLine({ passed: 5, failed: 1, skipped: 2 })).toBe('5 passed, 1 failed, 2 skipped');
  });
});
