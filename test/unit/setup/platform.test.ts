import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { platformFacts, platformWord, unsupportedReason } from '../../../src/setup/platform.js';

const SUPPORTED = { platform: 'linux', arch: 'x64', glibc: '2.36', node: '20.0.0' };

describe('unsupportedReason', () => {
  it('accepts Linux x64 with glibc under any Node from 20 on', () => {
    for (const node of ['20.0.0', '22.19.0', '26.10.0', '27.0.0-nightly']) {
      expect(unsupportedReason({ ...SUPPORTED, node })).toBeUndefined();
    }
  });

  it.each([
    ['an old Node', { node: '18.20.8' }, 'needs Node.js 20 or newer for its set-up and this is 18.20.8'],
    ['an unreadable version of Node', { node: 'unknown' }, 'this is unknown'],
    ['macOS', { platform: 'darwin', glibc: undefined }, 'this is darwin x64'],
    ['Windows', { platform: 'win32', glibc: undefined }, 'this is win32 x64'],
    ['ARM', { arch: 'arm64' }, 'this is linux arm64'],
    ['musl', { glibc: undefined }, 'another C library'],
  ])('refuses %s in one sentence that says what is there', (_, difference, words) => {
    const reason = unsupportedReason({ ...SUPPORTED, ...difference });
    expect(reason).toContain(words);
    expect(reason).toMatch(/^Kerb [^\n]*\.$/);
  });

  it('names the old Node first, since nothing else can be trusted to be known then', () => {
    expect(unsupportedReason({ platform: 'linux', arch: 'arm64', glibc: undefined, node: '16.0.0' })).toContain(
      '16.0.0',
    );
  });
});

describe('platformFacts', () => {
  it('reads the C library of the running process', () => {
    const { glibc } = platformFacts();
    const said = execFileSync('getconf', ['GNU_LIBC_VERSION'], { encoding: 'utf8' }).trim();
    expect(`glibc ${glibc}`).toBe(said);
  });
});

describe('platformWord', () => {
  it('differs wherever an installed binary may stop loading', () => {
    const variants = [{}, { arch: 'arm64' }, { platform: 'darwin' }, { glibc: '2.38' }, { glibc: undefined }];
    const words = variants.map((variant) => platformWord({ ...SUPPORTED, ...variant }));
    expect(new Set(words).size).toBe(variants.length);
  });

  it('does not differ between Node versions, since the pinned one runs Kerb', () => {
    expect(platformWord({ ...SUPPORTED, node: '24.0.0' })).toBe(platformWord(SUPPORTED));
  });
});
