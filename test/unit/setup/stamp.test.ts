import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, placesIn } from '../../../src/setup/places.js';
import { STAMPED_FILES, isCurrent, removeStamp, stampText, writeStamp } from '../../../src/setup/stamp.js';
import { emptyFolder } from './folder.ts';

/** A folder with every file that the stamp covers. */
function checkout(): string {
  const root = emptyFolder();
  for (const name of STAMPED_FILES) write(join(root, name), `text of ${name}`);
  return root;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('stampText', () => {
  it('covers files that exist in this checkout', () => {
    expect(STAMPED_FILES.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it('is the same for the same files and platform', () => {
    expect(stampText(checkout(), 'linux')).toBe(stampText(checkout(), 'linux'));
  });

  it.each([...STAMPED_FILES])('changes with %s', (name) => {
    const root = checkout();
    const before = stampText(root, 'linux');
    write(join(root, name), 'other text');
    const changed = stampText(root, 'linux');
    rmSync(join(root, name));
    expect(new Set([before, changed, stampText(root, 'linux')]).size).toBe(3);
  });

  it('changes with the platform', () => {
    const root = checkout();
    expect(stampText(root, 'linux-x64-glibc2.36')).not.toBe(stampText(root, 'linux-x64-glibc2.38'));
  });

  it('tells text that moved from one file to the next', () => {
    const [first, second] = [checkout(), checkout()];
    write(join(first, 'package.json'), 'ab');
    write(join(first, 'package-lock.json'), 'c');
    write(join(second, 'package.json'), 'a');
    write(join(second, 'package-lock.json'), 'bc');
    expect(stampText(first, 'linux')).not.toBe(stampText(second, 'linux'));
  });
});

describe('the stamp', () => {
  it('is current only for the text that was written', () => {
    const { stamp } = placesIn(emptyFolder());
    expect(isCurrent(stamp, 'one', [])).toBe(false);
    writeStamp(stamp, 'one');
    expect(isCurrent(stamp, 'one', [])).toBe(true);
    expect(isCurrent(stamp, 'two', [])).toBe(false);
  });

  it('is not current once something that it vouches for is gone', () => {
    const { stamp, root } = placesIn(emptyFolder());
    const needed = join(root, 'needed');
    writeFileSync(needed, '');
    writeStamp(stamp, 'one');
    expect(isCurrent(stamp, 'one', [needed])).toBe(true);
    rmSync(needed);
    expect(isCurrent(stamp, 'one', [needed])).toBe(false);
  });

  it('can be removed, also when it is not there', () => {
    const { stamp } = placesIn(emptyFolder());
    removeStamp(stamp);
    writeStamp(stamp, 'one');
    removeStamp(stamp);
    expect(isCurrent(stamp, 'one', [])).toBe(false);
  });

  it('leaves no draft behind', () => {
    const { stamp, state } = placesIn(emptyFolder());
    writeStamp(stamp, 'one');
    writeStamp(stamp, 'two');
    expect(readdirSync(state)).toEqual(['stamp']);
  });
});
