import { describe, expect, test } from 'vitest';
import { BodyError, BytesSource } from '../../../src/http/body.ts';

describe('a source of bytes at hand', () => {
  test('gives at most what is asked for, and null at the end', () => {
    const source = new BytesSource(Buffer.from('abcde'));
    const parts = [source.read(2), source.read(2), source.read(99)].map((part) => Buffer.from(part ?? []).toString());
    expect(parts).toEqual(['ab', 'cd', 'e']);
    expect(source.read(1)).toBeNull();
    expect(source.read(1)).toBeNull();
  });

  test('is at its end at once when empty or cancelled', () => {
    expect(new BytesSource(new Uint8Array(0)).read(1)).toBeNull();
    const source = new BytesSource(Buffer.from('abc'));
    source.cancel();
    source.cancel();
    expect(source.read(1)).toBeNull();
  });
});

test('a body error says why', () => {
  expect(new BodyError('closed')).toMatchObject({ fault: 'closed', name: 'BodyError', message: 'the body broke off' });
  expect(new BodyError('too_large').message).toContain('cap');
});
