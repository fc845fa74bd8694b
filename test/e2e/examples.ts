/** Examples whose module is not in the repository: a script in the example's folder builds or fetches it. */
import { existsSync } from 'node:fs';

/** What a suite of such an example has to know. */
export interface Example {
  /** Whether the module is missing, so that the suite is skipped. */
  readonly absent: boolean;
  /** What has to run first: for the suite's title, which tells why it was skipped. */
  readonly needs: string;
}

/**
 * Looks for an example of `examples/`.
 *
 * @param module - The file of its module, in its folder.
 * @param script - The script that makes the module, in its folder.
 */
export function exampleOf(name: string, module: string, script: string): Example {
  const absent = !existsSync(new URL(`../../examples/${name}/${module}`, import.meta.url));
  return { absent, needs: `needs examples/${name}/${script} to have run` };
}
