/** Holds a lock of an SQLite file: `node lock-holder.ts FILE MS` writes "held" and lets go after so many ms; -1: never. */
import { writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const [file = '', holdMs = '0'] = process.argv.slice(2);
const connection = new DatabaseSync(file, { timeout: 0 });
connection.exec(holdMs === '-1' ? 'BEGIN EXCLUSIVE' : 'BEGIN IMMEDIATE');
writeSync(1, 'held\n');
if (holdMs === '-1') setInterval(() => undefined, 1_000);
else setTimeout(() => connection.close(), Number(holdMs));
