import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openSealer } from '../../../src/store/sealing-key.ts';
import { folder, refusal } from './fixtures.ts';

const place = ['setting', 'x'];
const value = Uint8Array.of(1, 2, 3);

test('a file that is not there is made, for its owner only, with a key that stays', () => {
  const file = join(folder(), 'data', 'secrets.key');
  const sealed = openSealer(file, undefined).seal(place, value);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  expect(openSealer(file, undefined).open(place, sealed)).toEqual(value);
  expect(readdirSync(dirname(file))).toEqual(['secrets.key']);
});

test('two files hold two keys', () => {
  const home = folder();
  const sealed = openSealer(join(home, 'a'), undefined).seal(place, value);
  expect(refusal(() => openSealer(join(home, 'b'), undefined).open(place, sealed)).code).toBe('corrupt');
});

test('the key of the environment comes before the file, which is not made then', () => {
  const home = folder();
  const text = randomBytes(32).toString('base64url');
  const sealed = openSealer(join(home, 'secrets.key'), text).seal(place, value);
  expect(readdirSync(home)).toEqual([]);
  writeFileSync(join(home, 'secrets.key'), `${text}\n`, { mode: 0o600 });
  expect(openSealer(join(home, 'secrets.key'), undefined).open(place, sealed)).toEqual(value);
});

test.each([
  ['nothing', ''],
  ['31 bytes', randomBytes(31).toString('base64url')],
  ['33 bytes', randomBytes(33).toString('base64url')],
  ['hex', randomBytes(32).toString('hex')],
  ['padded base64', `${randomBytes(32).toString('base64url')}=`],
])('a key of %s is refused, and not shown', (_, text) => {
  const file = join(folder(), 'secrets.key');
  const { code, message } = refusal(() => openSealer(file, text));
  expect(code).toBe('bad_config');
  expect(message).toContain('KERB_SECRETS_KEY does not hold a key');
  expect(message).not.toContain(text || 'undefined');
  writeFileSync(file, text, { mode: 0o600 });
  expect(refusal(() => openSealer(file, undefined)).message).toContain(`${file} does not hold a key`);
});

test.each([0o640, 0o604, 0o660, 0o644])('a file of mode %o is refused', (mode) => {
  const file = join(folder(), 'secrets.key');
  openSealer(file, undefined);
  chmodSync(file, mode);
  const { code, message } = refusal(() => openSealer(file, undefined));
  expect(code).toBe('bad_config');
  expect(message).toContain(`has mode 0${mode.toString(8)}`);
  expect(message).toContain('chmod 600');
});

test('a folder, a pipe and a file of another kind are refused without waiting', () => {
  const home = folder();
  mkdirSync(join(home, 'folder'));
  execFileSync('mkfifo', ['-m', '600', join(home, 'pipe')]);
  writeFileSync(join(home, 'large'), 'x'.repeat(2_000), { mode: 0o600 });
  for (const name of ['folder', 'pipe', 'large']) {
    expect(refusal(() => openSealer(join(home, name), undefined)).message).toContain('is no key file');
  }
});

test('a file that cannot be made is refused', () => {
  const home = folder();
  writeFileSync(join(home, 'file'), '');
  expect(refusal(() => openSealer(join(home, 'file', 'secrets.key'), undefined)).code).toBe('bad_config');
  symlinkSync(join(home, 'nowhere'), join(home, 'dangling'));
  expect(refusal(() => openSealer(join(home, 'dangling'), undefined)).code).toBe('bad_config');
});
