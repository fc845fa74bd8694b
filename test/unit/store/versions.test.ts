import { expect, test } from 'vitest';
import { first, newVersion, opened, refusal } from './fixtures.ts';

const digest = (letter: string): string => letter.repeat(64);

test('versions are numbered by their tenant and come back as they were', () => {
  const { store, reopen } = opened('shop', 'blog');
  const given = newVersion('shop', { signedBy: 'thumb', note: 'first – ☃', files: { 'a/b.html': digest('b') } });
  const made = store.appendVersion(given);
  expect(made).toEqual({ ...given, version: 1 });
  expect(store.appendVersion(given).version).toBe(2);
  expect(store.appendVersion(newVersion('blog')).version).toBe(1);
  expect(store.tenant('shop')).toMatchObject({ nextVersion: 3, revision: 1 });
  expect(reopen().version('shop', 1)).toEqual(made);
});

test('what is not there is null, and nothing is appended to nobody', () => {
  const { store } = opened('shop');
  expect(store.version('shop', 1)).toBeNull();
  expect(store.version('blog', 1)).toBeNull();
  expect(refusal(() => store.appendVersion(newVersion('blog'))).code).toBe('not_found');
});

test('names of files do not act on prototypes', () => {
  const { store } = opened('shop');
  const files: Record<string, string> = Object.fromEntries([
    ['__proto__', digest('c')],
    ['constructor', digest('d')],
  ]);
  store.appendVersion(newVersion('shop', { files }));
  const stored = store.version('shop', 1)?.files ?? {};
  expect(Object.getPrototypeOf(stored)).toBeNull();
  expect(Object.entries(stored)).toEqual(Object.entries(files));
  expect(store.digests()).toEqual(new Set([digest('a'), digest('c'), digest('d')]));
});

test('the digests are those of all modules and all files of all tenants', () => {
  const { store } = opened('shop', 'blog');
  expect(store.digests()).toEqual(new Set());
  store.appendVersion(newVersion('shop', { files: { x: digest('1'), y: digest('2') } }));
  store.appendVersion(newVersion('shop', { digest: digest('b'), files: { x: digest('2') } }));
  store.appendVersion(newVersion('blog', { digest: digest('c') }));
  expect([...store.digests()].toSorted().map((name) => name[0])).toEqual(['1', '2', 'a', 'b', 'c']);
  store.deleteTenant('shop');
  expect(store.digests()).toEqual(new Set([digest('c')]));
});

test('the list is newest first, in parts that stay right while versions are added', () => {
  const { store } = opened('shop', 'blog');
  for (let count = 0; count < 5; count++) store.appendVersion(newVersion('shop'));
  store.appendVersion(newVersion('blog'));
  const one = store.versions('shop', first(2));
  store.appendVersion(newVersion('shop'));
  const two = store.versions('shop', { limit: 2, cursor: one.next });
  const three = store.versions('shop', { limit: 2, cursor: two.next });
  expect([one, two, three].map(({ items }) => items.map(({ version }) => version))).toEqual([[5, 4], [3, 2], [1]]);
  expect(three.next).toBeNull();
  expect(store.versions('nobody', first(2))).toEqual({ items: [], next: null });
  expect(refusal(() => store.versions('shop', { limit: 2, cursor: 'x' })).code).toBe('bad_request');
});

test('a page of heavy versions ends early and goes on', () => {
  const { store } = opened('shop');
  const report = 'x'.repeat(3 * 1024 * 1024);
  store.atomically(() => {
    for (let count = 0; count < 8; count++) store.appendVersion(newVersion('shop', { report }));
  });
  const page = store.versions('shop', first(100));
  expect(page.items.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4]);
  expect(store.versions('shop', { limit: 100, cursor: page.next }).items.map(({ version }) => version)).toEqual([
    3, 2, 1,
  ]);
});

test('texts beyond the limit are refused, and take no number', () => {
  const { store } = opened('shop');
  const half = 'x'.repeat(2 * 1024 * 1024);
  const { code, message } = refusal(() => store.appendVersion(newVersion('shop', { manifest: half, report: half })));
  expect(code).toBe('too_large');
  expect(message).toContain('versionTextBytes');
  expect(store.appendVersion(newVersion('shop')).version).toBe(1);
});

test('digests and sizes that are none are mistakes of the caller', () => {
  const { store } = opened('shop');
  for (const wrong of [{ digest: 'x' }, { files: { a: '../../etc/passwd' } }, { size: -1 }, { createdMs: 0.5 }]) {
    expect(() => store.appendVersion(newVersion('shop', wrong))).toThrow(TypeError);
  }
  expect(refusal(() => store.appendVersion(newVersion('shop', { note: '\ud800' }))).code).toBe('bad_request');
  expect(store.versions('shop', first(1)).items).toEqual([]);
});

test('old versions are forgotten, but not those in use, and no number comes again', () => {
  const { store } = opened('shop', 'blog');
  for (let made = 0; made < 10; made++) store.appendVersion(newVersion('shop'));
  store.appendVersion(newVersion('blog'));
  const canary = { version: 3, percent: 5, maxCostFactor: 2, startedMs: 1 };
  store.changeTenant('shop', { active: 2, previous: 4, canary }, null);
  expect(store.dropVersions('shop', 3)).toBe(4);
  const left = store.versions('shop', { limit: 100, cursor: null }).items.map(({ version }) => version);
  expect(left).toEqual([10, 9, 8, 4, 3, 2]);
  expect(store.dropVersions('shop', 3)).toBe(0);
  expect(store.appendVersion(newVersion('shop')).version).toBe(11);
  expect(store.version('blog', 1)).not.toBeNull();
  store.changeTenant('shop', { active: null, previous: null, canary: null }, null);
  expect(store.dropVersions('shop', 0)).toBe(7);
  expect(refusal(() => store.dropVersions('nobody', 1)).code).toBe('not_found');
});
