import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, syncFolder } from '../../../src/store/folders.ts';
import { folder, refusal } from './fixtures.ts';

test('a folder is made with those above it, and again is fine', () => {
  const home = folder();
  makeFolder(join(home, 'a', 'b', 'c'));
  makeFolder(join(home, 'a', 'b', 'c'));
  for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(home, path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(home)).toEqual(['a']);
});

test('a file in its place is an error, and so is waiting for a folder that is not there', () => {
  const home = folder();
  writeFileSync(join(home, 'file'), '');
  const { code, message } = refusal(() => makeFolder(join(home, 'file', 'a')));
  expect([code, message]).toEqual(['bad_config', expect.stringContaining('(ENOTDIR); choose another') as string]);
  expect(() => syncFolder(join(home, 'none'))).toThrow(/ENOENT/);
});
