/**
 * A process that tries seeds one after the other: `child.ts MODE FIRST COUNT`. Each line on stdout is a number (the seed that begins) or
 * the JSON of its verdict, written before anything else can happen: when the process dies, the last number is what killed it.
 */

import { writeSync } from 'node:fs';
import { MODES } from './corpus.ts';
import { keepWordSet } from './oracle/kept-word.ts';
import { KERB } from './oracle/subject.ts';
import { trial } from './trial.ts';

const STDOUT = 1;
const [modeName, first = '0', count = '1'] = process.argv.slice(2);
const mode = MODES.find((known) => known === modeName);
if (mode === undefined) throw new TypeError(`no mode is called ${modeName}`);

const kept = await keepWordSet();
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  writeSync(STDOUT, `${seed}\n`);
  writeSync(STDOUT, `${JSON.stringify(trial(mode, seed, KERB, kept.epoch))}\n`);
}
await kept.stop();
