import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { readArchive, type ArchiveContent } from '../../../src/control/archive-read.ts';
import { ARCHIVE_LIMITS } from '../../../src/control/archive-limits.ts';
import { KerbError } from '../../../src/errors.ts';
import { gzipped, longName, paxEntry, paxRecord, tarEntry, tarGz, tarOf, type TarEntry } from './tar-bytes.ts';

const FILE: TarEntry = { name: 'a.txt', content: 'a' };

function texts({ files }: ArchiveContent): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));
}

async function refusal(bytes: Uint8Array<ArrayBuffer>): Promise<KerbError> {
  const error: unknown = await readArchive(bytes).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof KerbError) return error;
  throw new Error('not refused, or with another error', { cause: error });
}

describe('an archive', () => {
  it('is read into files and folders, each file in a buffer of its own', async () => {
    const content = await readArchive(
      tarGz({ name: 'app/', type: '5' }, { name: 'app/kerb.toml', content: 'x' }, { name: 'app/empty' }),
    );
    expect(texts(content)).toEqual({ 'app/kerb.toml': 'x', 'app/empty': '' });
    expect([...content.folders]).toEqual(['app']);
    expect(content.files.get('app/kerb.toml')?.buffer.byteLength).toBe(1);
  });

  it.each([
    [
      './ before every path',
      [
        { name: './', type: '5' },
        { name: './a.txt', content: 'a' },
      ],
    ],
    ['GNU magic', [{ ...FILE, magic: 'ustar  \0' }]],
    ['the type of old archives', [{ ...FILE, type: '\0' }]],
    ['sizes between spaces', [{ ...FILE, size: '         1 \0' }]],
    ['times and owners as attributes', [paxEntry([paxRecord('mtime', '1.5'), paxRecord('uid', '7')]), FILE]],
    ['extended attributes', [paxEntry([paxRecord('SCHILY.xattr.user.x', Buffer.from([0, 255, 10]))]), FILE]],
    ['a size as an attribute that says the same', [paxEntry([paxRecord('size', '1')]), FILE]],
    ['the comment of a commit for all files', [paxEntry([paxRecord('comment', 'abc')], 'g'), FILE]],
    ['a folder twice', [{ name: 'd', type: '5' }, { name: 'd/', type: '5' }, FILE]],
  ] satisfies [string, TarEntry[]][])('is taken with %s', async (_, entries) => {
    expect(texts(await readArchive(tarGz(...entries)))).toEqual({ 'a.txt': 'a' });
  });

  it.each([
    ['in the prefix', [{ name: 'b', prefix: 'x'.repeat(150), content: 'a' }], `${'x'.repeat(150)}/b`],
    ['as an attribute', [paxEntry([paxRecord('path', `é/${'x'.repeat(120)}`)]), FILE], `é/${'x'.repeat(120)}`],
    ['as an entry', [longName('y'.repeat(200)), { ...FILE, magic: 'ustar  \0' }], 'y'.repeat(200)],
    [
      'while the header has half a character of it',
      [paxEntry([paxRecord('path', 'né')]), { ...FILE, name: Uint8Array.of(0x6e, 0xc3) }],
      'né',
    ],
  ] satisfies [string, TarEntry[], string][])('has long names %s', async (_, entries, path) => {
    expect(texts(await readArchive(tarGz(...entries)))).toEqual({ [path]: 'a' });
  });

  it('is taken as other archivers write it', async () => {
    const name = `folder/${'ü'.repeat(100)}.txt`;
    const body = 'x'.repeat(70_000);
    const tar = await packTar([
      { header: { name: 'folder/', type: 'directory', size: 0 } },
      { header: { name, size: body.length, type: 'file' }, body },
    ]);
    expect(texts(await readArchive(gzipped(tar)))).toEqual({ [name]: body });
  });

  it('is filled up with zeros to any number of blocks, but not of bytes', async () => {
    expect(texts(await readArchive(gzipped(Buffer.concat([tarOf(FILE), Buffer.alloc(10_240)]))))).toEqual({
      'a.txt': 'a',
    });
    expect((await refusal(gzipped(Buffer.concat([tarOf(FILE), Buffer.alloc(1)])))).message).toMatch('cut off');
  });

  it('leaves the thread free while it is read', async () => {
    let turns = 0;
    let going = true;
    const turn = (): void => {
      turns++;
      if (going) setImmediate(turn);
    };
    turn();
    const content = Buffer.alloc(8 * 1024 * 1024, 'some text that does not compress to nothing at all ');
    await readArchive(tarGz({ name: 'large', content }));
    going = false;
    expect(turns).toBeGreaterThan(50);
  });
});

describe('a hostile archive', () => {
  it.each([
    ['a hard link', { ...FILE, type: '1' }, /"a.txt".*hard link.*only files and folders/],
    ['a symbolic link', { ...FILE, type: '2' }, /symbolic link/],
    ['a character device', { ...FILE, type: '3' }, /a device/],
    ['a block device', { ...FILE, type: '4' }, /a device/],
    ['a pipe', { ...FILE, type: '6' }, /a pipe/],
    ['a sparse file', { ...FILE, type: 'S' }, /sparse/],
    ['a volume label', { ...FILE, type: 'V' }, /volume/],
    ["GNU's long link", { ...FILE, type: 'K' }, /a link/],
    ['an unknown type', { ...FILE, type: '%' }, /unknown type/],
    ['an absolute path', { name: '/etc/passwd' }, /absolute path/],
    ['a drive', { name: 'C:x' }, /absolute path/],
    ['a way out', { name: 'a/../../b' }, /leads out/],
    ['a way out in the prefix', { name: 'b', prefix: '..' }, /leads out/],
    ['a backslash', { name: '..\\b' }, /"\\"/],
    ['a dot inside', { name: 'a/./b' }, /empty part or "\."/],
    ['an empty part', { name: 'a//b' }, /empty part/],
    ['a file named like a folder', { name: 'a/' }, /empty part/],
    ['no name', { name: '' }, /no name/],
    ['a name with a line break', { name: 'a\nb' }, /control characters/],
    ['a name with a NUL inside', { name: 'kerb.toml\0.txt' }, /NUL in its name/],
    ['a name that is not UTF-8', { name: Uint8Array.of(0x61, 0xff) }, /not UTF-8/],
    ['a folder with content', { name: 'a', type: '5', content: 'x' }, /folder with content/],
    ['a negative size', { ...FILE, size: '-0000000001' }, /no octal number/],
    ['a size in binary', { ...FILE, size: Buffer.from(`80${'00'.repeat(10)}01`, 'hex') }, /no octal number/],
    ['a negative size in binary', { ...FILE, size: Buffer.alloc(12, 0xff) }, /no octal number/],
    ['a size with two numbers', { ...FILE, size: '1 2' }, /no octal number/],
    ['a wrong checksum', { ...FILE, checksumError: 1 }, /a checksum is wrong/],
    ['no magic', { ...FILE, magic: '\0\0\0\0\0\0\0\0' }, /old kind of tar/],
    ['a mixed magic', { ...FILE, magic: 'ustar 00' }, /old kind of tar/],
  ] satisfies [string, TarEntry, RegExp][])('with %s is refused', async (_, entry, said) => {
    const error = await refusal(tarGz(entry));
    expect(error.code).toBe('bad_request');
    expect(error.message).toMatch(said);
    expect(error.message).toMatch(/^the archive [^\p{C}]{10,187}$/u);
  });

  it.each([
    ['a file twice', [FILE, FILE], /there twice/],
    ['names that differ in case', [FILE, { ...FILE, name: 'A.TXT' }], /case or accents/],
    ['folders that differ in case', [{ name: 'a/x' }, { name: 'A/y' }], /case or accents/],
    ['names that differ in composition', [{ name: 'é' }, { name: 'e\u0301' }], /case or accents/],
    ['full-width letters', [{ name: 'kerb.toml' }, { name: 'ｋerb.toml' }], /case or accents/],
    ['a file inside of a file', [{ name: 'a' }, { name: 'a/b' }], /both a file and a folder/],
    ['a file in place of a folder', [{ name: 'a/b' }, { name: 'a' }], /both a file and a folder/],
    ['a folder in place of a file', [{ name: 'a' }, { name: 'a', type: '5' }], /both a file and a folder/],
    ['another size as an attribute', [paxEntry([paxRecord('size', '0')]), FILE], /two sizes/],
    ['attributes twice', [paxEntry([]), paxEntry([]), FILE], /describes an entry twice/],
    ['two long names', [longName('a'), longName('b'), FILE], /describes an entry twice/],
    ['a long name and attributes', [longName('a'), paxEntry([]), FILE], /describes an entry twice/],
    ['attributes of nothing', [FILE, paxEntry([])], /entry that is not there/],
    ['a way out as an attribute', [paxEntry([paxRecord('path', '../b')]), FILE], /leads out/],
    ['a way out as a long name', [longName('/etc/passwd'), FILE], /absolute path/],
    ['a NUL in an attribute', [paxEntry([paxRecord('path', 'a\0b')]), FILE], /control characters/],
    ['one path for all files', [paxEntry([paxRecord('path', 'b')], 'g'), FILE], /one path for all/],
    ['one size for all files', [paxEntry([paxRecord('size', '1')], 'g'), FILE], /one size for all/],
    ['a link as an attribute', [paxEntry([paxRecord('linkpath', '/etc')]), FILE], /has a link/],
    ['a sparse file as attributes', [paxEntry([paxRecord('GNU.sparse.major', '1')]), FILE], /sparse file/],
  ] satisfies [string, TarEntry[], RegExp][])('with %s is refused', async (_, entries, said) => {
    const error = await refusal(tarGz(...entries));
    expect([error.code, error.message]).toEqual(['bad_request', expect.stringMatching(said)]);
  });

  it.each([
    ['nothing inside', Buffer.alloc(0), /cut off/],
    ['one block of zeros only', Buffer.alloc(512), /cut off/],
    ['no end mark', tarEntry(FILE), /cut off/],
    ['half an end mark', Buffer.concat([tarEntry(FILE), Buffer.alloc(512)]), /cut off/],
    ['half a header', tarEntry(FILE).subarray(0, 300), /cut off/],
    ['half its content', tarEntry({ ...FILE, content: 'x'.repeat(900) }).subarray(0, 1_000), /cut off/],
    ['a content without padding', tarEntry(FILE).subarray(0, 513), /cut off/],
    ['a second archive', Buffer.concat([tarOf(FILE), tarOf(FILE)]), /behind its end mark/],
    ['a text in place of a tar', Buffer.alloc(1_024, 'text'), /no tar archive/],
  ])('with %s is refused', async (_, tar, said) => {
    const error = await refusal(gzipped(tar));
    expect([error.code, error.message]).toEqual(['bad_request', expect.stringMatching(said)]);
  });
});

describe('the limits of an archive', () => {
  it('refuse a size that is declared before anything is set aside for it', async () => {
    const error = await refusal(tarGz({ name: 'a', size: '77777777777' }));
    expect([error.code, error.message]).toEqual(['too_large', expect.stringMatching(/8589934591 bytes; pack only/)]);
  });

  it('count contents together', async () => {
    const half = (ARCHIVE_LIMITS.bytes / 2 + 512).toString(8);
    const content = Buffer.alloc(ARCHIVE_LIMITS.bytes / 2 + 512);
    for (let at = 0; at < content.length; at += 2_048) content.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at);
    const error = await refusal(tarGz({ name: 'a', content }, { name: 'b', size: half }));
    expect([error.code, error.message]).toEqual(['too_large', expect.stringMatching(/over 67108864 bytes/)]);
  });

  it('count entries, also empty ones and folders', async () => {
    const many = Array.from({ length: ARCHIVE_LIMITS.entries }, (_, at) => ({
      name: `f${at}`,
      type: at % 2 ? '5' : '0',
    }));
    expect((await readArchive(tarGz(...many))).files.size).toBe(ARCHIVE_LIMITS.entries / 2);
    const error = await refusal(tarGz(...many, FILE));
    expect([error.code, error.message]).toEqual(['too_large', expect.stringMatching(/more than 10000 files/)]);
  });

  it('count headers that are no entries', async () => {
    const block = tarEntry(paxEntry([], 'g'));
    const error = await refusal(tarGz(Buffer.concat(Array.from({ length: ARCHIVE_LIMITS.headers + 1 }, () => block))));
    expect([error.code, error.message]).toEqual(['too_large', expect.stringMatching(/more than 25000 headers/)]);
  });

  it('hold for attributes, one by one and together', async () => {
    const record = paxRecord('comment', 'x'.repeat(ARCHIVE_LIMITS.attributeBytes - 20));
    expect((await readArchive(tarGz(paxEntry([record]), FILE))).files.size).toBe(1);
    const one = await refusal(tarGz(paxEntry([record, paxRecord('b', 'x'.repeat(20))]), FILE));
    expect([one.code, one.message]).toEqual(['too_large', expect.stringMatching(/over 16384 bytes/)]);
    const all = Array.from({ length: 260 }, () => paxEntry([record], 'g'));
    expect((await refusal(tarGz(...all))).message).toMatch(/bytes of attributes/);
  });

  it('hold for the length and the depth of a path', async () => {
    const longest = 'x'.repeat(ARCHIVE_LIMITS.pathBytes);
    expect((await readArchive(tarGz(longName(longest), FILE))).files.has(longest)).toBe(true);
    expect((await refusal(tarGz(longName(`${longest}x`), FILE))).message).toMatch(/more than 255 bytes/);
    expect((await refusal(tarGz(longName('é'.repeat(128)), FILE))).message).toMatch(/more than 255 bytes/);
    expect((await refusal(tarGz(longName('x'.repeat(5_000)), FILE))).code).toBe('too_large');
    expect((await refusal(tarGz({ name: 'a/'.repeat(16) + 'b' }))).message).toMatch(/more than 16 folders deep/);
  });
});
