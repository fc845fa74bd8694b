/** Examples whose module is not in the repository: a script in the example's folder builds or fetches it. */
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

/** An example of `examples/`. */
export interface Example {
  readonly name: string;
  /** Its module, in its folder. */
  readonly module: string;
  /** The script that makes the module, in its folder. */
  readonly script: string;
}

/** A suite that is skipped while the example has no module; its title says what has to run first. */
export function describeExample({ name, module, script }: Example, title: string, tests: () => void): void {
  const present = existsSync(new URL(`../../examples/${name}/${module}`, import.meta.url));
  describe.skipIf(!present)(`${title} (needs examples/${name}/${script} to have run)`, tests);
}
