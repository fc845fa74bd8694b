import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, placesIn, type Places } from '../../../src/setup/places.js';
import { loadFailure, prepareUws, uwsBinaryPath } from '../../../src/setup/uws.js';
import { emptyFolder } from './folder.ts';

const installed = placesIn(ROOT);
const TOO_OLD = "/lib/libc.so.6: version `GLIBC_2.38' not found";

interface Installed {
  readonly version?: string;
  readonly binary?: string | Uint8Array;
}

/** A checkout with a binary of uWebSockets.js, the real one where it is installed. */
function checkout({ version = '1.2.3', binary = 'not ELF' }: Installed = {}): Readonly<Places> {
  const places = placesIn(emptyFolder());
  mkdirSync(dirname(places.uwsBinary), { recursive: true });
  writeFileSync(places.uwsBinary, binary);
  writeFileSync(places.uwsManifest, JSON.stringify({ version }));
  return places;
}

const copyOf = ({ state }: Readonly<Places>, version = '1.2.3'): string => join(state, `uws-${version}.node`);

describe('prepareUws', () => {
  it('uses the original where it loads, and removes copies made for another machine', () => {
    const places = checkout();
    mkdirSync(places.state);
    writeFileSync(copyOf(places), '');
    writeFileSync(copyOf(places, '1.0.0'), '');
    expect(prepareUws(places, () => undefined)).toBe('original');
    expect(readdirSync(places.state)).toEqual([]);
    expect(uwsBinaryPath(places)).toBe(places.uwsBinary);
  });

  it.runIf(existsSync(installed.uwsBinary))(
    'makes an adapted copy where glibc is too old, and leaves the original as it is',
    () => {
      const binary = readFileSync(installed.uwsBinary);
      const places = checkout({ binary });
      expect(prepareUws(places, (path) => (path === places.uwsBinary ? TOO_OLD : undefined))).toBe('adapted');
      expect(uwsBinaryPath(places)).toBe(copyOf(places));
      expect(readFileSync(places.uwsBinary).equals(binary)).toBe(true);
      expect(readFileSync(copyOf(places)).equals(binary)).toBe(false);
      expect(readdirSync(places.state)).toEqual(['uws-1.2.3.node']);
    },
  );

  it.runIf(existsSync(installed.uwsBinary))(
    'fails, and keeps no copy, where the adapted copy does not load either',
    () => {
      const places = checkout({ binary: readFileSync(installed.uwsBinary) });
      expect(() => prepareUws(places, () => TOO_OLD)).toThrow(
        /does not load here .* use a system with glibc 2\.38 or newer/,
      );
      expect(readdirSync(places.state)).toEqual([]);
    },
  );

  it('fails at once where the reason is not the version of glibc', () => {
    const places = checkout();
    expect(() => prepareUws(places, () => 'file too short')).toThrow('does not load here (file too short)');
  });

  it('fails where the binary is not what it seems', () => {
    expect(() => prepareUws(checkout(), () => TOO_OLD)).toThrow('does not load here (the file is not ELF)');
  });
});

describe('uwsBinaryPath', () => {
  it('ignores a copy of another version', () => {
    const places = checkout({ version: '2.0.0' });
    mkdirSync(places.state);
    writeFileSync(copyOf(places, '1.2.3'), '');
    expect(uwsBinaryPath(places)).toBe(places.uwsBinary);
  });

  it('says what to do where nothing is installed', () => {
    expect(() => uwsBinaryPath(placesIn(emptyFolder()))).toThrow('run npm start once');
  });

  it.runIf(existsSync(installed.stamp))('names a module that this Node loads, once the set-up is done', () => {
    const native = createRequire(import.meta.url)(uwsBinaryPath()) as Record<string, unknown>;
    expect(native['App']).toBeTypeOf('function');
  });
});

describe('loadFailure', () => {
  it('gives the complaint of the loader', () => {
    const { uwsBinary } = checkout({ binary: 'not ELF' });
    expect(loadFailure(process.execPath, uwsBinary)).toMatch(/uws\.node/);
  });

  it('says so where Node itself cannot be started', () => {
    expect(loadFailure('/nowhere/node', 'x')).toContain('ENOENT');
  });
});
