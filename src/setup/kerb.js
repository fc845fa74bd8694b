#!/usr/bin/env node
/** What `npx kerb` runs in a checkout: the command line, after the set-up when that is due. */
import process from 'node:process';

process.argv.splice(2, 0, 'kerb');
await import('./launch.js');
