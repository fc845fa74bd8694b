/** The process that runs scripts: V8 going down takes only this one along. Asked for one file at a time, it answers its report. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEpochThread } from './epoch.ts';
import { readExpectations } from './expectations.ts';
import { judge } from './judgement.ts';
import { runScript } from './run-script.ts';

const [folder, expectationsPath] = process.argv.slice(2);
if (folder === undefined || expectationsPath === undefined) throw new TypeError('usage: child.ts FOLDER EXPECTATIONS');
const expectations = readExpectations(expectationsPath);
const epoch = await startEpochThread();

process.on('message', (file: string) => {
  const run = runScript(readFileSync(join(folder, file)), { epoch: epoch.memory });
  process.send?.(judge(file, run, expectations));
  // Memories of a script are address space that the collector does not see.
  globalThis.gc?.();
});
process.once('disconnect', () => void epoch.stop());
