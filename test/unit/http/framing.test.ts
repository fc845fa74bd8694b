import { describe, expect, test } from 'vitest';
import { announcesBody, declaredLength, parseContentLength } from '../../../src/http/framing.ts';
import { HeaderList } from '../../../src/http/headers.ts';

describe('Content-Length', () => {
  test.each<[string, number]>([
    ['0', 0],
    ['42', 42],
    ['0000000000000042', 42],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is %d', (text, length) => expect(parseContentLength(text)).toBe(length));

  test.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1,1',
    '0x1',
    '1e3',
    '1.0',
    '１',
    '9007199254740992',
    '9999999999999999',
    '00000000000000042',
    'NaN',
  ])('%j is none', (text) => expect(parseContentLength(text)).toBeNull());
});

describe('a head', () => {
  test('declares its one valid length', () => {
    expect(declaredLength(HeaderList.from([['Content-Length', '7']]))).toBe(7);
    expect(declaredLength(new HeaderList())).toBeNull();
    expect(declaredLength(HeaderList.from([['content-length', 'x']]))).toBeNull();
  });

  test('that declares two lengths declares none, even when they agree', () => {
    expect(
      declaredLength(
        HeaderList.from([
          ['content-length', '7'],
          ['Content-Length', '7'],
        ]),
      ),
    ).toBeNull();
  });

  test('announces a body by chunks or a length above zero', () => {
    expect(announcesBody(HeaderList.from([['transfer-encoding', 'chunked']]))).toBe(true);
    expect(announcesBody(HeaderList.from([['content-length', '1']]))).toBe(true);
    expect(announcesBody(HeaderList.from([['content-length', '0']]))).toBe(false);
    expect(announcesBody(new HeaderList())).toBe(false);
  });
});
