import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../../../src/abi/wasi/errno.ts';
import {
  createFile,
  createFolder,
  createLink,
  linkFile,
  removeFile,
  removeFolder,
} from '../../../../../src/abi/wasi/files/changes.ts';
import { BLOCK_BYTES, MAX_HARD_LINKS, NAME_COST_BYTES } from '../../../../../src/abi/wasi/files/limits.ts';
import type { FileNode, FolderNode, Node } from '../../../../../src/abi/wasi/files/node.ts';
import { resolve, type Place } from '../../../../../src/abi/wasi/files/resolve.ts';
import { ScratchVolume } from '../../../../../src/abi/wasi/files/scratch.ts';

const QUOTA = 256 * 1024;

let volume: ScratchVolume;
let held: number;

beforeEach(() => {
  held = 0;
  volume = new ScratchVolume({ hold: (pages) => (held += pages), wallClockNs: () => 7n }, 1, QUOTA);
});

function at(path: string): Place {
  const place = resolve(volume.root, path, 'keep');
  if (typeof place === 'number') throw new Error(`errno ${place}`);
  return place;
}

function make(path: string): FileNode {
  const file = createFile(at(path));
  if (typeof file === 'number') throw new Error(`errno ${file}`);
  return file;
}

function nodeAt(path: string): Node {
  const { node } = at(path);
  if (node === null) throw new Error(`nothing at ${path}`);
  return node;
}

/** Settles when everything that nothing leads to is gone: what a WeakRef was asked for stays until the turn ends. */
async function collected(): Promise<void> {
  await setImmediate();
  globalThis.gc?.();
}

describe('what is kept', () => {
  test('is held in pages before it is kept, and given back when it goes', () => {
    const { content } = make('x');
    expect(held).toBe(1);
    expect(content.write(0, new Uint8Array(100_000))).toBe(ERRNO.success);
    expect(held).toBe(2);
    expect(content.resize(1)).toBe(ERRNO.success);
    expect(held).toBe(1);
    removeFile(at('x'));
    expect(held).toBe(0);
  });

  test('ends at the quota, and what did not fit changed nothing', () => {
    const { content } = make('x');
    const room = Math.floor((QUOTA - NAME_COST_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
    expect(content.write(0, new Uint8Array(room + 1))).toBe(ERRNO.nospc);
    expect([content.size, held]).toEqual([0, 1]);
    expect(content.write(0, new Uint8Array(room))).toBe(ERRNO.success);
    expect(content.write(room, new Uint8Array(1))).toBe(ERRNO.nospc);
    expect(content.write(QUOTA, new Uint8Array(1))).toBe(ERRNO.fbig);
    expect(content.size).toBe(room);
  });

  test('counts names, and links with what they hold', () => {
    let count = 0;
    while (createFolder(at(`f${count}`)) === ERRNO.success) count += 1;
    expect(count).toBe(QUOTA / NAME_COST_BYTES);
    expect(createFile(at('x'))).toBe(ERRNO.nospc);
    removeFolder(at('f0'));
    expect(createLink(at('l'), 'x')).toBe(ERRNO.nospc);
    expect(createFolder(at('f0'))).toBe(ERRNO.success);
    expect(createLink(at('l'), 'x')).toBe(ERRNO.nospc);
  });

  test('counts until the last name and the last descriptor are gone', () => {
    const file = make('x');
    file.content.write(0, new Uint8Array(100_000));
    linkFile(at('x'), at('y'));
    file.opens = 1;
    removeFile(at('x'));
    removeFile(at('y'));
    expect([held, file.size]).toEqual([2, 100_000]);
    file.opens = 0;
    file.settle();
    expect([held, file.size]).toEqual([0, 0]);
  });

  test('is nothing of what was removed, whose room has been given back', async () => {
    const links = Array.from({ length: 20 }, (_, index) => `l${index}`);
    for (const name of links) make(`live-${name}`);
    for (const name of links) expect(createLink(at(name), 'x')).toBe(ERRNO.success);
    const gone = links.map((name) => new WeakRef(nodeAt(name)));
    for (const name of links) removeFile(at(name));
    expect([...volume.root.entriesAfter(0n)].map(({ name }) => name)).toEqual(links.map((name) => `live-${name}`));
    await collected();
    expect(gone.filter((link) => link.deref() !== undefined)).toEqual([]);
  });

  test('is no folder that was removed around one that is open', async () => {
    createFolder(at('outer'));
    createFolder(at('outer/inner'));
    const [outer, inner] = [new WeakRef(nodeAt('outer')), nodeAt('outer/inner') as FolderNode];
    removeFolder(at('outer/inner'));
    removeFolder(at('outer'));
    await collected();
    expect(outer.deref()).toBeUndefined();
    expect(resolve(inner, '..', 'keep')).toBe(ERRNO.perm);
  });

  test('throws what the account throws, before anything is made', () => {
    const full = new Error('no room');
    volume = new ScratchVolume(
      {
        hold: () => {
          throw full;
        },
        wallClockNs: () => 0n,
      },
      1,
      QUOTA,
    );
    expect(() => createFile(at('x'))).toThrow(full);
    expect(volume.root.count).toBe(0);
  });

  test('a file has a bounded number of names', () => {
    volume = new ScratchVolume({ hold: () => undefined, wallClockNs: () => 0n }, 1, 64 * 1024 * 1024);
    make('x');
    for (let index = 1; index < MAX_HARD_LINKS; index += 1) linkFile(at('x'), at(`l${index}`));
    expect(linkFile(at('x'), at('one-more'))).toBe(ERRNO.mlink);
  });
});

describe('content', () => {
  test('reads what was written, at any offsets, with zeros in the holes', () => {
    const { content } = make('x');
    const model = Buffer.alloc(40_000);
    let seed = 1;
    const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 200; round += 1) {
      const position = next(30_000);
      const bytes = Buffer.alloc(next(9_000), next(256));
      content.write(position, bytes);
      model.set(bytes, position);
      if (round % 20 === 19) {
        const size = next(20_000);
        content.resize(size);
        model.fill(0, size);
      }
      const [from, length] = [next(40_000), next(12_000)];
      const expected = model.subarray(from, Math.min(from + length, content.size));
      expect(
        Buffer.from(content.read(from, length)).equals(expected.subarray(0, Math.max(content.size - from, 0))),
      ).toBe(true);
    }
  });

  test('that was cut does not come back', () => {
    const { content } = make('x');
    content.write(0, Buffer.from('secret'));
    content.resize(2);
    content.resize(6);
    expect(Buffer.from(content.read(0, 10)).toString()).toBe('se\0\0\0\0');
  });

  test('of zeros costs the guest, not the host', () => {
    const { content } = make('x');
    const before = process.memoryUsage().arrayBuffers;
    expect(content.resize(200_000)).toBe(ERRNO.success);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
    expect(held).toBe(4);
  });
});
