/** The one line that says how the tests went: the last line of `npm test`, made for programs. */
import { existsSync, readFileSync } from 'node:fs';

/** How many tests ended which way. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of the JSON report of vitest that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * The counts of a run. A file that fails without a failing test (it does not even load) counts as one failure, and so does
 * a run that failed as a whole, or left no report: the line never says that nothing failed when something did.
 */
export function countTests(reportPath: string, exitCode: number): Counts {
  const { passed, failed, skipped } = existsSync(reportPath)
    ? readCounts(reportPath)
    : { passed: 0, failed: 0, skipped: 0 };
  return { passed, failed: exitCode === 0 ? failed : Math.max(failed, 1), skipped };
}

/** `N passed, N failed`, with `, N skipped` when there are any. */
export function summaryLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

function readCounts(path: string): Counts {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((result) => result.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
