import { beforeEach, describe, expect, test } from 'vitest';
import { ERRNO } from '../../../../../src/abi/wasi/errno.ts';
import { createFile, createFolder, createLink, rename } from '../../../../../src/abi/wasi/files/changes.ts';
import { FolderNode, type Node } from '../../../../../src/abi/wasi/files/node.ts';
import { resolve, targetFault, type LastLink, type Place } from '../../../../../src/abi/wasi/files/resolve.ts';
import { ScratchVolume } from '../../../../../src/abi/wasi/files/scratch.ts';

let root: FolderNode;

/** The place of a path, which must have one. */
function at(path: string, base = root, last: LastLink = 'keep'): Place {
  const place = resolve(base, path, last);
  if (typeof place === 'number') throw new Error(`${path}: errno ${place}`);
  return place;
}

function folder(path: string): FolderNode {
  createFolder(at(path));
  const { node } = at(path);
  if (!(node instanceof FolderNode)) throw new Error(`${path} is no folder`);
  return node;
}

function file(path: string): Node {
  const made = createFile(at(path));
  if (typeof made === 'number') throw new Error(`${path}: errno ${made}`);
  return made;
}

beforeEach(() => {
  ({ root } = new ScratchVolume({ hold: () => undefined, wallClockNs: () => 0n }, 1, 1024 * 1024));
  folder('a');
  folder('a/b');
  file('a/b/c');
  file('top');
});

describe('a path', () => {
  test.each(['a/b/c', 'a//b///c', './a/./b/./c', 'a/b/../b/c', 'a/../a/b/c', 'a/b/../../a/b/c'])(
    '%s leads to one place',
    (path) => {
      expect(at(path).node).toBe(at('a/b/c').node);
    },
  );

  test.each(['.', './', 'a/..', 'a/b/../..', 'a/b/../../.'])(
    '%s leads to where it began, and nothing can be made there',
    (path) => {
      expect(at(path)).toMatchObject({ parent: null, node: root });
    },
  );

  test.each([
    ['', ERRNO.noent],
    ['/', ERRNO.perm],
    ['/a', ERRNO.perm],
    ['//a', ERRNO.perm],
    ['..', ERRNO.perm],
    ['../', ERRNO.perm],
    ['a/../..', ERRNO.perm],
    ['a/b/../../../a', ERRNO.perm],
    ['a/./../../x', ERRNO.perm],
    ['top/..', ERRNO.notdir],
    ['top/.', ERRNO.notdir],
    ['top/', ERRNO.notdir],
    ['top/x', ERRNO.notdir],
    ['none/x', ERRNO.noent],
    ['none/..', ERRNO.noent],
    ['none/../../..', ERRNO.noent],
    [`${'x'.repeat(256)}`, ERRNO.nametoolong],
    [`${'ü'.repeat(128)}`, ERRNO.nametoolong],
    [`${'./'.repeat(2049)}`, ERRNO.nametoolong],
  ])('%j answers %i', (path, errno) => {
    expect(resolve(root, path, 'follow')).toBe(errno);
  });

  test('never leads above the folder that it starts from, though that has folders above it', () => {
    const inner = folder('a/b/inner');
    for (const path of ['..', '../c', './../..', 'x/../..', '../inner']) {
      const found = resolve(inner, path, 'follow');
      expect([ERRNO.perm, ERRNO.noent]).toContain(found);
    }
    expect(at('.', inner).node).toBe(inner);
  });

  test('that ends in a slash is about a folder', () => {
    expect(at('a/').asFolder).toBe(true);
    expect(at('none/')).toMatchObject({ node: null, asFolder: true });
    expect(at('a').asFolder).toBe(false);
  });
});

describe('a symbolic link', () => {
  function link(path: string, target: string): void {
    if (createLink(at(path), target) !== ERRNO.success) throw new Error(`${path} cannot be linked`);
  }

  test('is relative to its own folder', () => {
    link('a/l', 'b/c');
    link('a/b/up', '../../top');
    expect(at('a/l', root, 'follow').node).toBe(at('a/b/c').node);
    expect(at('a/b/up', root, 'follow').node).toBe(at('top').node);
  });

  test('at the end is followed when that is wanted, or a slash comes behind it', () => {
    link('l', 'a');
    expect(at('l', root, 'keep').node).not.toBe(at('a').node);
    expect(at('l/', root, 'keep').node).toBe(at('a').node);
    expect(at('l/b', root, 'keep').node).toBe(at('a/b').node);
  });

  test('to a path that ends in a slash leads to a folder only', () => {
    link('l', 'top/');
    expect(resolve(root, 'l', 'follow')).toBe(ERRNO.notdir);
    link('m', 'a/');
    expect(at('m', root, 'follow').node).toBe(at('a').node);
    expect(at('m/b/c', root, 'follow').node).toBe(at('a/b/c').node);
  });

  test('cannot lead above the folder that the walk began in, however it is reached', () => {
    link('a/b/out', '../../..');
    link('a/b/top', '../../top');
    const inner = at('a/b').node as FolderNode;
    expect(resolve(root, 'a/b/out', 'follow')).toBe(ERRNO.perm);
    expect(resolve(inner, 'top', 'follow')).toBe(ERRNO.perm);
    expect(resolve(root, 'a/b/out/anything', 'keep')).toBe(ERRNO.perm);
  });

  test('that is moved leads from where it is now', () => {
    link('a/b/up', '../../top');
    expect(rename(at('a/b/up'), at('up'))).toBe(ERRNO.success);
    expect(resolve(root, 'up', 'follow')).toBe(ERRNO.perm);
  });

  test('in a circle ends, and so does a long chain; a short one is followed', () => {
    link('x', 'y');
    link('y', 'x');
    link('self', './self/.');
    expect(resolve(root, 'x', 'follow')).toBe(ERRNO.loop);
    expect(resolve(root, 'self', 'follow')).toBe(ERRNO.loop);
    link('l0', 'top');
    for (let index = 1; index <= 40; index += 1) link(`l${index}`, `l${index - 1}`);
    expect(at('l31', root, 'follow').node).toBe(at('top').node);
    expect(resolve(root, 'l32', 'follow')).toBe(ERRNO.loop);
  });

  test('that multiplies its names is walked in bounded time', () => {
    const many = `${'a/../'.repeat(800)}`;
    link('m0', `${many}a`);
    for (let index = 1; index < 30; index += 1) link(`m${index}`, `m${index - 1}/../${many.slice(0, 3900)}a`);
    const began = performance.now();
    resolve(root, 'm29', 'follow');
    expect(performance.now() - began).toBeLessThan(500);
  });

  test.each([
    ['', ERRNO.noent],
    ['/', ERRNO.perm],
    ['/etc/passwd', ERRNO.perm],
    ['x'.repeat(4097), ERRNO.nametoolong],
    ['../../../etc/passwd', ERRNO.success],
    ['a', ERRNO.success],
  ])('to %j may be made or not: %i', (target, errno) => {
    expect(targetFault(target)).toBe(errno);
  });
});
