import { describe, expect, test } from 'vitest';
import { HeaderList } from '../../../src/http/headers.ts';
import { MAX_FIELDS, MAX_HEAD_BYTES } from '../../../src/http/limits.ts';
import {
  HOST_FIELDS,
  bodyAllowed,
  checkFieldList,
  checkResponse,
  lengthAllowed,
} from '../../../src/http/response-rules.ts';

function withField(name: string, value: string): HeaderList {
  return HeaderList.from([
    ['content-type', 'text/plain'],
    [name, value],
  ]);
}

describe('status', () => {
  test.each([200, 204, 304, 404, 499, 599])('%d may be sent', (status) => {
    expect(checkResponse(status, new HeaderList())).toBeNull();
  });

  test.each([0, -1, 99, 100, 101, 103, 199, 600, 999, 1000, 200.5, Number.NaN, Number.POSITIVE_INFINITY, 4294967496])(
    '%d may not',
    (status) => expect(checkResponse(status, new HeaderList())).toMatchObject({ code: 'status' }),
  );
});

describe('response splitting is refused', () => {
  test.each(['a\r\nSet-Cookie: x=y', 'a\nb', 'a\rb', 'a\0b', '\r\n\r\n<html>', 'a\x7f', '\x1b[2J'])(
    'value %j',
    (value) => {
      expect(checkResponse(200, withField('x-any', value))).toMatchObject({ code: 'field_value' });
    },
  );

  test.each(['', 'a b', 'a:b', 'a\r\nb', 'a\n', 'é', '\u010A'])('name %j', (name) => {
    expect(checkResponse(200, withField(name, 'x'))).toMatchObject({ code: 'field_name' });
  });

  test('trailers are checked by the same rules', () => {
    expect(checkFieldList(withField('x', 'a\nb'))).toMatchObject({ code: 'field_value' });
    expect(checkFieldList(withField('x', 'a'))).toBeNull();
  });

  test('log injection: what the detail quotes is printable ASCII and short', () => {
    const fault = checkResponse(200, withField(`\x1b[31m\nroot\u2028é${'a'.repeat(5000)}`, 'x'));
    expect(fault?.detail).toMatch(/^[\x20-\x7e]{1,199}$/);
    expect(fault?.detail).toContain('\\u001b[31m\\nroot\\u2028\\u00e9');
  });
});

describe('caps', () => {
  test('as many fields as allowed, and one more', () => {
    const list = new HeaderList();
    for (let i = 0; i < MAX_FIELDS; i++) list.append('x', 'y');
    expect(checkResponse(200, list)).toBeNull();
    list.append('x', 'y');
    expect(checkResponse(200, list)).toMatchObject({ code: 'too_many_fields' });
  });

  test('as many bytes as allowed, and one more', () => {
    const room = MAX_HEAD_BYTES - 'x'.length - 4;
    expect(checkFieldList(HeaderList.from([['x', 'a'.repeat(room)]]))).toBeNull();
    expect(checkFieldList(HeaderList.from([['x', 'a'.repeat(room + 1)]]))).toMatchObject({ code: 'head_too_large' });
  });

  test('bytes are counted as UTF-8', () => {
    expect(checkFieldList(HeaderList.from([['x', '東'.repeat(30_000)]]))).toMatchObject({ code: 'head_too_large' });
  });

  test('many small fields count together', () => {
    const list = HeaderList.from(Array.from({ length: 150 }, () => ['x', 'a'.repeat(500)] as const));
    expect(checkFieldList(list)).toMatchObject({ code: 'head_too_large' });
  });
});

describe('content', () => {
  test.each<[string, number, boolean]>([
    ['GET', 200, true],
    ['POST', 500, true],
    ['OPTIONS', 205, false],
    ['GET', 206, true],
    ['HEAD', 200, false],
    ['HEAD', 404, false],
    ['GET', 204, false],
    ['GET', 304, false],
    ['GET', 103, false],
  ])('%s %d: %s', (method, status, allowed) => expect(bodyAllowed(method, status)).toBe(allowed));

  test('a length is never said for 1xx and 204', () => {
    expect([103, 204].map(lengthAllowed)).toEqual([false, false]);
    expect([200, 304, 404].map(lengthAllowed)).toEqual([true, true, true]);
  });

  test('framing belongs to the host, and stands in lower case', () => {
    for (const name of [
      'content-length',
      'transfer-encoding',
      'connection',
      'keep-alive',
      'trailer',
      'upgrade',
      'te',
      'proxy-connection',
    ]) {
      expect(HOST_FIELDS.has(name)).toBe(true);
    }
    expect([...HOST_FIELDS].every((name) => name === name.toLowerCase())).toBe(true);
    expect(HOST_FIELDS.has('date')).toBe(true);
  });

  test('host fields are no fault: they are left out', () => {
    expect(checkResponse(200, withField('Transfer-Encoding', 'chunked'))).toBeNull();
  });
});
