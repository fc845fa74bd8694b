import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBlobs } from '../../../src/store/blob-store.ts';
import type { BlobStore } from '../../../src/store/store.ts';
import { folder, rejection } from './fixtures.ts';

const text = (content: string) => Buffer.from(content);
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function blobs(): { store: BlobStore; root: string; pathOf: (digest: string) => string } {
  const root = join(folder(), 'blobs');
  return { store: openBlobs(root), root, pathOf: (digest) => join(root, digest.slice(0, 2), digest) };
}

/** As if the bytes had been put so long ago. */
function age(path: string, ageMs: number): void {
  const then = (Date.now() - ageMs) / 1_000;
  utimesSync(path, then, then);
}

test('bytes come back by their digest, also after a new start', async () => {
  const { store, root } = blobs();
  for (const bytes of [text('hello'), new Uint8Array(0), randomBytes(1_000_000)]) {
    const digest = await store.put(bytes);
    expect(digest).toBe(digestOf(bytes));
    expect(await store.has(digest)).toBe(true);
    const read = await openBlobs(root).get(digest);
    expect(Buffer.from(read ?? []).equals(bytes)).toBe(true);
    expect(read?.buffer.byteLength).toBe(bytes.length);
  }
});

test('bytes that nobody has put are not there', async () => {
  const { store } = blobs();
  const digest = digestOf(text('nothing'));
  expect(await store.get(digest)).toBeNull();
  expect(await store.has(digest)).toBe(false);
  // Others are in the same folder.
  const other = await store.put(text('something'));
  expect(await store.get(`${other.slice(0, 63)}${other.endsWith('0') ? '1' : '0'}`)).toBeNull();
});

test('files are for their owner only, and no draft stays', async () => {
  const { store, root, pathOf } = blobs();
  const digest = await store.put(text('hello'));
  expect(statSync(pathOf(digest)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(root, 'drafts'))).toEqual([]);
});

test.each(['', 'x', '../../../etc/passwd', 'A'.repeat(64), `${'a'.repeat(64)}\0`])(
  'the digest %j is a mistake of the caller',
  async (digest) => {
    const { store } = blobs();
    await expect(store.get(digest)).rejects.toThrow(TypeError);
    await expect(store.has(digest)).rejects.toThrow(TypeError);
  },
);

test('the same bytes may be put many times at once', async () => {
  const { store, root, pathOf } = blobs();
  const bytes = randomBytes(100_000);
  const digests = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes)));
  expect(new Set(digests)).toEqual(new Set([digestOf(bytes)]));
  expect(readFileSync(pathOf(digestOf(bytes))).equals(bytes)).toBe(true);
  expect(readdirSync(join(root, 'drafts'))).toEqual([]);
});

test.each([
  ['changed', (path: string) => writeFileSync(path, 'hellO')],
  ['cut', (path: string) => truncateSync(path, 2)],
  ['longer', (path: string) => writeFileSync(path, 'hello!')],
  ['empty', (path: string) => truncateSync(path, 0)],
])('bytes that are %s are not handed out; putting them again heals them', async (_, damage) => {
  const { store, pathOf } = blobs();
  const digest = await store.put(text('hello'));
  damage(pathOf(digest));
  const { code, message } = await rejection(store.get(digest));
  expect(code).toBe('corrupt');
  expect(message).toContain(digest);
  await store.put(text('hello'));
  expect(Buffer.from((await store.get(digest)) ?? []).toString()).toBe('hello');
});

test('no link is followed, not even to the right bytes', async () => {
  const { store, root, pathOf } = blobs();
  const digest = await store.put(text('hello'));
  const aside = join(root, '..', 'aside');
  renameSync(pathOf(digest), aside);
  symlinkSync(aside, pathOf(digest));
  expect((await rejection(store.get(digest))).message).toContain('a link is in its place');
  expect(await store.has(digest)).toBe(false);
  expect(await store.sweep(new Set(), 0)).toBe(0);
  await store.put(text('hello'));
  expect(readFileSync(aside, 'utf8')).toBe('hello');
  expect(await store.has(digest)).toBe(true);
});

test('a folder that was replaced by a link is not gone through', async () => {
  const { store, root, pathOf } = blobs();
  const digest = await store.put(text('hello'));
  const [shard, aside] = [join(root, digest.slice(0, 2)), join(root, '..', 'aside')];
  renameSync(shard, aside);
  symlinkSync(aside, shard);
  for (const work of [() => store.get(digest), () => store.has(digest), () => store.put(text('hello'))]) {
    expect((await rejection(work())).code).toBe('corrupt');
  }
  expect(await store.sweep(new Set(), 0)).toBe(0);
  expect(existsSync(join(aside, digest))).toBe(true);
  rmSync(shard);
  renameSync(aside, shard);
  expect(existsSync(pathOf(digest))).toBe(true);
});

test('a folder in the place of a file is damage', async () => {
  const { store, pathOf } = blobs();
  const digest = await store.put(text('hello'));
  rmSync(pathOf(digest));
  mkdirSync(pathOf(digest));
  expect((await rejection(store.get(digest))).message).toContain('no file is in its place');
  expect(await store.has(digest)).toBe(false);
});

test('what nobody needs is swept when it is old enough', async () => {
  const { store, pathOf } = blobs();
  const [kept, old, young] = await Promise.all(['kept', 'old', 'young'].map((content) => store.put(text(content))));
  if (kept === undefined || old === undefined || young === undefined) throw new Error('not put');
  for (const digest of [kept, old]) age(pathOf(digest), 60_000);
  expect(await store.sweep(new Set([kept]), 50_000)).toBe(1);
  expect(await Promise.all([kept, old, young].map((digest) => store.has(digest)))).toEqual([true, false, true]);
  expect(await store.sweep(new Set([kept]), 0)).toBe(1);
  expect(await store.has(kept)).toBe(true);
});

test('bytes that are put again are young again', async () => {
  const { store, pathOf } = blobs();
  const digest = await store.put(text('old'));
  age(pathOf(digest), 60_000);
  await store.put(text('old'));
  expect(await store.sweep(new Set(), 50_000)).toBe(0);
});

test('bytes that are on their way are not swept, however old they are allowed to be', async () => {
  const { store, pathOf } = blobs();
  for (let time = 0; time < 20; time++) {
    let isOnItsWay = true;
    const stored = store.put(text(`bytes ${time}`)).then((digest) => {
      isOnItsWay = false;
      return existsSync(pathOf(digest));
    });
    while (isOnItsWay) await store.sweep(new Set(), 0);
    expect(await stored).toBe(true);
  }
});

test('bytes that are put again while it sweeps stay', async () => {
  const { store, pathOf } = blobs();
  const many = Array.from({ length: 40 }, (_, index) => text(`bytes ${index}`));
  for (const digest of await Promise.all(many.map((bytes) => store.put(bytes)))) age(pathOf(digest), 600_000);
  const [digests] = await Promise.all([
    Promise.all(many.map((bytes) => store.put(bytes))),
    store.sweep(new Set(), 500_000),
    store.sweep(new Set(), 500_000),
  ]);
  for (const digest of digests) expect(await store.get(digest)).not.toBeNull();
});

test('a sweep touches only its own files', async () => {
  const { store, root } = blobs();
  const digest = await store.put(text('hello'));
  const others = [
    join(root, 'notes.txt'),
    join(root, digest.slice(0, 2), 'notes.txt'),
    join(root, digest.slice(0, 2), '0'.repeat(64).replace(/^../, digest.startsWith('ff') ? 'ee' : 'ff')),
    join(root, '..', 'outside'),
  ];
  for (const path of others) writeFileSync(path, 'x');
  expect(await store.sweep(new Set(), 0)).toBe(1);
  expect(others.filter((path) => !existsSync(path))).toEqual([]);
});

test('what a crash left behind is gone at the next start, and what is whole is not', async () => {
  const { store, root } = blobs();
  const digest = await store.put(text('hello'));
  writeFileSync(join(root, 'drafts', `${digest}.0011`), 'hel');
  const next = openBlobs(root);
  expect(readdirSync(join(root, 'drafts'))).toEqual([]);
  expect(await next.has(digest)).toBe(true);
});

test('a link in the place of the drafts is removed, and not what it leads to', () => {
  const { root } = blobs();
  const aside = join(root, '..', 'aside');
  mkdirSync(aside);
  writeFileSync(join(aside, 'precious'), 'x');
  rmSync(join(root, 'drafts'), { recursive: true });
  symlinkSync(aside, join(root, 'drafts'));
  openBlobs(root);
  expect(existsSync(join(aside, 'precious'))).toBe(true);
});

test('bytes that cannot be written leave no draft', async () => {
  const { store, root } = blobs();
  const bytes = text('hello');
  writeFileSync(join(root, digestOf(bytes).slice(0, 2)), 'in the way');
  expect((await rejection(store.put(bytes))).code).toBe('corrupt');
  expect(readdirSync(join(root, 'drafts'))).toEqual([]);
});

test('hundreds of deploys leave no descriptor and no file behind', async () => {
  const { store, root } = blobs();
  const descriptors = () => readdirSync('/proc/self/fd').length;
  const files = () =>
    readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  const kept = await store.put(text('kept'));
  await store.get(kept);
  const before = descriptors();
  for (let cycle = 0; cycle < 400; cycle += 20) {
    const puts = Array.from({ length: 20 }, (_, index) => store.put(text(`module ${cycle + index}`)));
    await Promise.all((await Promise.all(puts)).map((digest) => store.get(digest)));
    await store.sweep(new Set([kept]), 0);
  }
  expect(descriptors()).toBeLessThanOrEqual(before + 2);
  expect(files()).toBe(1);
});
