import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACTOR_ANSWERS } from '../../../src/store/limits.ts';
import { opened, refusal } from './fixtures.ts';

const answer = (body: string) => ({
  fingerprint: 'f',
  status: 201,
  headers: { 'content-type': 'application/json' },
  body,
});

test('a setting comes back, and the last one counts', () => {
  const { store, reopen } = opened();
  expect(store.setting('keys')).toBeNull();
  store.putSetting('keys', [{ kid: 'a', d: 'private part' }]);
  store.putSetting('keys', [{ kid: 'b', d: 'private part', deep: { list: [1, null, true] } }]);
  expect(reopen().setting('keys')).toEqual([{ kid: 'b', d: 'private part', deep: { list: [1, null, true] } }]);
});

test('settings and answers are sealed, each for its name', () => {
  const { store, file, behind } = opened();
  store.putSetting('keys', 'private part');
  store.putAnswer('ci', 'key', answer('private part'), 5);
  for (const name of [file, `${file}-wal`]) expect(readFileSync(name).includes('private part')).toBe(false);
  behind(`INSERT INTO settings SELECT 'other', sealed FROM settings`);
  behind(`INSERT INTO answers SELECT 'mallory', key, stored_ms, sealed FROM answers`);
  expect(refusal(() => store.setting('other')).code).toBe('corrupt');
  expect(refusal(() => store.answer('mallory', 'key', 0)).code).toBe('corrupt');
});

test('settings beyond their limits are refused', () => {
  const { store } = opened();
  expect(refusal(() => store.putSetting('keys', 'x'.repeat(1024 * 1024))).message).toContain('settingBytes');
  expect(refusal(() => store.putSetting('', 1)).code).toBe('bad_request');
});

test('an answer comes back to its actor, for as long as asked for', () => {
  const { store, reopen } = opened();
  store.putAnswer('ci', 'key', answer('one'), 100);
  const again = reopen();
  expect(again.answer('ci', 'key', 99)).toEqual(answer('one'));
  expect(again.answer('ci', 'key', 100)).toBeNull();
  expect(again.answer('other', 'key', 0)).toBeNull();
  expect(again.answer('ci', 'other', 0)).toBeNull();
  again.putAnswer('ci', 'key', answer('two'), 200);
  expect(again.answer('ci', 'key', 199)).toEqual(answer('two'));
});

test('answers beyond their limits are refused', () => {
  const { store } = opened();
  const large = answer('x'.repeat(8 * 1024 * 1024));
  expect(refusal(() => store.putAnswer('ci', 'key', large, 0)).message).toContain('answerBytes');
  expect(refusal(() => store.putAnswer('ci', '', answer(''), 0)).code).toBe('bad_request');
  expect(() => store.putAnswer('ci', 'key', answer(''), -1)).toThrow(TypeError);
});

test('an actor with many answers loses the oldest, and nobody else loses any', () => {
  const { store, behind } = opened();
  store.putAnswer('other', 'key', answer('kept'), 1);
  behind(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ${ACTOR_ANSWERS})
    INSERT INTO answers SELECT 'ci', 'k' || i, 10 + i, x'00' FROM n`);
  store.putAnswer('ci', 'new', answer('new'), 50_000);
  expect(store.answer('ci', 'k1', 0)).toBeNull();
  expect(refusal(() => store.answer('ci', 'k2', 0)).code).toBe('corrupt');
  expect(store.answer('ci', 'new', 0)).toEqual(answer('new'));
  expect(store.answer('other', 'key', 0)).toEqual(answer('kept'));
  expect(behind('SELECT count(*) AS count FROM answers')[0]?.['count']).toBe(ACTOR_ANSWERS + 1);
});
