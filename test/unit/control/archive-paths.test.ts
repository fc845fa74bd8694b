import { describe, expect, it } from 'vitest';
import { ArchivePaths, archivePath } from '../../../src/control/archive-paths.ts';

describe('the path of an entry', () => {
  it.each([
    ['a', 'file', 'a'],
    ['./a/b', 'file', 'a/b'],
    ['a/', 'folder', 'a'],
    ['a', 'folder', 'a'],
    ['./', 'folder', ''],
    ['.', 'folder', ''],
    ['..a/b..', 'file', '..a/b..'],
    ['...', 'file', '...'],
    ['é 世', 'file', 'é 世'],
    ['-rf', 'file', '-rf'],
  ] as const)('%j of a %s is %j', (name, kind, path) => {
    expect(archivePath(name, kind)).toBe(path);
  });

  it.each([
    ['.', 'file'],
    ['./', 'file'],
    ['././a', 'file'],
    ['..', 'folder'],
    ['./..', 'folder'],
    ['a/..', 'folder'],
    ['/', 'folder'],
    ['//', 'folder'],
    ['.//', 'folder'],
    ['./', 'file'],
    ['.//a', 'file'],
    ['a//', 'folder'],
    ['', 'folder'],
    ['a\u0000', 'file'],
    ['a\ud800', 'file'],
    ['a\\b', 'file'],
    ['z:/a', 'file'],
  ] as const)('%j of a %s is refused', (name, kind) => {
    expect(() => archivePath(name, kind)).toThrow(/^the archive has "/);
  });
});

describe('the paths of an archive', () => {
  it('are each one thing', () => {
    const paths = new ArchivePaths();
    paths.add('a/b/c', 'file');
    paths.add('a/b', 'folder');
    paths.add('', 'folder');
    paths.add('a/b/d', 'file');
    expect(() => paths.add('a/b', 'file')).toThrow(/both a file and a folder/);
    expect(() => paths.add('a/b/c/d', 'file')).toThrow(/both a file and a folder/);
    expect(() => paths.add('a/b/c', 'file')).toThrow(/there twice/);
  });

  it.each([
    ['İ', 'i̇'],
    ['ß', 'SS'],
    ['ﬁ', 'fi'],
    ['K', '\u212a'],
    ['Ａ', 'a'],
    ['㎆', 'mb'],
    ['Å', 'A\u030a'],
  ])('%j and %j are too alike', (one, other) => {
    const paths = new ArchivePaths();
    paths.add(`${one}/x`, 'file');
    expect(() => paths.add(`${other}/y`, 'file')).toThrow(/case or accents/);
  });

  it('are not confused by names that objects have', () => {
    const paths = new ArchivePaths();
    for (const name of ['__proto__', 'constructor', 'toString/x']) expect(() => paths.add(name, 'file')).not.toThrow();
  });
});
