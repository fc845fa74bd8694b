import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sealerOf } from '../../../src/store/sealer.ts';
import { openStore } from '../../../src/store/sqlite-store.ts';
import { first, folder, newVersion, opened, refusal } from './fixtures.ts';

const sealer = sealerOf(randomBytes(32));

test('a store is made with its folder, for their owner only', () => {
  const file = join(folder(), 'data', 'kerb', 'state.db');
  openStore(file, sealer).close();
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(file)).toSorted()).toEqual(['state.db', 'state.db.lock']);
});

test('a second process is refused while the first one lives, and the first goes on', () => {
  const { store, file } = opened('shop');
  expect(refusal(() => openStore(file, sealer)).code).toBe('conflict');
  store.createTenant('blog', 1);
  expect(refusal(() => openStore(file, sealer)).code).toBe('conflict');
  store.close();
  const next = openStore(file, sealer);
  onTestFinished(() => next.close());
  expect(next.tenants(first(9)).items).toHaveLength(2);
});

test('what cannot be opened is not owned', () => {
  const file = join(folder(), 'state.db');
  writeFileSync(file, 'not a database'.repeat(1_000));
  for (let time = 0; time < 2; time++) expect(refusal(() => openStore(file, sealer)).code).toBe('corrupt');
});

test('damage of a vital table is found at the start', () => {
  const { store, file } = opened();
  store.atomically(() => {
    for (let count = 0; count < 300; count++) store.createTenant(`tenant-${count}`, 1);
  });
  store.close();
  const bytes = readFileSync(file);
  const at = bytes.indexOf('tenant-150');
  bytes.fill(0xff, at - (at % 4_096), at - (at % 4_096) + 200);
  writeFileSync(file, bytes);
  const { code, message } = refusal(() => openStore(file, sealer));
  expect(code).toBe('corrupt');
  expect(message).toContain('restore the data folder from a backup');
});

test('a folder in the place of the file is refused', () => {
  const home = folder();
  mkdirSync(join(home, 'state.db'));
  expect(refusal(() => openStore(join(home, 'state.db'), sealer)).code).toBe('bad_config');
});

test('another key than the one of before opens no secret', () => {
  const { store, file } = opened('shop');
  store.putSecret('shop', 'KEY', Buffer.from('hunter2'));
  store.putSetting('keys', 'private part');
  store.close();
  const next = openStore(file, sealer);
  onTestFinished(() => next.close());
  for (const error of [refusal(() => next.secret('shop', 'KEY')), refusal(() => next.setting('keys'))]) {
    expect(error.code).toBe('corrupt');
    expect(error.message).not.toMatch(/hunter2|private part/);
  }
});

test('what is done atomically is stored whole or not at all', () => {
  const { store, reopen } = opened('shop');
  const deploy = () =>
    store.atomically(() => {
      const { version } = store.appendVersion(newVersion('shop'));
      store.changeTenant('shop', { active: version }, null);
      store.appendAudit({ timeMs: 1, actor: 'ci', action: 'version.create', tenant: 'shop', detail: { version } });
      return store.changeTenant('shop', {}, 2);
    });
  expect(deploy().revision).toBe(3);
  expect(refusal(deploy).code).toBe('precondition_failed');
  const again = reopen();
  expect(again.tenant('shop')).toMatchObject({ revision: 3, active: 1, nextVersion: 2 });
  expect(again.versions('shop', first(9)).items).toHaveLength(1);
  expect(again.audit(first(9)).items).toHaveLength(1);
});

test('a refusal within a change that goes on leaves nothing of its own behind', () => {
  const { store } = opened('shop');
  store.atomically(() => {
    store.putConfig('shop', 'theme', 'a', 'x');
    for (let count = 1; count < 1_000; count++) store.putConfig('shop', 'theme', `k${count}`, 'x');
    expect(refusal(() => store.putConfig('shop', 'theme', 'more', 'x')).code).toBe('too_large');
    store.putConfig('shop', 'theme', 'a', 'y');
  });
  expect(store.config('shop', 'theme').get('a')).toBe('y');
  expect(store.config('shop', 'theme').has('more')).toBe(false);
});

test('a change within a change, and one that waits, are mistakes of the caller', () => {
  const { store } = opened();
  expect(() => store.atomically(() => store.atomically(() => 1))).toThrow(TypeError);
  const waiting = () => {
    store.createTenant('shop', 1);
    return Promise.resolve();
  };
  expect(() => store.atomically(waiting)).toThrow(TypeError);
  expect(store.tenant('shop')).toBeNull();
  expect(store.atomically(() => 7)).toBe(7);
});

test('a closed store stores nothing, and closing it again is fine', () => {
  const { store } = opened();
  store.close();
  store.close();
  expect(() => store.createTenant('shop', 1)).toThrow(/not open/);
});
