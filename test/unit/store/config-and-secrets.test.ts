import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { opened, refusal } from './fixtures.ts';

test('a config store is handed over whole', () => {
  const { store, reopen } = opened('shop', 'blog');
  store.putConfig('shop', 'theme', 'colour', 'dark');
  store.putConfig('shop', 'theme', '__proto__', '☃\0');
  store.putConfig('shop', 'theme', 'colour', 'light');
  store.putConfig('shop', 'other', 'colour', 'red');
  const again = reopen();
  expect([...again.config('shop', 'theme')]).toEqual([
    ['__proto__', '☃\0'],
    ['colour', 'light'],
  ]);
  expect(again.config('blog', 'theme').size).toBe(0);
  expect(again.deleteConfig('shop', 'theme', 'colour')).toBe(true);
  expect(again.deleteConfig('shop', 'theme', 'colour')).toBe(false);
  expect([...again.config('shop', 'other')]).toEqual([['colour', 'red']]);
});

test('config beyond its limits is refused', () => {
  const { store } = opened('shop');
  store.putConfig('shop', 'theme', 'k'.repeat(256), 'x'.repeat(65_536));
  expect(refusal(() => store.putConfig('shop', 'theme', 'k', 'x'.repeat(65_537))).message).toContain(
    'configValueBytes',
  );
  expect(refusal(() => store.putConfig('shop', 'theme', 'k'.repeat(257), '')).message).toContain('configKeyBytes');
  expect(refusal(() => store.putConfig('shop', 'theme', '', '')).code).toBe('bad_request');
  expect(refusal(() => store.putConfig('shop', '', 'k', '')).code).toBe('bad_request');
  expect(refusal(() => store.putConfig('shop', 'theme', 'k', '\ud800')).code).toBe('bad_request');
  expect(refusal(() => store.putConfig('nobody', 'theme', 'k', '')).code).toBe('not_found');
});

test('a tenant has 1,000 config entries, in all its stores together', () => {
  const { store } = opened('shop', 'blog');
  store.atomically(() => {
    for (let entry = 0; entry < 1_000; entry++) store.putConfig('shop', `s${entry % 2}`, `k${entry}`, 'x');
  });
  expect(refusal(() => store.putConfig('shop', 's3', 'more', 'x'))).toMatchObject({
    code: 'too_large',
    message: expect.stringContaining('at most 1000 are stored (configEntries); delete one first') as string,
  });
  expect(store.config('shop', 's3').size).toBe(0);
  store.putConfig('shop', 's0', 'k0', 'again');
  store.putConfig('blog', 's0', 'more', 'x');
});

test('secrets come back, by name and by tenant', () => {
  const { store, reopen } = opened('shop', 'blog');
  store.putSecret('shop', 'KEY', Buffer.from('one'));
  store.putSecret('shop', 'KEY', Buffer.from('two'));
  store.putSecret('shop', 'A', new Uint8Array(0));
  const again = reopen();
  expect(again.secret('shop', 'KEY')).toEqual(Uint8Array.from(Buffer.from('two')));
  expect(again.secret('shop', 'A')).toEqual(new Uint8Array(0));
  expect(again.secretNames('shop')).toEqual(['A', 'KEY']);
  expect(again.secret('blog', 'KEY')).toBeNull();
  expect(again.deleteSecret('blog', 'KEY')).toBe(false);
  expect(again.deleteSecret('shop', 'KEY')).toBe(true);
  expect(again.secret('shop', 'KEY')).toBeNull();
});

test('no secret is on the disk as it is', () => {
  const { store, file } = opened('shop');
  store.putSecret('shop', 'KEY', Buffer.from('correct horse battery staple'));
  for (const name of [file, `${file}-wal`]) expect(readFileSync(name).includes('battery')).toBe(false);
});

test('a secret that was copied to another tenant or name does not open', () => {
  const { store, behind } = opened('shop', 'blog');
  store.putSecret('shop', 'KEY', Buffer.from('one'));
  behind(`INSERT INTO secrets SELECT 'blog', name, sealed FROM secrets`);
  behind(`INSERT INTO secrets SELECT tenant, 'OTHER', sealed FROM secrets WHERE tenant = 'shop'`);
  expect(refusal(() => store.secret('blog', 'KEY')).code).toBe('corrupt');
  expect(refusal(() => store.secret('shop', 'OTHER')).code).toBe('corrupt');
  expect(store.secret('shop', 'KEY')).not.toBeNull();
});

test('secrets beyond their limits are refused', () => {
  const { store } = opened('shop');
  store.putSecret('shop', 'KEY', new Uint8Array(65_536));
  expect(refusal(() => store.putSecret('shop', 'KEY', new Uint8Array(65_537))).message).toContain('secretBytes');
  expect(refusal(() => store.putSecret('shop', 'K'.repeat(257), new Uint8Array(1))).code).toBe('too_large');
  expect(refusal(() => store.putSecret('shop', '', new Uint8Array(1))).code).toBe('bad_request');
  expect(refusal(() => store.putSecret('nobody', 'KEY', new Uint8Array(1))).code).toBe('not_found');
  store.atomically(() => {
    for (let count = 1; count < 1_000; count++) store.putSecret('shop', `K${count}`, new Uint8Array(1));
  });
  expect(refusal(() => store.putSecret('shop', 'MORE', new Uint8Array(1))).message).toContain('(secrets)');
  expect(store.secretNames('shop')).toHaveLength(1_000);
});
