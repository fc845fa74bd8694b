import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { own } from '../../../src/store/owner-lock.ts';
import { folder, refusal } from './fixtures.ts';
import { holding } from './holding.ts';

test('a folder has one owner, also within a process', () => {
  const home = folder();
  const lock = join(home, 'state.db.lock');
  const disown = own(lock);
  for (let time = 0; time < 2; time++) {
    const { code, message } = refusal(() => own(lock));
    expect(code).toBe('conflict');
    expect(message).toContain('is held by another Kerb process');
    expect(message).toContain('--data');
  }
  disown();
  disown();
  own(lock)();
  expect(readdirSync(home)).toEqual(['state.db.lock']);
  expect(statSync(lock).mode & 0o777).toBe(0o600);
});

test('an owner that was killed owns nothing any more', async () => {
  const lock = join(folder(), 'state.db.lock');
  const owner = await holding(lock, 'never');
  expect(refusal(() => own(lock)).code).toBe('conflict');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  own(lock)();
});

test('an owner that is about to go is waited for', async () => {
  const lock = join(folder(), 'state.db.lock');
  await holding(lock, 100);
  const disown = own(lock);
  expect(refusal(() => own(lock)).code).toBe('conflict');
  disown();
});

test('a lock that cannot be made is refused', () => {
  const home = folder();
  mkdirSync(join(home, 'lock'));
  expect(refusal(() => own(join(home, 'lock'))).code).toBe('bad_config');
  expect(refusal(() => own(join(home, 'none', 'lock'))).code).toBe('bad_config');
});
