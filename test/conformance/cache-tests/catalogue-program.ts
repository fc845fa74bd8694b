/**
 * Says what tests a checkout of the suite has, as JSON on stdout: a process of its own, since the suite's files are programs. Takes the
 * path of the list of tests.
 */
import { pathToFileURL } from 'node:url';

/** A test as the suite writes it, as far as it matters here. */
interface SuiteTest {
  readonly id: string;
  readonly kind?: string;
  readonly depends_on?: readonly string[];
  readonly browser_only?: boolean;
}

const [, , path = ''] = process.argv;
const { default: parts } = (await import(pathToFileURL(path).href)) as {
  default: readonly { readonly tests: readonly SuiteTest[] }[];
};
const tests = parts.flatMap((part) => part.tests).filter((test) => test.browser_only !== true);
const entries = tests.map(({ id, kind = 'required', depends_on: needs = [] }) => ({ id, kind, needs }));
process.stdout.write(JSON.stringify(entries));
