import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArtifactFiles } from '../../../src/store/artifact-files.ts';
import { READ_AT_ONCE_BYTES } from '../../../src/store/limits.ts';

const NAME = `${'3a'.repeat(32)}.0123`;

let folder: string;
let files: ArtifactFiles;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'kerb-artifacts-')), 'artifacts');
  files = new ArtifactFiles(folder);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

function path(name = NAME): string {
  return join(folder, name.slice(0, 2), name);
}

it('gives back what was put, the last of it, and nothing else', async () => {
  expect(await files.get(NAME)).toBeNull();
  await files.put(NAME, Uint8Array.of(1, 2, 3));
  await files.put(NAME, Uint8Array.of(4, 5));
  expect(await files.get(NAME)).toEqual(Uint8Array.of(4, 5));
  await files.put(`${NAME}4`, new Uint8Array(0));
  expect(await files.get(`${NAME}4`)).toEqual(new Uint8Array(0));
  expect(readdirSync(join(folder, '3a')).toSorted()).toEqual([NAME, `${NAME}4`]);
});

it('has nothing where a file is damaged, cut short or empty', async () => {
  const damages = [
    (): void => writeFileSync(path(), readFileSync(path()).fill(9, 33, 34)),
    (): void => truncateSync(path(), 34),
    (): void => truncateSync(path(), 3),
    (): void => truncateSync(path(), 0),
  ];
  for (const damage of damages) {
    await files.put(NAME, Uint8Array.of(1, 2, 3));
    damage();
    expect(await files.get(NAME)).toBeNull();
  }
});

it('follows no link, and touches no name that is not one of its own', async () => {
  const elsewhere = join(folder, '..', 'secret');
  writeFileSync(elsewhere, 'x');
  await files.put(NAME, Uint8Array.of(1));
  rmSync(path());
  symlinkSync(elsewhere, path());
  await expect(files.get(NAME)).rejects.toThrow('ELOOP');
  for (const name of ['', '../secret', `${'3a'.repeat(32)}./x`, `${'3A'.repeat(32)}.01`, `${'3a'.repeat(32)}.`])
    await expect(files.get(name)).rejects.toThrow('not the name of an artifact');
});

it('sweeps what nobody wants, and what a crash left', async () => {
  const [kept, gone] = [`${'aa'.repeat(32)}.1`, `${'bb'.repeat(32)}.1`];
  await files.put(kept, Uint8Array.of(1));
  await files.put(gone, Uint8Array.of(2));
  writeFileSync(`${path(kept)}.0123.draft`, 'half');
  expect(await files.sweep((name) => name === kept)).toBe(2);
  expect([await files.get(kept), await files.get(gone)]).toEqual([Uint8Array.of(1), null]);
  expect(readdirSync(join(folder, 'aa'))).toEqual([kept]);
});

it('reads what is larger than what it reads at once', async () => {
  const large = new Uint8Array(READ_AT_ONCE_BYTES + 1).fill(7);
  await files.put(NAME, large);
  expect(Buffer.compare((await files.get(NAME)) as Uint8Array, large)).toBe(0);
  truncateSync(path(), READ_AT_ONCE_BYTES + 9);
  expect(await files.get(NAME)).toBeNull();
});
