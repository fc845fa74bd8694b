import { describe, expect, it } from 'vitest';
import { contentBytes, folderDigest, GrantedFolders, type FolderEntry } from '../../../src/control/granted-folders.ts';
import { FOLDER_LIMITS } from '../../../src/control/limits.ts';
import { parseManifest, type Manifest } from '../../../src/control/manifest.ts';
import { refusalOf } from './control-harness.ts';

function manifest(files = '"/app" = "x"'): Manifest {
  return parseManifest(`name = "a"\nmain = "a.wasm"\n[files]\n${files}`, 'kerb.toml');
}

function file(path: string, text = path): FolderEntry {
  return { kind: 'file', path, bytes: Buffer.from(text) };
}

function link(path: string, target: string): FolderEntry {
  return { kind: 'link', path, target };
}

function granted(entries: readonly FolderEntry[], folders = new GrantedFolders(), nowMs = 1): unknown {
  return folders.of(manifest(), new Map([['x', entries]]), nowMs)[0];
}

describe('a granted folder', () => {
  it('has its files in one piece, each folder before what is in it', () => {
    const folder = granted([file('b/c/d'), file('a', 'AAA'), file('b-', '')]);
    expect(folder).toMatchObject({
      guest: '/app',
      madeMs: 1,
      entries: [
        { kind: 'file', path: 'a', offset: 0, length: 3 },
        { kind: 'folder', path: 'b' },
        { kind: 'file', path: 'b-', offset: 3, length: 0 },
        { kind: 'folder', path: 'b/c' },
        { kind: 'file', path: 'b/c/d', offset: 3, length: 5 },
      ],
    });
    expect(Object.isFrozen(folder)).toBe(true);
  });

  it('is kept once for the same content, with the time of the first', () => {
    const folders = new GrantedFolders();
    const first = granted([file('a'), file('b')], folders, 1);
    expect(granted([file('b'), file('a')], folders, 2)).toBe(first);
    expect(granted([file('a'), file('b', 'B')], folders, 2)).not.toBe(first);
  });

  it('has a digest that no byte can move in', () => {
    const entries = [
      [file('a', 'bc')],
      [file('ab', 'c')],
      [link('a', 'bc')],
      [file('a', 'b'), file('c', '')],
      [file('a')],
    ];
    expect(new Set(entries.map(folderDigest)).size).toBe(entries.length);
  });

  it('is counted with all its files', () => {
    expect(
      contentBytes(
        new Map([
          ['x', [file('a', '123'), link('l', 'a')]],
          ['y', [file('b', '45')]],
        ]),
      ),
    ).toBe(5);
  });

  it('is several when the manifest names several', () => {
    const folders = new GrantedFolders().of(manifest('"/one" = "x"\n"/two" = "x"'), new Map([['x', [file('a')]]]), 1);
    expect(folders.map(({ guest }) => guest)).toEqual(['/one', '/two']);
  });

  it.each([
    ['up', '../..'],
    ['up', '../x/a'],
    ['sub/up', '../../etc/passwd'],
    ['abs', '/etc/passwd'],
    ['abs', '/app/a'],
  ])('with a link %s to %s, which leads out, is refused', async (path, target) => {
    const refused = await refusalOf(() => granted([file('a'), file('sub/b'), link(path, target)]));
    expect([refused.code, refused.message]).toEqual(['bad_manifest', expect.stringMatching(/leads out of it; put/)]);
  });

  it('with a link that leads out by way of another is refused, one that leads nowhere is not', async () => {
    const through = [file('sub/b'), link('one', 'sub'), link('sub/two', '../one/../..')];
    expect((await refusalOf(() => granted(through))).message).toContain('leads out');
    expect((await refusalOf(() => granted([link('a', 'b'), link('b', 'a')]))).message).toContain('circle');
    expect(granted([file('sub/b'), link('one', 'sub/../sub/b'), link('none', 'nowhere')])).toMatchObject({});
  });

  it('beyond a limit is refused', async () => {
    const many = Array.from({ length: FOLDER_LIMITS.entries + 1 }, (_, index) => file(`f${index}`, ''));
    const deep = [file(`${'d/'.repeat(FOLDER_LIMITS.depth)}f`)];
    const large: FolderEntry[] = [{ kind: 'file', path: 'a', bytes: new Uint8Array(FOLDER_LIMITS.bytes + 1) }];
    for (const entries of [many, deep, large]) {
      const refused = await refusalOf(() => granted(entries));
      expect([refused.code, refused.message]).toEqual(['too_large', expect.stringMatching(/grant a smaller folder/)]);
    }
  });
});
