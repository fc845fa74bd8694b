import { describe, expect, test } from 'vitest';
import { headSizeFault } from '../../../src/http/head-size.ts';
import { HeaderList } from '../../../src/http/headers.ts';
import { MAX_FIELDS, MAX_HEAD_BYTES } from '../../../src/http/limits.ts';

function fields(count: number): HeaderList {
  return HeaderList.from(Array.from({ length: count }, (_, n) => [`x-${n % 3}`, ''] as const));
}

/** One field that takes so many bytes with its name and its punctuation. */
function taking(bytes: number, character = 'a'): HeaderList {
  const valueBytes = bytes - 'x'.length - 4;
  return HeaderList.from([['x', character.repeat(valueBytes / Buffer.byteLength(character))]]);
}

describe('a head', () => {
  test('may be empty', () => expect(headSizeFault(new HeaderList())).toBeNull());

  test('may have so many fields, repeated names counted each, and no more', () => {
    expect(headSizeFault(fields(MAX_FIELDS))).toBeNull();
    expect(headSizeFault(fields(MAX_FIELDS + 1))).toEqual({
      code: 'too_many_fields',
      detail: `${MAX_FIELDS + 1} fields are more than ${MAX_FIELDS}`,
    });
  });

  test('may take so many bytes, and no more', () => {
    expect(headSizeFault(taking(MAX_HEAD_BYTES))).toBeNull();
    expect(headSizeFault(taking(MAX_HEAD_BYTES + 1))).toEqual({
      code: 'head_too_large',
      detail: `the fields take ${MAX_HEAD_BYTES + 1} bytes, more than ${MAX_HEAD_BYTES}`,
    });
  });

  test('is counted in bytes of UTF-8', () => {
    const bytes = MAX_HEAD_BYTES + 1;
    expect(headSizeFault(taking(bytes, '\u00fc'))).toMatchObject({ code: 'head_too_large' });
    expect(headSizeFault(taking(bytes - 2, '\u00fc'))).toBeNull();
  });

  test('counts the punctuation of each field', () => {
    const many = fields(MAX_FIELDS - 1);
    const others = (MAX_FIELDS - 1) * ('x-0'.length + 4);
    many.append('x', 'a'.repeat(MAX_HEAD_BYTES - others - 'x'.length - 4));
    expect(headSizeFault(many)).toBeNull();
    many.set('x', `${many.get('x') ?? ''}a`);
    expect(headSizeFault(many)).toMatchObject({ code: 'head_too_large' });
  });
});
