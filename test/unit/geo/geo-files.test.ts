import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Databases } from '../../../src/geo/databases.ts';
import { GeoFiles } from '../../../src/geo/geo-files.ts';
import { MAX_DATABASES } from '../../../src/geo/limits.ts';
import { mmdb } from './mmdb.ts';

let folder: string;
let path: string;
const said: string[] = [];
const events = { report: (level: string, message: string) => void said.push(`${level} ${message}`) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kerb-geo-'));
  path = join(folder, 'city.mmdb');
  said.length = 0;
  await writeFile(path, of('London'));
});
afterEach(() => rm(folder, { recursive: true }));

function of(city: string): Buffer {
  return mmdb({ networks: { '192.0.2.0/24': { city: { names: { en: city } } } }, type: 'Test-City' });
}

/** Files that are followed, and where they say that an address is. */
async function followed(): Promise<{ files: GeoFiles; city: () => unknown }> {
  const files = await GeoFiles.open([path], events);
  const databases = new Databases();
  files.follow((bytes) => databases.use(bytes));
  const city = (): unknown => {
    const answer = databases.lookup('192.0.2.1');
    return answer.kind === 'place' ? answer.place.city : answer.kind;
  };
  return { files, city };
}

describe('a file', () => {
  it('is in use from the start, and the log says which', async () => {
    const { files, city } = await followed();
    expect(city()).toBe('London');
    expect(said).toEqual([
      expect.stringMatching(/^info .*city\.mmdb: Test-City of 2023-11-14, IPv6, \d+ bytes, is in use$/),
    ]);
    files.close();
  });

  it('that is replaced is used when it was checked', async () => {
    const { files, city } = await followed();
    await writeFile(join(folder, 'new'), of('Paris'));
    await rename(join(folder, 'new'), path);
    await files.look();
    expect(city()).toBe('Paris');
    files.close();
  });

  it('that is replaced by a bad one stays in use, which is said once', async () => {
    const { files, city } = await followed();
    await writeFile(path, of('Paris').subarray(0, 400));
    for (let again = 0; again < 3; again++) await files.look();
    expect(city()).toBe('London');
    expect(said.slice(1)).toEqual([expect.stringMatching(/^warn .*: not used, the one before stays: it is no usable/)]);
    await writeFile(path, of('Rome'));
    await files.look();
    expect(city()).toBe('Rome');
    files.close();
  });

  it('that goes away stays in use until there is another', async () => {
    const { files, city } = await followed();
    await rm(path);
    await files.look();
    await files.look();
    expect([city(), said.length]).toEqual(['London', 2]);
    await writeFile(path, of('Oslo'));
    await files.look();
    expect(city()).toBe('Oslo');
    files.close();
  });

  it('that stays as it is is not read again', async () => {
    const { files } = await followed();
    await files.look();
    expect(said).toHaveLength(1);
    files.close();
  });
});

describe('at the start', () => {
  it.each([
    ['is missing', () => join(folder, 'none'), 'ENOENT'],
    ['is a folder', () => folder, 'EISDIR'],
    ['is no database', () => new URL(import.meta.url).pathname, 'no usable address database'],
  ])('a file that %s is refused', async (_, of_, why) => {
    await expect(GeoFiles.open([path, of_()], events)).rejects.toMatchObject({
      code: 'bad_config',
      message: expect.stringContaining(why) as string,
    });
  });

  it('too many are refused', async () => {
    const paths = Array.from({ length: MAX_DATABASES + 1 }, () => path);
    await expect(GeoFiles.open(paths, events)).rejects.toMatchObject({ code: 'bad_config' });
  });

  it('none is nothing', async () => {
    const files = await GeoFiles.open([], events);
    files.follow(() => expect.unreachable());
    await files.look();
    files.close();
  });
});
