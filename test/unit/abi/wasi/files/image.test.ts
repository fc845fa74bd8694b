import { expect, test } from 'vitest';
import type { GrantedFolder } from '../../../../../src/capability/files.ts';
import { ERRNO } from '../../../../../src/abi/wasi/errno.ts';
import { imageOf, ImageVolume } from '../../../../../src/abi/wasi/files/image.ts';
import { mountsOf } from '../../../../../src/abi/wasi/files/mounts.ts';
import { FileNode } from '../../../../../src/abi/wasi/files/node.ts';

const BYTES = new SharedArrayBuffer(5);
new Uint8Array(BYTES).set(Buffer.from('alpha'));

const FOLDER: GrantedFolder = {
  guest: '/app',
  digest: 'd',
  madeMs: 1,
  bytes: BYTES,
  entries: [
    { kind: 'folder', path: 'sub' },
    { kind: 'file', path: 'sub/a', offset: 0, length: 2 },
    { kind: 'file', path: 'b', offset: 2, length: 3 },
  ],
};

const HOST = { hold: (): void => undefined, wallClockNs: (): bigint => 0n };

test('an image is made once for a grant, and shows its bytes without a copy', () => {
  const image = imageOf(FOLDER, 1);
  expect(imageOf(FOLDER, 1)).toBe(image);
  const file = image.root.get('b');
  if (!(file instanceof FileNode)) throw new Error('b is no file');
  expect(Buffer.from(file.content.read(1, 9)).toString()).toBe('ha');
  expect(file.content.read(0, 3).buffer).toBe(BYTES);
  expect(file.stat()).toMatchObject({ device: 1, links: 1, size: 3, mtimNs: 1_000_000n });
  expect([file.content.write(0, Buffer.from('x')), file.content.resize(0)]).toEqual([ERRNO.rofs, ERRNO.rofs]);
});

test('a grant that arrives on another thread shares its bytes', () => {
  expect(structuredClone(FOLDER).bytes).not.toBe(BYTES);
  new Uint8Array(structuredClone(FOLDER).bytes).set(Buffer.from('ALPHA'));
  expect(Buffer.from(new Uint8Array(BYTES)).toString()).toBe('ALPHA');
  new Uint8Array(BYTES).set(Buffer.from('alpha'));
});

test('an entry without its folder is a broken grant', () => {
  const entries = [{ kind: 'folder' as const, path: 'a/b' }];
  expect(() => new ImageVolume({ ...FOLDER, entries }, 1)).toThrow(TypeError);
});

test('every folder is a device of its own, and there is a scratch folder only where there is room', () => {
  const second = { ...FOLDER, guest: '/other' };
  const mounts = mountsOf({ folders: [FOLDER, second], scratchBytes: 4096 }, HOST);
  expect(mounts.map(({ path, root }) => [path, root.volume.device, root.volume.access])).toEqual([
    ['/app', 1, 'read'],
    ['/other', 2, 'read'],
    ['/tmp', 3, 'write'],
  ]);
  expect(mountsOf({ folders: [], scratchBytes: 0 }, HOST)).toEqual([]);
});
