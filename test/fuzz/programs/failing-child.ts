/** Stands for the child process of the fuzzer, with one seed that goes wrong: `failing-child.ts MODE FIRST COUNT`. */

import { writeSync } from 'node:fs';

const STDOUT = 1;
/** What seeds do to the process instead of ending with a verdict. */
const FAULTS: Readonly<Record<number, () => void>> = {
  3: () => process.abort(),
  13: () => {
    for (;;);
  },
  23: () => process.exit(7),
};

const [, first = '0', count = '1'] = process.argv.slice(2);
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  writeSync(STDOUT, `${seed}\n`);
  FAULTS[seed]?.();
  writeSync(STDOUT, `${JSON.stringify({ kind: 'passed', facts: { tried: 1 } })}\n`);
}
