/** The process that runs cases: one that never ends takes only this one along. Asked for one file at a time, it answers its fault. */

import { readCase } from './cases.ts';
import { runCase } from './run-case.ts';
import type { Fault } from '../skips.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError('usage: child.ts FOLDER');

process.on('message', (file: string) => {
  void faultOf(folder, file).then((fault) => process.send?.({ fault }));
});

async function faultOf(of: string, file: string): Promise<Fault> {
  try {
    return await runCase(readCase(of, file));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
