import { describe, expect, it } from 'vitest';
import { requireGzip, requireModule } from '../../../src/control/upload-looks.ts';
import { KerbError } from '../../../src/errors.ts';
import { URI_GUEST } from '../../guests.ts';
import { tarGz, tarOf } from './tar-bytes.ts';

function refusal(run: () => void): KerbError {
  try {
    run();
  } catch (error) {
    if (error instanceof KerbError) return error;
    throw error;
  }
  throw new Error('not refused');
}

const binary = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('bytes that should be a module', () => {
  it('may be one, valid or not', () => {
    expect(() => requireModule(URI_GUEST, 'the upload')).not.toThrow();
    expect(() => requireModule(binary('\0asm\x01\0\0\0garbage'), 'the upload')).not.toThrow();
  });

  it.each([
    ['nothing', binary(''), /empty; send the file/],
    ['the beginning of one', binary('\0asm\x01'), /cut off; send the whole/],
    ['a component', binary('\0asm\x0d\0\x01\0'), /a component; build a core module \(wasm32-wasip1/],
    ['a future version', binary('\0asm\x02\0\0\0'), /of version 2; build it for version 1/],
    ['gzip', tarGz({ name: 'a' }), /gzip archive; send it as application\/gzip/],
    ['tar', tarOf({ name: 'a' }), /tar archive that is not compressed/],
    ['zip', binary('PK\x03\x04....'), /zip archive; pack the folder with tar/],
    ['zstd', binary('\x28\xb5\x2f\xfd'), /zstd/],
    ['a program of Linux', binary('\x7fELF\x02\x01'), /Linux program; build the app for a wasm32 target/],
    ['text form', Buffer.from(' ;; hello\n(; a\nb ;) (module (func))'), /text; assemble it first, e.g. with wat2wasm/],
    ['a component in text form', Buffer.from('(component)'), /component in text form/],
    ['a page', Buffer.from('\n<!DOCTYPE html><html>'), /HTML or XML page/],
    ['a pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
    ['base64', Buffer.from('AGFzbQEAAAA='), /base64/],
    ['JSON', Buffer.from('{"wasm": 1}'), /JSON/],
    ['text of any language', Buffer.from('héllo 世界\n'.repeat(100)), /is text; send a .wasm/],
    ['anything', binary('\x01\x02\x03\x04\x05'), /unknown kind \(it begins with 0x01020304\)/],
  ])('and are %s are refused with what they are', (_, bytes, said) => {
    const error = refusal(() => requireModule(bytes, 'main "a.wasm"'));
    expect([error.code, error.message]).toEqual(['bad_module', expect.stringMatching(said)]);
    expect(error.message).toMatch(/^main "a.wasm" is no WebAssembly module: it is [^\p{C}]{10,150}$/u);
  });

  it('are looked at where they lie in a larger buffer', () => {
    const larger = Buffer.concat([binary('xxx'), URI_GUEST]);
    expect(() => requireModule(larger.subarray(3), 'the upload')).not.toThrow();
  });

  it('take no time that grows faster than they do', () => {
    const comments = Buffer.from('(;;)'.repeat(64));
    const startMs = performance.now();
    expect(refusal(() => requireModule(comments, 'x')).code).toBe('bad_module');
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});

describe('bytes that should be gzip', () => {
  it('may be it', () => {
    expect(() => requireGzip(Uint8Array.of(0x1f, 0x8b))).not.toThrow();
  });

  it.each([
    ['a module', URI_GUEST, /a WebAssembly module; send it as application\/wasm/],
    ['tar', tarOf({ name: 'a' }), /not compressed/],
    ['zip', binary('PK\x03\x04'), /zip archive/],
    ['nothing', binary(''), /empty/],
    ['half of it', Uint8Array.of(0x1f), /unknown kind/],
  ])('and are %s are refused with what they are', (_, bytes, said) => {
    const error = refusal(() => requireGzip(bytes));
    expect([error.code, error.message]).toEqual(['bad_request', expect.stringMatching(said)]);
  });
});
